//! What can be told about a type from its tokens: whether it is borrowed, whether it is a `Result`,
//! whether it names the user's own type. Nothing here complains.

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::{ToTokens, quote_spanned};
use syn::visit::{self, Visit};
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// How a value crosses between processes.
pub(crate) enum Form {
    Owned(Type),
    Borrowed(Pointee),
    /// `Option<&T>`.
    Optional(Pointee),
}

/// What a reference points at.
pub(crate) enum Pointee {
    Str(Type),
    /// `[u8]`.
    Bytes(Type),
    /// `[T]`, of which this is the `T`.
    Slice(Type),
    /// A type of the name `Path`, which may or may not be that of `std`.
    Path(Type),
    Value(Type),
}

/// A type recognised as a `Result`.
pub(crate) enum Outcome {
    /// `Result<T, E>`.
    Plain { ok: Type, err: Type },
    /// Any other spelling, as `io::Result<T>`: the parts are known to the compiler only.
    Alias { whole: Type, ok: Option<Type> },
}

impl Form {
    pub(crate) fn of(ty: &Type) -> Self {
        if let Some(target) = target(ty) {
            return Self::Borrowed(Pointee::of(target));
        }
        match only_argument(ty, "Option").and_then(target) {
            Some(target) => Self::Optional(Pointee::of(target)),
            None => Self::Owned(ty.clone()),
        }
    }

    /// The part that may hold no borrow.
    pub(crate) fn inner(&self) -> &Type {
        match self {
            Self::Owned(ty) => ty,
            Self::Borrowed(pointee) | Self::Optional(pointee) => match pointee {
                Pointee::Str(ty)
                | Pointee::Bytes(ty)
                | Pointee::Slice(ty)
                | Pointee::Path(ty)
                | Pointee::Value(ty) => ty,
            },
        }
    }
}

impl Pointee {
    fn of(target: &Type) -> Self {
        if let Type::Slice(slice) = peeled(target) {
            let element = (*slice.elem).clone();
            return if is_named(&element, "u8") {
                Self::Bytes(element)
            } else {
                Self::Slice(element)
            };
        }
        let name = last_segment(target).map(|last| last.ident.to_string());
        match name.as_deref() {
            Some("str") => Self::Str(target.clone()),
            Some("Path") => Self::Path(target.clone()),
            _ => Self::Value(target.clone()),
        }
    }
}

impl Outcome {
    /// Recognises a `Result` by its last path segment, any path if `marked`.
    pub(crate) fn of(ty: &Type, marked: bool) -> Option<Self> {
        let last = last_segment(ty)?;
        if !marked && last.ident != "Result" {
            return None;
        }
        match type_arguments(last).as_slice() {
            [ok, err] if last.ident == "Result" => Some(Self::Plain {
                ok: (*ok).clone(),
                err: (*err).clone(),
            }),
            arguments => Some(Self::Alias {
                whole: ty.clone(),
                ok: arguments.first().map(|ok| (*ok).clone()),
            }),
        }
    }

    pub(crate) fn ok(&self) -> Option<&Type> {
        match self {
            Self::Plain { ok, .. } => Some(ok),
            Self::Alias { ok, .. } => ok.as_ref(),
        }
    }
}

/// The type inside parentheses and the invisible groups of `macro_rules!`.
pub(crate) fn peeled(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => peeled(&group.elem),
        Type::Paren(paren) => peeled(&paren.elem),
        _ => ty,
    }
}

pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peeled(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// Whether serde surely knows a type: numbers, texts and handles, and the simplest that is made of them.
pub(crate) fn is_simple(ty: &Type) -> bool {
    const SIMPLE: &[&str] = &[
        "bool", "char", "f32", "f64", "i8", "i16", "i32", "i64", "i128", "isize", "u8", "u16",
        "u32", "u64", "u128", "usize", "String",
    ];
    match peeled(ty) {
        Type::Tuple(tuple) => tuple.elems.len() <= 16 && tuple.elems.iter().all(is_simple),
        ty => {
            let inner = only_argument(ty, "Vec").or_else(|| only_argument(ty, "Option"));
            inner.is_some_and(is_simple)
                || only_argument(ty, "Shared").is_some()
                || SIMPLE.iter().any(|name| is_named(ty, name))
        }
    }
}

/// `T` of `Name<T>`.
pub(crate) fn only_argument<'a>(ty: &'a Type, name: &str) -> Option<&'a Type> {
    let last = last_segment(ty).filter(|last| last.ident == name)?;
    match type_arguments(last).as_slice() {
        [only] => Some(only),
        _ => None,
    }
}

/// Whether both are the same, token for token.
pub(crate) fn is_same(one: &Type, other: &Type) -> bool {
    peeled(one).to_token_stream().to_string() == peeled(other).to_token_stream().to_string()
}

/// `ty` with every `Self` replaced by what it stands for, to be used outside of the user's impl.
/// The new tokens stand where `Self` stood, so that the compiler's complaints do.
pub(crate) fn concrete(ty: &Type, self_type: &Type) -> Type {
    let tokens = replace_self(ty.to_token_stream(), self_type);
    syn::parse2(tokens).unwrap_or_else(|_| ty.clone())
}

fn replace_self(tokens: TokenStream, self_type: &Type) -> TokenStream {
    let mut replaced = TokenStream::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        match token {
            TokenTree::Ident(word) if word == "Self" => {
                let here = self_type
                    .to_token_stream()
                    .into_iter()
                    .map(|token| relocated(token, word.span()));
                let here: TokenStream = here.collect();
                // The brackets let `Self::LEN` be read as a path whatever the type is.
                let before_path = matches!(tokens.peek(), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
                replaced.extend(if before_path {
                    quote_spanned!(word.span()=> <#here>)
                } else {
                    here
                });
            }
            TokenTree::Group(group) => {
                let stream = replace_self(group.stream(), self_type);
                let mut inside = Group::new(group.delimiter(), stream);
                inside.set_span(group.span());
                replaced.extend([TokenTree::from(inside)]);
            }
            token => replaced.extend([token]),
        }
    }
    replaced
}

fn relocated(mut token: TokenTree, place: proc_macro2::Span) -> TokenTree {
    if let TokenTree::Group(group) = &token {
        let inside = group
            .stream()
            .into_iter()
            .map(|token| relocated(token, place))
            .collect();
        token = Group::new(group.delimiter(), inside).into();
    }
    token.set_span(token.span().located_at(place));
    token
}

/// What a type holds that cannot cross between processes, with the tokens to complain about.
#[derive(Default)]
pub(crate) struct Contents {
    pub(crate) impl_trait: Option<TokenStream>,
    pub(crate) mutable: Option<TokenStream>,
    pub(crate) borrow: Option<TokenStream>,
}

impl Contents {
    pub(crate) fn of(ty: &Type) -> Self {
        let mut contents = Self::default();
        contents.visit_type(ty);
        contents
    }
}

impl<'ast> Visit<'ast> for Contents {
    fn visit_type_impl_trait(&mut self, found: &'ast syn::TypeImplTrait) {
        self.impl_trait.get_or_insert(found.to_token_stream());
    }

    fn visit_type_reference(&mut self, found: &'ast syn::TypeReference) {
        let kind = if found.mutability.is_some() {
            &mut self.mutable
        } else {
            &mut self.borrow
        };
        kind.get_or_insert(found.to_token_stream());
        visit::visit_type(self, &found.elem);
    }

    fn visit_lifetime(&mut self, found: &'ast syn::Lifetime) {
        // `Cow<'static, str>` is owned as far as serde is concerned.
        if found.ident != "static" {
            self.borrow.get_or_insert(found.to_token_stream());
        }
    }
}

/// `T` of `&T`.
fn target(ty: &Type) -> Option<&Type> {
    match peeled(ty) {
        Type::Reference(reference) if reference.mutability.is_none() => Some(&reference.elem),
        _ => None,
    }
}

fn type_arguments(segment: &PathSegment) -> Vec<&Type> {
    let PathArguments::AngleBracketed(arguments) = &segment.arguments else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

fn is_named(ty: &Type, name: &str) -> bool {
    matches!(peeled(ty), Type::Path(path) if path.qself.is_none() && path.path.is_ident(name))
}

/// A type as users would write it.
pub(crate) fn readable(ty: &impl ToTokens) -> String {
    ty.to_token_stream()
        .to_string()
        .replace(" :: ", "::")
        .replace(" < ", "<")
        .replace(" >", ">")
        .replace(" , ", ", ")
        .replace("& ", "&")
}
