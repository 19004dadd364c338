//! A function as it was written, with its body left unread: the body is emitted token for token,
//! and a body that the parser does not understand (half typed, or newer Rust) spoils nothing.

use proc_macro2::{Group, TokenStream};
use quote::ToTokens;
use syn::parse::{Parse, ParseStream};
use syn::{Attribute, Signature, Token, Visibility};

use crate::errors::Errors;

/// A free function or a method.
pub(crate) struct Function {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) signature: Signature,
    pub(crate) body: Body,
}

/// What stands behind a signature.
pub(crate) enum Body {
    Block(Group),
    /// Of a trait's method without a default.
    None(Token![;]),
}

impl Function {
    /// Reads the item under an attribute that goes on functions only. `usage` says so where it is
    /// something else.
    pub(crate) fn read(item: &TokenStream, usage: &str, errors: &Errors) -> Option<Self> {
        let function: Option<Self> = syn::parse2(item.clone()).ok();
        let function = function.filter(|function| matches!(function.body, Body::Block(_)));
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

impl Parse for Body {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.peek(Token![;]) {
            input.parse().map(Self::None)
        } else {
            input.parse().map(Self::Block)
        }
    }
}

impl ToTokens for Body {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Block(block) => block.to_tokens(tokens),
            Self::None(semicolon) => semicolon.to_tokens(tokens),
        }
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
