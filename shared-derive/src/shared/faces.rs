//! The two types that users call through: the proxy, whose methods make calls, and the calls type,
//! whose methods of the same names return them unmade.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Ident;
use syn::ext::IdentExt;

use super::interface::{Exported, Interface};
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
            self_type,
            vis,
            carried,
            ..
        } = interface;
        let (name, object) = (self.name(interface), readable(self_type));
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
        generated! {
            #[doc = #doc]
            #(#cfg)*
            #(#notices)*
            #(#lints)*
            #[allow(dead_code, unreachable_pub)]
            #[derive(::core::clone::Clone, ::core::fmt::Debug)]
            #vis struct #name {
                target: #runtime::__private::Target,
            }
        }
    }

    pub(super) fn methods(self, interface: &Interface) -> TokenStream {
        let name = self.name(interface);
        let methods = interface
            .methods
            .iter()
            .map(|method| self.method(interface, method));
        generated! {
            impl #name {
                #(#methods)*
            }
        }
    }

    fn method(self, interface: &Interface, method: &Exported) -> TokenStream {
        let runtime = &interface.runtime;
        let Exported {
            function,
            name,
            vis,
            carried,
            receiver: _,
            arguments,
            answer,
        } = method;
        let Carried {
            cfg,
            docs: _,
            notices,
            lints,
        } = carried;
        let docs = docs(interface, method);
        let parameters = wire::parameters(arguments);
        let (returned, sent) = (
            wire::returned(runtime, answer),
            wire::sent(runtime, arguments),
        );
        let checked = wire::returned_checked(runtime, answer);
        let sent_type = wire::sent_type(runtime, arguments);
        let (returned, makes) = match self {
            Self::Proxy => (returned, generated!(call)),
            Self::Calls => (
                generated!(#runtime::call::Call<#returned>),
                generated!(prepare),
            ),
        };
        generated! {
            #docs
            #(#cfg)*
            #(#notices)*
            #(#lints)*
            #vis fn #name(&self, #parameters) -> #returned {
                let method = __Method::#function as u32;
                #runtime::__private::#makes::<#sent_type, #checked>(&self.target, method, &#sent)
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

/// The user's own docs, or a line in their place.
fn docs(interface: &Interface, method: &Exported) -> TokenStream {
    if method.carried.docs.is_empty() {
        let doc = format!(
            " Calls `{}::{}` where the object lives.",
            readable(&interface.self_type),
            method.function.unraw()
        );
        return generated!(#[doc = #doc]);
    }
    let docs = &method.carried.docs;
    quote!(#(#docs)*)
}
