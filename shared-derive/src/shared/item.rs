//! Which of the items that `#[shared]` goes on this is, and what to say of others.

use proc_macro2::TokenStream;
use syn::ext::IdentExt;
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Generics, Ident, Signature, Token, Type, Visibility};

use crate::errors::Errors;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Item {
    /// `impl Tally`.
    Type,
    /// `trait Store`.
    Trait,
    /// `impl Store for Tally`.
    TraitImpl,
}

/// `None` if it is none of them, which has then been complained about.
pub(super) fn which(item: &TokenStream, errors: &Errors) -> Option<Item> {
    let which = read.parse2(item.clone());
    which.map_err(|error| errors.add(error)).ok()
}

fn read(input: ParseStream<'_>) -> syn::Result<Item> {
    input.call(Attribute::parse_outer)?;
    let start = input.fork();
    input.parse::<Visibility>()?;
    let word = input.fork().call(Ident::parse_any)?;
    if word == "unsafe" || word == "auto" || word == "default" {
        input.call(Ident::parse_any)?;
    }
    let found = if input.peek(Token![trait]) {
        Item::Trait
    } else if input.peek(Token![impl]) {
        which_impl(input)?
    } else {
        return Err(complaint(&start));
    };
    input.parse::<TokenStream>()?;
    Ok(found)
}

fn which_impl(input: ParseStream<'_>) -> syn::Result<Item> {
    input.parse::<Token![impl]>()?;
    input.parse::<Generics>()?;
    if input.peek(Token![!]) {
        return Err(input.error("a negative impl has nothing to share; remove `#[shared]`"));
    }
    input.parse::<Type>()?;
    Ok(if input.peek(Token![for]) {
        Item::TraitImpl
    } else {
        Item::Type
    })
}

fn complaint(input: ParseStream<'_>) -> syn::Error {
    let function = input.fork();
    let is_function =
        function.parse::<Visibility>().is_ok() && function.parse::<Signature>().is_ok();
    input.error(if is_function {
        "`#[shared(…)]` on a function is a mark inside of an `impl` block or a trait that is itself \
             `#[shared]`; mark that"
    } else {
        "`#[shared]` goes on the `impl` block that has the methods, or on a trait"
    })
}
