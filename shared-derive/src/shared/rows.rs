//! The server's side of what is written: the table with a row for each constructor and method, and
//! its registration.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;

use super::interface::{Constructor, Exported, Interface, Receiver};
use crate::wire;

pub(super) fn table(interface: &Interface) -> TokenStream {
    let Interface {
        runtime,
        self_type,
        name,
        ..
    } = interface;
    let default = generated!(::core::any::type_name::<#self_type>);
    let name = name.as_ref().map_or(default, |name| generated!(|| #name));
    let constructors = interface
        .constructors
        .iter()
        .map(|constructor| constructor_row(interface, constructor));
    let methods = interface
        .methods
        .iter()
        .map(|method| method_row(interface, method));
    generated! {
        static __INTERFACE: #runtime::__private::Interface = #runtime::__private::Interface {
            name: #name,
            constructors: &[#(#constructors),*],
            methods: &[#(#methods),*],
        };
    }
}

fn constructor_row(interface: &Interface, constructor: &Constructor) -> TokenStream {
    let Interface {
        runtime, self_type, ..
    } = interface;
    let Constructor {
        function,
        name,
        sibling: _,
        vis: _,
        carried,
        arguments,
        made,
    } = constructor;
    let (cfg, name) = (&carried.cfg, name.unraw().to_string());
    let (received, passed) = (
        wire::received(runtime, arguments),
        wire::passed(runtime, arguments),
    );
    let handle = match (made.hosted, &made.error) {
        (true, _) => generated!(made),
        (false, None) => generated!(__HOST(made)),
        (false, Some(_)) => generated!(made.map(__HOST)),
    };
    let answered = match &made.error {
        None => generated!(#runtime::Shared<#self_type>),
        Some(error) => {
            let error = wire::checked(runtime, "Reply", error);
            generated!(::core::result::Result<#runtime::Shared<#self_type>, #error>)
        }
    };
    let written = match &made.error {
        None => generated!(Self),
        Some(error) => generated!(Result<Self, #error>),
    };
    let signature = wire::signature("", arguments, &written);
    generated! {
        #(#cfg)*
        #runtime::__private::Constructor {
            name: #name,
            signature: #signature,
            run: |arguments| {
                let arguments = arguments.decode::<#received>()?;
                let made = <#self_type>::#function(#passed);
                #runtime::__private::encode::<#answered>(&#handle)
            },
        }
    }
}

fn method_row(interface: &Interface, method: &Exported) -> TokenStream {
    let Interface {
        runtime, self_type, ..
    } = interface;
    let Exported {
        function,
        name,
        vis: _,
        carried,
        receiver,
        arguments,
        answer,
    } = method;
    let (cfg, name) = (&carried.cfg, name.unraw().to_string());
    let (received, passed) = (
        wire::received(runtime, arguments),
        wire::passed(runtime, arguments),
    );
    let answered = wire::answered(runtime, answer);
    let (run, object, taken) = match receiver {
        Receiver::Shared => (generated!(Shared), generated!(object), "&self"),
        Receiver::Exclusive => (generated!(Exclusive), generated!(object_mut), "&mut self"),
    };
    let signature = wire::signature(taken, arguments, &wire::answer_as_written(answer));
    generated! {
        #(#cfg)*
        #runtime::__private::Method {
            name: #name,
            signature: #signature,
            run: #runtime::__private::Run::#run(|object, arguments| {
                let object = #runtime::__private::#object::<#self_type>(object)?;
                let arguments = arguments.decode::<#received>()?;
                let answer = <#self_type>::#function(object, #passed);
                #runtime::__private::encode::<#answered>(&answer)
            }),
        }
    }
}

pub(super) fn registration(interface: &Interface) -> TokenStream {
    let runtime = &interface.runtime;
    generated! {
        #[#runtime::__private::linkme::distributed_slice(#runtime::__private::INTERFACES)]
        #[linkme(crate = #runtime::__private::linkme)]
        static __ENTRY: &'static #runtime::__private::Interface = &__INTERFACE;
    }
}
