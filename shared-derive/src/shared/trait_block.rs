//! The user's trait as it was written: parsed, not checked. It is emitted again from here, less our
//! marks.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Generics, Ident, Token, TypeParamBound, Visibility, braced, token};

use super::impl_block::{Member, Method, functions, members};
use crate::attributes::Place;
use crate::errors::Errors;

/// `trait Store: Sync { … }`.
pub(crate) struct TraitBlock {
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) vis: Visibility,
    pub(crate) unsafety: Option<Token![unsafe]>,
    auto: Option<Token![auto]>,
    trait_token: Token![trait],
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    colon: Option<Token![:]>,
    pub(crate) supertraits: Punctuated<TypeParamBound, Token![+]>,
    brace: token::Brace,
    pub(crate) members: Vec<Member>,
}

impl TraitBlock {
    /// Reads the item under `#[shared]`. `None` if it does not parse, which has then been
    /// complained about.
    pub(crate) fn read(item: &TokenStream, errors: &Errors) -> Option<Self> {
        let parse = |input: ParseStream<'_>| Self::parse(input, errors);
        let parsed = parse.parse2(item.clone());
        parsed.map_err(|error| errors.add(error)).ok()
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &Method> {
        functions(&self.members)
    }

    fn parse(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let vis = input.parse()?;
        let unsafety = input.parse()?;
        let auto = input.parse()?;
        let trait_token = input.parse()?;
        let ident = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let colon: Option<Token![:]> = input.parse()?;
        let mut supertraits = Punctuated::new();
        while colon.is_some() && !input.peek(token::Brace) && !input.peek(Token![where]) {
            supertraits.push_value(input.parse()?);
            if !input.peek(Token![+]) {
                break;
            }
            supertraits.push_punct(input.parse()?);
        }
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        attributes.extend(content.call(Attribute::parse_inner)?);
        Ok(Self {
            attributes,
            vis,
            unsafety,
            auto,
            trait_token,
            ident,
            generics,
            colon,
            supertraits,
            brace,
            members: members(&content, Place::Trait, errors)?,
        })
    }
}

impl ToTokens for TraitBlock {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attributes,
            vis,
            unsafety,
            auto,
            trait_token,
            ident,
            generics,
            colon,
            supertraits,
            brace,
            members,
        } = self;
        let where_clause = &generics.where_clause;
        let (outer, inner): (Vec<_>, Vec<_>) = attributes
            .iter()
            .partition(|attribute| matches!(attribute.style, syn::AttrStyle::Outer));
        tokens.extend(quote! {
            #(#outer)* #vis #unsafety #auto #trait_token #ident #generics #colon #supertraits #where_clause
        });
        brace.surround(tokens, |tokens| {
            tokens.extend(quote!(#(#inner)* #(#members)*));
        });
    }
}
