//! The tables: what both sides know of the methods, and what runs when they are called.
//!
//! A method is known by its place in the table. Where some of them come and go with a `cfg`, only the
//! compiler knows the places; then an enum counts them, whose variants come and go in the same way.

use proc_macro2::{Span, TokenStream};
use syn::Ident;
use syn::ext::IdentExt;

use super::interface::{Answering, Exported, Interface, Receiver};
use crate::carried::Carried;
use crate::wire;

/// How functions are named by number.
pub(super) struct Numbers {
    enumeration: Option<Ident>,
}

impl Numbers {
    /// For the methods of an interface, and `extra` ones after them.
    pub(super) fn of_methods(interface: &Interface) -> Self {
        Self::new(
            "__Method",
            interface.methods.iter().map(|method| &method.carried),
        )
    }

    pub(super) fn new<'a>(name: &str, mut carried: impl Iterator<Item = &'a Carried>) -> Self {
        let conditional = carried.any(|carried| !carried.cfg.is_empty());
        Self {
            enumeration: conditional.then(|| Ident::new(name, Span::mixed_site())),
        }
    }

    pub(super) fn of(&self, index: usize, method: &Exported) -> TokenStream {
        self.named(index, method.function())
    }

    /// The number of the function with this place among those that were written.
    pub(super) fn named(&self, index: usize, function: &Ident) -> TokenStream {
        if let Some(enumeration) = &self.enumeration {
            return generated!(#enumeration::#function as u32);
        }
        let index = proc_macro2::Literal::usize_unsuffixed(index);
        generated!(#index)
    }

    /// The enum, if there is one.
    pub(super) fn declared<'a>(
        &self,
        functions: impl Iterator<Item = (&'a Carried, &'a Ident)>,
    ) -> TokenStream {
        let Some(name) = &self.enumeration else {
            return TokenStream::new();
        };
        let variants =
            functions.map(|(Carried { cfg, .. }, function)| generated!(#(#cfg)* #function));
        generated! {
            #[allow(non_camel_case_types)]
            enum #name { #(#variants),* }
        }
    }
}

/// The function that gives the interface, with these rows of constructors, and of methods after its own.
pub(super) fn interface_function(
    interface: &Interface,
    constructors: &[TokenStream],
    extra: &[TokenStream],
) -> TokenStream {
    let Interface {
        object,
        name,
        version,
        methods,
        ..
    } = interface;
    let name = name.as_ref().map(|name| generated!(name: || #name,));
    let version = (*version > 0).then(|| generated!(version: #version,));
    let constructors =
        (!constructors.is_empty()).then(|| generated!(constructors: &[#(#constructors),*],));
    let methods = methods.iter().map(known);
    generated! {
        fn interface() -> &'static __rt::Interface {
            const {
                &__rt::Interface {
                    #name
                    #version
                    #constructors
                    methods: &[#(#methods,)* #(#extra),*],
                    ..__rt::Interface::of::<#object>()
                }
            }
        }
    }
}

/// What callers know of a method.
fn known(method: &Exported) -> TokenStream {
    let Exported {
        name,
        carried,
        arguments,
        answer,
        timeout,
        ..
    } = method;
    let (cfg, name) = (&carried.cfg, name.unraw().to_string());
    let read_back = match answer {
        Answering::OfType(answer) => wire::read_back(answer),
        Answering::OfTrait { ok, err } => wire::read_back_result(ok, err),
    };
    let shapes = wire::shapes(arguments, &read_back);
    let timeout = timeout.map(|timeout| {
        let (seconds, nanos) = (timeout.as_secs(), timeout.subsec_nanos());
        generated!(.within(::core::time::Duration::new(#seconds, #nanos)))
    });
    let awaited = is_async(method).then(|| generated!(.awaited()));
    generated!(#(#cfg)* __rt::Method::new(#name, #shapes)#timeout #awaited)
}

/// What runs when a method is called: the function of this name at `path`. `alone` says that it needs the object alone, whatever it takes.
pub(super) fn run(method: &Exported, path: &TokenStream, alone: bool) -> TokenStream {
    let Exported {
        signature,
        carried,
        receiver,
        arguments,
        answer,
        ..
    } = method;
    let cfg = &carried.cfg;
    let function = &signature.ident;
    let (received, passed) = (wire::received(arguments), wire::passed(arguments));
    let (encode, answered) = match answer {
        Answering::OfType(answer) => (wire::encode(answer), wire::answered(answer)),
        Answering::OfTrait { ok, err } => {
            let (ok, err) = (wire::reply_type(ok), wire::reply_type(err));
            let answered = generated!(::core::result::Result<#ok, #err>);
            (generated!(encode), answered)
        }
    };
    let (run, taken) = match (receiver, alone) {
        (Receiver::Shared, false) => (generated!(Shared), generated!(object)),
        _ => (generated!(Exclusive), generated!(object_mut)),
    };
    let called = generated!(#path::#function(__rt::#taken(object)?, #(#passed),*));
    let called = awaited(is_async(method), &called);
    generated! {
        #(#cfg)*
        __rt::Run::#run(|object, arguments| {
            #received
            __rt::#encode::<#answered>(&#called)
        })
    }
}

fn is_async(method: &Exported) -> bool {
    method.signature.asyncness.is_some()
}

/// The value of a call, which an executor finds if the function is async.
pub(super) fn awaited(is_async: bool, called: &TokenStream) -> TokenStream {
    if is_async {
        generated!(__rt::block_on(#called))
    } else {
        called.clone()
    }
}

/// Registers what functions of this name return, one for each of the types.
pub(super) fn registrations(
    slice: &str,
    returned: &str,
    functions: impl Iterator<Item = TokenStream>,
) -> TokenStream {
    let (slice, returned) = (
        Ident::new(slice, Span::mixed_site()),
        Ident::new(returned, Span::mixed_site()),
    );
    let all = functions.enumerate().map(|(number, function)| {
        let entry = quote::format_ident!("__ENTRY_{number}", span = Span::mixed_site());
        generated! {
            #[__rt::linkme::distributed_slice(__rt::#slice)]
            #[linkme(crate = __rt::linkme)]
            static #entry: fn() -> &'static __rt::#returned = #function;
        }
    });
    all.collect()
}
