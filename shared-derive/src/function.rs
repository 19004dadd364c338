//! A function as it was written, with its body left unread: the body is emitted token for token,
//! and a body that the parser does not understand (half typed, or newer Rust) spoils nothing.

use proc_macro2::{Group, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Visibility};

use crate::errors::Errors;

/// A free function or a method.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Group,
}

impl Function {
    /// Reads the item under an attribute that goes on functions only. `usage` says so where it is
    /// something else.
    pub(crate) fn read(item: &TokenStream, usage: &str, errors: &Errors) -> Option<Self> {
        let function = syn::parse2(item.clone()).ok();
        if function.is_none() {
            let first: TokenStream = item.clone().into_iter().take(1).collect();
            errors.push(first, usage);
        }
        function
    }
}

impl Parse for Function {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        Ok(Self {
            attributes: input.call(Attribute::parse_outer)?,
            vis: input.parse()?,
            signature: input.parse()?,
            body: input.parse()?,
        })
    }
}

impl ToTokens for Function {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attributes,
            vis,
            signature,
            body,
        } = self;
        tokens.extend(quote::quote!(#(#attributes)* #vis #signature #body));
    }
}
