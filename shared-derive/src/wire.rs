//! How arguments and answers are written in generated code, on both sides of a call. The tuple that
//! the client encodes and the one that the row decodes stand here side by side, because they must
//! agree.
//!
//! Every type of the user that serde must know is written `<T as Argument>::Is` or `<T as
//! Reply>::Is` where a function is called with it; that is `T` itself. Where `T` lacks something,
//! the compiler finds out at that path, which spans the user's own tokens, and says the same thing
//! only once.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Path, Type};

use crate::signature::{Answer, Argument};
use crate::types::{Form, Pointee, is_simple, readable};

/// How the user's own types are written inside of others.
type Spelling<'a> = &'a dyn Fn(&Type) -> TokenStream;

/// The parameters of a generated function: as the user wrote them, less `mut` and lifetimes.
pub(crate) fn parameters(arguments: &[Argument]) -> TokenStream {
    let parameters = arguments.iter().map(|Argument { name, form }| {
        let ty = written(form, &ToTokens::to_token_stream);
        generated!(#name: #ty)
    });
    generated!(#(#parameters),*)
}

/// The client's tuple of arguments, as an expression over the parameters.
pub(crate) fn sent(runtime: &Path, arguments: &[Argument]) -> TokenStream {
    let values = arguments.iter().map(|Argument { name, form }| match form {
        Form::Borrowed(Pointee::Bytes(_)) => generated!(#runtime::__private::Bytes(#name)),
        Form::Optional(Pointee::Bytes(_)) => generated!(#name.map(#runtime::__private::Bytes)),
        _ => generated!(#name),
    });
    generated!((#(#values,)*))
}

/// The type of the client's tuple.
pub(crate) fn sent_type(runtime: &Path, arguments: &[Argument]) -> TokenStream {
    let argument = |ty: &Type| checked(runtime, "Argument", ty);
    let types = arguments.iter().map(|Argument { form, .. }| match form {
        Form::Borrowed(Pointee::Bytes(_)) => generated!(#runtime::__private::Bytes<'_>),
        Form::Optional(Pointee::Bytes(_)) => {
            generated!(::core::option::Option<#runtime::__private::Bytes<'_>>)
        }
        _ => written(form, &argument),
    });
    generated!((#(#types,)*))
}

/// The type of the row's tuple: the same bytes, owned or read in place.
pub(crate) fn received(runtime: &Path, arguments: &[Argument]) -> TokenStream {
    let argument = |ty: &Type| checked(runtime, "Argument", ty);
    let types = arguments.iter().map(|Argument { form, .. }| match form {
        Form::Owned(ty) => argument(ty),
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
    let target = pointee.with(&|ty| checked(runtime, "Argument", ty));
    generated!(<#target as #runtime::__private::RefArg>::Decoded<'_>)
}

/// What the row hands to the user's function, as expressions over its tuple `arguments`.
pub(crate) fn passed(runtime: &Path, arguments: &[Argument]) -> TokenStream {
    let values = arguments.iter().zip(0..).map(|(Argument { form, .. }, index)| {
        let index = syn::Index { index, span: Span::mixed_site() };
        match form {
            Form::Owned(_) => generated!(arguments.#index),
            Form::Borrowed(Pointee::Bytes(_)) => generated!(arguments.#index.0),
            Form::Optional(Pointee::Bytes(_)) => generated!(arguments.#index.map(|bytes| bytes.0)),
            Form::Borrowed(pointee) => {
                let target = pointee.with(&|ty| checked(runtime, "Argument", ty));
                generated!(<#target as #runtime::__private::RefArg>::borrow(&arguments.#index))
            }
            Form::Optional(pointee) => {
                let target = pointee.with(&|ty| checked(runtime, "Argument", ty));
                generated!(arguments.#index.as_ref().map(<#target as #runtime::__private::RefArg>::borrow))
            }
        }
    });
    generated!(#(#values),*)
}

/// The arguments and the answer of a function as the user wrote them, for another executable to compare with its own.
pub(crate) fn signature(receiver: &str, arguments: &[Argument], answer: &TokenStream) -> String {
    let arguments = arguments
        .iter()
        .map(|Argument { form, .. }| readable(&written(form, &ToTokens::to_token_stream)));
    let receiver = (!receiver.is_empty()).then(|| receiver.to_owned());
    let parameters: Vec<String> = receiver.into_iter().chain(arguments).collect();
    format!("({}) -> {}", parameters.join(", "), readable(answer))
}

/// The user's own return type.
pub(crate) fn answer_as_written(answer: &Answer) -> TokenStream {
    let plain = &ToTokens::to_token_stream;
    match answer {
        Answer::Plain(form) => written(form, plain),
        Answer::Outcome { ok, err } => {
            let ok = written(ok, plain);
            generated!(Result<#ok, #err>)
        }
        Answer::Alias(alias) => alias.to_token_stream(),
    }
}

/// What the proxy's method returns.
pub(crate) fn returned(runtime: &Path, answer: &Answer) -> TokenStream {
    returned_with(runtime, answer, &|ty| ty.to_token_stream())
}

/// The same type, checked. The body of a proxy's method names it.
pub(crate) fn returned_checked(runtime: &Path, answer: &Answer) -> TokenStream {
    returned_with(runtime, answer, &|ty| checked(runtime, "Reply", ty))
}

fn returned_with(runtime: &Path, answer: &Answer, reply: Spelling<'_>) -> TokenStream {
    match outcome(runtime, answer, reply) {
        (ok, None) => generated!(::core::result::Result<#ok, #runtime::Error>),
        (ok, Some(err)) => generated!(::core::result::Result<#ok, #runtime::CallError<#err>>),
    }
}

/// The type that the row encodes: what the user's function returned. It is named so that the
/// compiler checks that it is what the client decodes, should `Result` turn out to be another type
/// of that name.
pub(crate) fn answered(runtime: &Path, answer: &Answer) -> TokenStream {
    let reply = |ty: &Type| checked(runtime, "Reply", ty);
    let (ok, err) = match answer {
        Answer::Plain(form) => return written(form, &reply),
        Answer::Outcome { ok, err } => (written(ok, &reply), reply(err)),
        Answer::Alias(alias) => {
            let (ok, err) = alias_parts(runtime, alias);
            (reply(&ok), reply(&err))
        }
    };
    generated!(::core::result::Result<#ok, #err>)
}

/// What the caller gets, as the types of success and, where the user's function returns a `Result`,
/// of failure.
pub(crate) fn outcome(
    runtime: &Path,
    answer: &Answer,
    reply: Spelling<'_>,
) -> (TokenStream, Option<TokenStream>) {
    match answer {
        Answer::Plain(form) => (owned_form(form, reply), None),
        Answer::Outcome { ok, err } => (owned_form(ok, reply), Some(reply(err))),
        Answer::Alias(alias) => {
            let (ok, err) = alias_parts(runtime, alias);
            (reply(&ok), Some(reply(&err)))
        }
    }
}

/// The two types of a `Result` under another name.
pub(crate) fn alias_parts(runtime: &Path, alias: &Type) -> (Type, Type) {
    let part = |name| Type::Verbatim(spanned_path(runtime, alias, "ResultType", name));
    (part("Ok"), part("Err"))
}

/// As the user wrote it.
fn written(form: &Form, part: Spelling<'_>) -> TokenStream {
    match form {
        Form::Owned(ty) => part(ty),
        Form::Borrowed(pointee) => {
            let target = pointee.with(part);
            generated!(&#target)
        }
        Form::Optional(pointee) => {
            let target = pointee.with(part);
            generated!(::core::option::Option<&#target>)
        }
    }
}

/// As the caller owns it.
fn owned_form(form: &Form, reply: Spelling<'_>) -> TokenStream {
    match form {
        Form::Owned(ty) => reply(ty),
        Form::Borrowed(pointee) => owned_pointee(pointee, reply),
        Form::Optional(pointee) => {
            let owned = owned_pointee(pointee, reply);
            generated!(::core::option::Option<#owned>)
        }
    }
}

fn owned_pointee(pointee: &Pointee, reply: Spelling<'_>) -> TokenStream {
    match pointee {
        Pointee::Str(_) => generated!(::std::string::String),
        Pointee::Bytes(element) => generated!(::std::vec::Vec<#element>),
        Pointee::Slice(element) => {
            let element = reply(element);
            generated!(::std::vec::Vec<#element>)
        }
        // The user may have a `Path` of their own, which is its own owned form.
        Pointee::Path(path) => generated!(<#path as ::std::borrow::ToOwned>::Owned),
        Pointee::Value(ty) => reply(ty),
    }
}

impl Pointee {
    /// The target of the reference, with the part of it that serde must know changed by `inner`.
    fn with(&self, inner: Spelling<'_>) -> TokenStream {
        match self {
            Self::Str(ty) | Self::Path(ty) => ty.to_token_stream(),
            Self::Bytes(element) => generated!([#element]),
            Self::Slice(element) => {
                let element = inner(element);
                generated!([#element])
            }
            Self::Value(ty) => inner(ty),
        }
    }
}

/// A type as it is written where serde must know it.
pub(crate) fn checked(runtime: &Path, marker: &str, ty: &Type) -> TokenStream {
    if is_simple(ty) {
        return ty.to_token_stream();
    }
    spanned_path(runtime, ty, marker, "Is")
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
