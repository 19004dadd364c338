//! The user's impl as it was written: parsed, not checked. It is emitted again from here, less our
//! marks.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{
    Attribute, Generics, Ident, ImplItem, Signature, Token, Type, Visibility, braced, token,
};

use crate::attributes::{MethodOptions, hides_mark, take_marks};
use crate::errors::Errors;
use crate::function::Function;

/// An inherent impl.
pub(crate) struct Model {
    pub(crate) attributes: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    impl_token: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) self_type: Type,
    brace: token::Brace,
    pub(crate) members: Vec<Member>,
}

pub(crate) enum Member {
    Function(Box<Method>),
    /// A constant, a type, a macro.
    Other(TokenStream),
}

/// A function of the impl, with the marks taken off.
pub(crate) struct Method {
    pub(crate) function: Function,
    pub(crate) options: MethodOptions,
}

impl Model {
    /// Reads the item under `#[shared]`. `None` if it is not an inherent impl, which has then been
    /// complained about.
    pub(crate) fn read(item: &TokenStream, errors: &Errors) -> Option<Self> {
        if let Err(error) = is_inherent_impl.parse2(item.clone()) {
            errors.add(error);
            return None;
        }
        let parsed = (|input: ParseStream<'_>| Self::parse(input, errors)).parse2(item.clone());
        parsed.map_err(|error| errors.add(error)).ok()
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &Method> {
        self.members.iter().filter_map(|member| match member {
            Member::Function(method) => Some(&**method),
            Member::Other(_) => None,
        })
    }

    fn parse(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Self> {
        let attributes = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let self_type = input.parse()?;
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        let mut attributes = attributes;
        attributes.extend(content.call(Attribute::parse_inner)?);
        let mut members = Vec::new();
        while !content.is_empty() {
            members.push(Member::parse(&content, errors)?);
        }
        Ok(Self {
            attributes,
            unsafety,
            impl_token,
            generics,
            self_type,
            brace,
            members,
        })
    }
}

impl Member {
    fn parse(input: ParseStream<'_>, errors: &Errors) -> syn::Result<Self> {
        let ahead = input.fork();
        if let Ok(mut function) = Function::parse(&ahead) {
            input.advance_to(&ahead);
            let marks = take_marks(&mut function.attributes);
            complain_about_hidden(&function.attributes, errors);
            let options = MethodOptions::read(&marks, errors);
            return Ok(Self::Function(Box::new(Method { function, options })));
        }
        let mut attributes = input.call(Attribute::parse_outer)?;
        for mark in take_marks(&mut attributes) {
            errors.push(mark, "only functions can be shared; remove this");
        }
        complain_about_hidden(&attributes, errors);
        let item: ImplItem = input.parse()?;
        Ok(Self::Other(quote!(#(#attributes)* #item)))
    }
}

/// See [`hides_mark`]. Accepted: the method twice, under `#[cfg]`, with and without the mark.
fn complain_about_hidden(attributes: &[Attribute], errors: &Errors) {
    for attribute in attributes.iter().filter(|attribute| hides_mark(attribute)) {
        errors.push(
            attribute,
            "`cfg_attr` is not evaluated before `#[shared]` reads its marks; write the method twice, \
             under `#[cfg(…)]` with the mark and under `#[cfg(not(…))]` without",
        );
    }
}

/// Says what to do where `#[shared]` stands on something else.
fn is_inherent_impl(input: ParseStream<'_>) -> syn::Result<()> {
    input.call(Attribute::parse_outer)?;
    let start = input.fork();
    input.parse::<Visibility>()?;
    let word = input.fork().call(Ident::parse_any)?;
    let qualified = word == "unsafe" || word == "auto" || word == "default";
    if qualified {
        input.call(Ident::parse_any)?;
    }
    if input.peek(Token![trait]) {
        return Err(input.error(
            "`#[shared]` on a trait is not supported yet; put it on the `impl` block of a type",
        ));
    }
    if !input.peek(Token![impl]) {
        return Err(complaint_about_other(&start));
    }
    input.parse::<Token![impl]>()?;
    input.parse::<Generics>()?;
    if input.peek(Token![!]) {
        return Err(input.error("a negative impl has nothing to share; remove `#[shared]`"));
    }
    input.parse::<Type>()?;
    if input.peek(Token![for]) {
        return Err(input.error(
            "`#[shared]` on `impl Trait for Type` is not supported yet; put it on `impl Type`, \
             with methods that call the trait's",
        ));
    }
    input.parse::<TokenStream>().map(drop)
}

fn complaint_about_other(input: ParseStream<'_>) -> syn::Error {
    let function = input.fork();
    let is_function =
        function.parse::<Visibility>().is_ok() && function.parse::<Signature>().is_ok();
    input.error(if is_function {
        "`#[shared(…)]` on a function is a mark inside of an `impl` block that is itself \
             `#[shared]`; mark that `impl`"
    } else {
        "`#[shared]` goes on the `impl` block that has the methods"
    })
}

impl ToTokens for Model {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attributes,
            unsafety,
            impl_token,
            generics,
            self_type,
            brace,
            members,
        } = self;
        let where_clause = &generics.where_clause;
        let (outer, inner): (Vec<_>, Vec<_>) = attributes
            .iter()
            .partition(|attribute| matches!(attribute.style, syn::AttrStyle::Outer));
        tokens.extend(quote!(#(#outer)* #unsafety #impl_token #generics #self_type #where_clause));
        brace.surround(tokens, |tokens| {
            tokens.extend(quote!(#(#inner)* #(#members)*));
        });
    }
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Function(method) => method.function.to_tokens(tokens),
            Self::Other(other) => other.to_tokens(tokens),
        }
    }
}
