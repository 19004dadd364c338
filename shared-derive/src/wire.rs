//! How arguments and answers are written in generated code, on both sides of a call. The tuple that
//! the client encodes and the one that the row decodes stand here side by side, because they must
//! agree.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Path, Type};

use crate::signature::{Answer, Argument};
use crate::types::{Form, Pointee, is_simple};

/// The parameters of a generated function: as the user wrote them, less `mut` and lifetimes.
pub(crate) fn parameters(arguments: &[Argument]) -> TokenStream {
    let parameters = arguments.iter().map(|Argument { name, form }| {
        let ty = written(form);
        generated!(#name: #ty)
    });
    generated!(#(#parameters),*)
}

/// The client's tuple of arguments, as an expression over the parameters.
pub(crate) fn sent(runtime: &Path, arguments: &[Argument]) -> TokenStream {
    let values = arguments.iter().map(|Argument { name, form }| match form {
        Form::Borrowed(Pointee::Bytes(_)) => generated!(#runtime::__private::Bytes(#name)),
        Form::Optional(Pointee::Bytes(_)) => generated!(#name.map(#runtime::__private::Bytes)),
        Form::Owned(_) | Form::Borrowed(_) | Form::Optional(_) => generated!(#name),
    });
    generated!((#(#values,)*))
}

/// The type of the row's tuple: the same bytes, owned or read in place.
pub(crate) fn received(runtime: &Path, arguments: &[Argument]) -> TokenStream {
    let types = arguments.iter().map(|Argument { form, .. }| match form {
        Form::Owned(ty) => ty.to_token_stream(),
        Form::Borrowed(pointee) => received_pointee(runtime, pointee),
        Form::Optional(pointee) => {
            let pointee = received_pointee(runtime, pointee);
            generated!(::core::option::Option<#pointee>)
        }
    });
    generated!((#(#types,)*))
}

fn received_pointee(runtime: &Path, pointee: &Pointee) -> TokenStream {
    if let Pointee::Bytes(_) = pointee {
        return generated!(#runtime::__private::Bytes<'_>);
    }
    generated!(<#pointee as #runtime::__private::RefArg>::Decoded<'_>)
}

/// What the row hands to the user's function, as expressions over its tuple `arguments`.
pub(crate) fn passed(runtime: &Path, arguments: &[Argument]) -> TokenStream {
    let values = arguments.iter().zip(0..).map(|(Argument { form, .. }, index)| {
        let index = syn::Index { index, span: Span::mixed_site() };
        match form {
            Form::Owned(_) => generated!(arguments.#index),
            Form::Borrowed(Pointee::Bytes(_)) => generated!(arguments.#index.0),
            Form::Optional(Pointee::Bytes(_)) => generated!(arguments.#index.map(|bytes| bytes.0)),
            Form::Borrowed(pointee) => generated!(<#pointee as #runtime::__private::RefArg>::borrow(&arguments.#index)),
            Form::Optional(pointee) => {
                generated!(arguments.#index.as_ref().map(<#pointee as #runtime::__private::RefArg>::borrow))
            }
        }
    });
    generated!(#(#values),*)
}

/// What the proxy's method returns.
pub(crate) fn returned(runtime: &Path, answer: &Answer) -> TokenStream {
    match outcome(runtime, answer) {
        (ok, None) => generated!(::core::result::Result<#ok, #runtime::Error>),
        (ok, Some(err)) => generated!(::core::result::Result<#ok, #runtime::CallError<#err>>),
    }
}

/// What the caller gets, as the types of success and, where the user's function returns a `Result`,
/// of failure.
pub(crate) fn outcome(runtime: &Path, answer: &Answer) -> (TokenStream, Option<TokenStream>) {
    match answer {
        Answer::Plain(form) => (owned(form), None),
        Answer::Outcome { ok, err } => (owned(ok), Some(err.to_token_stream())),
        Answer::Alias(alias) => {
            let (ok, err) = alias_parts(runtime, alias);
            (ok.to_token_stream(), Some(err.to_token_stream()))
        }
    }
}

/// The type that the row encodes: what the user's function returned. It is named so that the
/// compiler checks that it is what the client decodes, should `Result` turn out to be another type
/// of that name.
pub(crate) fn answered(runtime: &Path, answer: &Answer) -> TokenStream {
    let (ok, err) = match answer {
        Answer::Plain(form) => return written(form),
        Answer::Outcome { ok, err } => (written(ok), (**err).clone()),
        Answer::Alias(alias) => {
            let (ok, err) = alias_parts(runtime, alias);
            (ok.to_token_stream(), err)
        }
    };
    generated!(::core::result::Result<#ok, #err>)
}

/// A statement that fails to compile, at the user's own tokens, where serde does not know a type.
///
/// It stands first in the body of the client's function and in that of the row. There the compiler
/// takes the bounds of the call for the same ones, and does not complain about them again; nor does
/// it print the same complaint for both bodies.
pub(crate) fn travel_check<'a>(
    runtime: &Path,
    arguments: &'a [Argument],
    answers: impl IntoIterator<Item = &'a Type>,
) -> TokenStream {
    let arguments = arguments
        .iter()
        .filter_map(|argument| argument.form.travelling());
    let arguments = arguments.map(|ty| ("Argument", ty));
    let answers = answers.into_iter().map(|ty| ("Reply", ty));
    let in_doubt = arguments.chain(answers).filter(|(_, ty)| !is_simple(ty));
    let paths: Vec<_> = in_doubt
        .map(|(marker, ty)| spanned_path(runtime, ty, marker, "Is"))
        .collect();
    if paths.is_empty() {
        return TokenStream::new();
    }
    generated!(let _: ::core::marker::PhantomData<(#(#paths,)*)>;)
}

/// The types that serde must know for an answer.
pub(crate) fn answer_types(runtime: &Path, answer: &Answer) -> Vec<Type> {
    match answer {
        Answer::Plain(form) => form.travelling().cloned().into_iter().collect(),
        Answer::Outcome { ok, err } => {
            let ok = ok.travelling().into_iter();
            ok.chain([&**err]).cloned().collect()
        }
        Answer::Alias(alias) => <[Type; 2]>::from(alias_parts(runtime, alias)).into(),
    }
}

/// The two types of a `Result` under another name.
pub(crate) fn alias_parts(runtime: &Path, alias: &Type) -> (Type, Type) {
    let part = |name| syn::Type::Verbatim(spanned_path(runtime, alias, "ResultType", name));
    (part("Ok"), part("Err"))
}

/// `<ty as name>::part`, which the compiler underlines from the first token of `ty` to the last.
fn spanned_path(runtime: &Path, ty: &Type, name: &str, part: &str) -> TokenStream {
    let mut spans = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::mixed_site);
    let last = spans.last().unwrap_or(first);
    let (name, part) = (Ident::new(name, Span::mixed_site()), Ident::new(part, last));
    let open = quote_spanned!(first=> <);
    let close = quote_spanned!(last=> >::#part);
    quote!(#open #ty as #runtime::__private::#name #close)
}

/// As the user wrote it.
fn written(form: &Form) -> TokenStream {
    match form {
        Form::Owned(ty) => ty.to_token_stream(),
        Form::Borrowed(pointee) => generated!(&#pointee),
        Form::Optional(pointee) => generated!(::core::option::Option<&#pointee>),
    }
}

/// As the caller owns it.
fn owned(form: &Form) -> TokenStream {
    match form {
        Form::Owned(ty) => ty.to_token_stream(),
        Form::Borrowed(pointee) => owned_pointee(pointee),
        Form::Optional(pointee) => {
            let owned = owned_pointee(pointee);
            generated!(::core::option::Option<#owned>)
        }
    }
}

fn owned_pointee(pointee: &Pointee) -> TokenStream {
    match pointee {
        Pointee::Str(_) => generated!(::std::string::String),
        Pointee::Bytes(element) | Pointee::Slice(element) => generated!(::std::vec::Vec<#element>),
        // The user may have a `Path` of their own, which is its own owned form.
        Pointee::Path(path) => generated!(<#path as ::std::borrow::ToOwned>::Owned),
        Pointee::Value(ty) => ty.to_token_stream(),
    }
}

impl ToTokens for Pointee {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        tokens.extend(match self {
            Self::Str(ty) | Self::Path(ty) | Self::Value(ty) => ty.to_token_stream(),
            Self::Bytes(element) | Self::Slice(element) => generated!([#element]),
        });
    }
}
