//! The two types that users call through: the proxy, whose methods make calls, and the calls type,
//! whose methods of the same names return them unmade.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

use super::generics::{declared, marker};
use super::interface::{Answering, Exported, Interface};
use super::rows::Numbers;
use crate::carried::Carried;
use crate::types::readable;
use crate::wire;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Face {
    Proxy,
    Calls,
}

impl Face {
    /// The public type, which the user can name.
    pub(super) fn declared(self, interface: &Interface) -> TokenStream {
        let Interface {
            runtime,
            object,
            generics,
            vis,
            carried,
            ..
        } = interface;
        let (name, object) = (self.name(interface), readable(object));
        let doc = match self {
            Self::Proxy => format!(
                " What can be called on a `Shared<{object}>`, in whichever process the object lives."
            ),
            Self::Calls => format!(
                " The methods of a `Shared<{object}>` as calls that are not made at once: what \
                 `Shared::calls` returns."
            ),
        };
        let Carried {
            cfg,
            docs: _,
            notices,
            lints,
        } = carried;
        let parameters = declared(generics);
        let marker = marker(generics).map(|marker| generated!(, #marker));
        generated! {
            #[doc = #doc]
            #(#cfg)*
            #(#notices)*
            #(#lints)*
            #[allow(dead_code, non_camel_case_types, unreachable_pub)]
            #[derive(::core::fmt::Debug)]
            #vis struct #name #parameters(#runtime::__private::Target #marker);
        }
    }

    /// How the type is made of a target.
    pub(super) fn made(self, interface: &Interface) -> TokenStream {
        let name = self.name(interface);
        let marker = marker(&interface.generics).map(|_| generated!(, ::core::marker::PhantomData));
        generated!(#name(target #marker))
    }

    /// The type with its parameters.
    pub(super) fn path(self, interface: &Interface) -> TokenStream {
        let name = self.name(interface);
        let (_, parameters, _) = interface.generics.split_for_impl();
        generated!(#name #parameters)
    }

    pub(super) fn methods(self, interface: &Interface, numbers: &Numbers) -> TokenStream {
        let (parameters, _, clause) = interface.generics.split_for_impl();
        let path = self.path(interface);
        let methods = interface
            .methods
            .iter()
            .enumerate()
            .map(|(index, method)| self.method(interface, method, &numbers.of(index, method)));
        generated! {
            impl #parameters #path #clause {
                #(#methods)*
            }
        }
    }

    fn method(self, interface: &Interface, method: &Exported, number: &TokenStream) -> TokenStream {
        let Exported {
            name,
            vis,
            carried,
            arguments,
            ..
        } = method;
        let Carried {
            cfg,
            docs: _,
            notices,
            lints,
        } = carried;
        let docs = docs(interface, method);
        let parameters = wire::parameters(arguments);
        let sent = wire::sent(arguments);
        let (returned, calling) = answering(method);
        let (returned, calling) = match self {
            Self::Proxy => (returned, calling.call),
            Self::Calls => (generated!(__rt::Call<#returned>), calling.prepare),
        };
        generated! {
            #docs
            #(#cfg)*
            #(#notices)*
            #(#lints)*
            #vis fn #name(&self, #parameters) -> #returned {
                __rt::#calling(&self.0, #number, &#sent)
            }
        }
    }

    fn name(self, interface: &Interface) -> &Ident {
        match self {
            Self::Proxy => &interface.proxy,
            Self::Calls => &interface.calls,
        }
    }
}

/// The runtime's functions for the two ways of calling, with the types that they need to be told.
pub(super) struct Calling {
    pub(super) call: TokenStream,
    pub(super) prepare: TokenStream,
}

/// What a method's callers get, and how it is called.
pub(super) fn answering(method: &Exported) -> (TokenStream, Calling) {
    match &method.answer {
        Answering::OfType(answer) => {
            let returned = wire::returned(answer);
            let types = wire::told(
                &method.arguments,
                &returned,
                &wire::returned_checked(answer),
            );
            let calling = Calling {
                call: generated!(call #types),
                prepare: generated!(prepare #types),
            };
            (returned, calling)
        }
        Answering::OfTrait { ok, err } => {
            let sent = wire::sent_type(&method.arguments);
            let (reply, error) = (wire::reply_type(ok), wire::trait_error_type(err));
            let calling = Calling {
                call: generated!(call_of_trait::<#sent, #reply, #error>),
                prepare: generated!(prepare_of_trait::<#sent, #reply, #error>),
            };
            (generated!(::core::result::Result<#ok, #err>), calling)
        }
    }
}

/// The user's own docs, or a line in their place.
fn docs(interface: &Interface, method: &Exported) -> TokenStream {
    if method.carried.docs.is_empty() {
        let doc = format!(
            " Calls `{}::{}` where the object lives.",
            readable(&interface.object),
            method.function().unraw()
        );
        return generated!(#[doc = #doc]);
    }
    let docs = &method.carried.docs;
    quote!(#(#docs)*)
}
