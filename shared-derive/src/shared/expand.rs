//! What is written beside the user's impl: the types to call through, the constructors' siblings,
//! the table of rows, the registration. Everything that users do not name stands in a `const _`. Checks nothing.
//!
//! Methods and constructors are numbered by enums whose variants carry the same `cfg` as the rows,
//! so that a number always names its own row.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

use super::faces::Face;
use super::interface::{Constructor, Interface};
use super::rows;
use crate::carried::Carried;
use crate::wire;

/// Everything that stands beside the user's impl.
pub(crate) fn expand(interface: &Interface) -> TokenStream {
    let Carried { cfg, lints, .. } = &interface.carried;
    let faces = [Face::Proxy, Face::Calls].map(|face| face.declared(interface));
    let parts = [
        numbers(interface),
        siblings(interface),
        Face::Proxy.methods(interface),
        Face::Calls.methods(interface),
        host(interface),
        trait_impls(interface),
        rows::table(interface),
        rows::registration(interface),
    ];
    generated! {
        #(#faces)*

        #(#cfg)*
        #(#lints)*
        #[allow(deprecated, dead_code, private_interfaces, unreachable_pub, clippy::all, clippy::pedantic)]
        const _: () = {
            #(#parts)*
        };
    }
}

fn numbers(interface: &Interface) -> TokenStream {
    let constructors = interface
        .constructors
        .iter()
        .map(|constructor| (&constructor.carried, &constructor.function));
    let methods = interface
        .methods
        .iter()
        .map(|method| (&method.carried, &method.function));
    let constructors = numbering("__Constructor", constructors);
    let methods = numbering("__Method", methods);
    generated!(#constructors #methods)
}

fn numbering<'a>(
    name: &str,
    functions: impl ExactSizeIterator<Item = (&'a Carried, &'a Ident)>,
) -> TokenStream {
    if functions.len() == 0 {
        return TokenStream::new();
    }
    let name = Ident::new(name, Span::mixed_site());
    let variants = functions.map(|(Carried { cfg, .. }, function)| generated!(#(#cfg)* #function));
    generated! {
        #[allow(non_camel_case_types)]
        enum #name { #(#variants),* }
    }
}

fn siblings(interface: &Interface) -> TokenStream {
    if interface.constructors.is_empty() {
        return TokenStream::new();
    }
    let self_type = &interface.self_type;
    let siblings = interface
        .constructors
        .iter()
        .map(|constructor| sibling(interface, constructor));
    generated! {
        impl #self_type {
            #(#siblings)*
        }
    }
}

fn sibling(interface: &Interface, constructor: &Constructor) -> TokenStream {
    let Interface {
        runtime, self_type, ..
    } = interface;
    let Constructor {
        function,
        name: _,
        sibling,
        vis,
        carried,
        arguments,
        made: _,
    } = constructor;
    let doc = format!(
        " Makes the object as [`{0}`](Self::{0}) does, in the process behind `server`, and \
             returns its handle.",
        function.unraw()
    );
    let Carried {
        cfg,
        docs: _,
        notices,
        lints,
    } = carried;
    let parameters = wire::parameters(arguments);
    let (returned, sent) = (
        handed_out(interface, constructor, false),
        wire::sent(runtime, arguments),
    );
    let checked = handed_out(interface, constructor, true);
    let sent_type = wire::sent_type(runtime, arguments);
    generated! {
        #[doc = #doc]
        #(#cfg)*
        #(#notices)*
        #(#lints)*
        #vis fn #sibling(server: &#runtime::ServerHandle, #parameters) -> #returned {
            let constructor = __Constructor::#function as u32;
            #runtime::__private::create::<#self_type, #sent_type, #checked>(server, constructor, &#sent)
        }
    }
}

/// What the sibling of a constructor returns; `checked` as its body names it.
fn handed_out(interface: &Interface, constructor: &Constructor, checked: bool) -> TokenStream {
    let Interface {
        runtime, self_type, ..
    } = interface;
    let handle = generated!(#runtime::Shared<#self_type>);
    let Some(error) = &constructor.made.error else {
        return generated!(::core::result::Result<#handle, #runtime::Error>);
    };
    let error = if checked {
        wire::checked(runtime, "Reply", error)
    } else {
        quote!(#error)
    };
    generated!(::core::result::Result<#handle, #runtime::CallError<#error>>)
}

/// Naming this function for the user's type is the check that the type may be hosted at all,
/// wherever it comes to be.
fn host(interface: &Interface) -> TokenStream {
    let Interface {
        runtime, self_type, ..
    } = interface;
    generated! {
        const __HOST: fn(#self_type) -> #runtime::Shared<#self_type> = #runtime::__private::host::<#self_type>;
    }
}

fn trait_impls(interface: &Interface) -> TokenStream {
    let Interface {
        runtime,
        self_type,
        proxy,
        calls,
        ..
    } = interface;
    generated! {
        impl #runtime::Shareable for #self_type {
            type Proxy = #proxy;
            type Calls = #calls;

            fn interface() -> &'static #runtime::__private::Interface {
                &__INTERFACE
            }
        }

        impl #runtime::__private::Proxy for #proxy {
            fn from_target(target: #runtime::__private::Target) -> Self {
                Self { target }
            }

            fn target(&self) -> &#runtime::__private::Target {
                &self.target
            }
        }

        impl #runtime::__private::Calls for #calls {
            fn from_target(target: #runtime::__private::Target) -> Self {
                Self { target }
            }
        }
    }
}
