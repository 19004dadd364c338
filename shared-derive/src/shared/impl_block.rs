//! The user's impl as it was written: parsed, not checked. It is emitted again from here, less our
//! marks.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::discouraged::Speculative;
use syn::parse::{Parse, ParseStream, Parser};
use syn::{Attribute, Generics, ImplItem, Path, Token, Type, braced, token};

use crate::attributes::{MethodOptions, Place, hides_mark, take_marks};
use crate::errors::Errors;
use crate::function::Function;

/// `impl Tally { … }` or `impl Store for Tally { … }`.
pub(crate) struct ImplBlock {
    pub(crate) attributes: Vec<Attribute>,
    unsafety: Option<Token![unsafe]>,
    impl_token: Token![impl],
    pub(crate) generics: Generics,
    pub(crate) of_trait: Option<(Path, Token![for])>,
    pub(crate) self_type: Type,
    brace: token::Brace,
    pub(crate) members: Vec<Member>,
}

pub(crate) enum Member {
    Function(Box<Method>),
    /// A constant, a type, a macro.
    Other(TokenStream),
    /// What does not parse: half typed, or newer Rust.
    Unread(TokenStream),
}

/// A function of the impl, with the marks taken off.
pub(crate) struct Method {
    pub(crate) function: Function,
    pub(crate) marks: Vec<Attribute>,
    pub(crate) options: MethodOptions,
}

impl ImplBlock {
    /// Reads the item under `#[shared]`. `None` if it does not parse, which has then been
    /// complained about.
    pub(crate) fn read(item: &TokenStream, place: Place, errors: &Errors) -> Option<Self> {
        let parse = |input: ParseStream<'_>| Self::parse(input, place, errors);
        let parsed = parse.parse2(item.clone());
        parsed.map_err(|error| errors.add(error)).ok()
    }

    pub(crate) fn functions(&self) -> impl Iterator<Item = &Method> {
        functions(&self.members)
    }

    fn parse(input: ParseStream<'_>, place: Place, errors: &Errors) -> syn::Result<Self> {
        let mut attributes = input.call(Attribute::parse_outer)?;
        let unsafety = input.parse()?;
        let impl_token = input.parse()?;
        let mut generics: Generics = input.parse()?;
        let of_trait = trait_of(input)?;
        let self_type = input.parse()?;
        generics.where_clause = input.parse()?;
        let content;
        let brace = braced!(content in input);
        attributes.extend(content.call(Attribute::parse_inner)?);
        Ok(Self {
            attributes,
            unsafety,
            impl_token,
            generics,
            of_trait,
            self_type,
            brace,
            members: members(&content, place, errors)?,
        })
    }
}

/// `Store for`, if it is there.
fn trait_of(input: ParseStream<'_>) -> syn::Result<Option<(Path, Token![for])>> {
    let ahead = input.fork();
    if let Ok(path) = ahead.parse::<Path>()
        && ahead.peek(Token![for])
    {
        input.advance_to(&ahead);
        return Ok(Some((path, input.parse()?)));
    }
    Ok(None)
}

pub(super) fn functions(members: &[Member]) -> impl Iterator<Item = &Method> {
    members.iter().filter_map(|member| match member {
        Member::Function(method) => Some(&**method),
        Member::Other(_) | Member::Unread(_) => None,
    })
}

/// Whether all of them could be read, so that what is not there was not written.
pub(super) fn all_read(members: &[Member]) -> bool {
    let unread = |member: &Member| matches!(member, Member::Unread(_));
    !members.iter().any(unread)
}

/// What stands between the braces of an impl or a trait.
pub(super) fn members(
    content: ParseStream<'_>,
    place: Place,
    errors: &Errors,
) -> syn::Result<Vec<Member>> {
    let mut members = Vec::new();
    while !content.is_empty() {
        members.push(Member::parse(content, place, errors)?);
    }
    Ok(members)
}

impl Member {
    fn parse(input: ParseStream<'_>, place: Place, errors: &Errors) -> syn::Result<Self> {
        let ahead = input.fork();
        if let Ok(mut function) = Function::parse(&ahead) {
            input.advance_to(&ahead);
            let marks = take_marks(&mut function.attributes);
            complain_about_hidden(&function.attributes, errors);
            let options = MethodOptions::read(&marks, place, errors);
            return Ok(Self::Function(Box::new(Method {
                function,
                marks,
                options,
            })));
        }
        let mut attributes = input.call(Attribute::parse_outer)?;
        let marks = take_marks(&mut attributes);
        complain_about_hidden(&attributes, errors);
        let ahead = input.fork();
        let item = match place {
            Place::Type => ahead.parse::<ImplItem>().map(ToTokens::into_token_stream),
            Place::Trait => ahead
                .parse::<syn::TraitItem>()
                .map(ToTokens::into_token_stream),
        };
        match item {
            Ok(item) => {
                input.advance_to(&ahead);
                for mark in marks {
                    errors.push(mark, "only functions can be shared; remove this");
                }
                Ok(Self::Other(quote!(#(#attributes)* #item)))
            }
            Err(error) => {
                errors.add(error);
                let item = unread(input)?;
                Ok(Self::Unread(quote!(#(#attributes)* #item)))
            }
        }
    }
}

/// To the end of a member, so that one that is being typed takes the others with it neither here nor in an editor.
fn unread(input: ParseStream<'_>) -> syn::Result<TokenStream> {
    let mut tokens = TokenStream::new();
    while !input.is_empty() {
        let token: TokenTree = input.parse()?;
        let ends = match &token {
            TokenTree::Punct(punct) => punct.as_char() == ';',
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            _ => false,
        };
        tokens.extend([token]);
        if ends {
            break;
        }
    }
    Ok(tokens)
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

impl ToTokens for ImplBlock {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self {
            attributes,
            unsafety,
            impl_token,
            generics,
            of_trait,
            self_type,
            brace,
            members,
        } = self;
        let where_clause = &generics.where_clause;
        let of_trait = of_trait.as_ref().map(|(path, token)| quote!(#path #token));
        let (outer, inner): (Vec<_>, Vec<_>) = attributes
            .iter()
            .partition(|attribute| matches!(attribute.style, syn::AttrStyle::Outer));
        tokens.extend(quote! {
            #(#outer)* #unsafety #impl_token #generics #of_trait #self_type #where_clause
        });
        brace.surround(tokens, |tokens| {
            tokens.extend(quote!(#(#inner)* #(#members)*));
        });
    }
}

impl ToTokens for Member {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::Function(method) => method.function.to_tokens(tokens),
            Self::Other(other) | Self::Unread(other) => other.to_tokens(tokens),
        }
    }
}
