//! How arguments and answers are written in generated code, on both sides of a call. The tuple that the client encodes and
//! the one that the row decodes stand here side by side, because they must agree.
//!
//! Every type of the user that must be serialisable is named once more, as `<T as Argument>::Is` or `<T as Reply>::Is`, which
//! is `T` itself. Where `T` is not serialisable that path is the one thing the compiler complains about, at the user's own
//! tokens: it gives up on the type and so says nothing of the calls that use it.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Path, Type};

use crate::signature::{Answer, Argument};
use crate::types::{Form, Pointee};

/// The parameters of a generated function: as the user wrote them, less `mut` and lifetimes.
pub(crate) fn parameters(arguments: &[Argument]) -> TokenStream {
    let parameters = arguments.iter().map(|argument| {
        let Argument { name, form } = argument;
        let ty = borrowed_form(form);
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
        Form::Owned(ty) => argument(ty),
        Form::Borrowed(Pointee::Bytes(_)) => generated!(#runtime::__private::Bytes<'_>),
        Form::Optional(Pointee::Bytes(_)) => generated!(::core::option::Option<#runtime::__private::Bytes<'_>>),
        Form::Borrowed(pointee) => {
            let target = pointee.with(argument);
            generated!(&#target)
        }
        Form::Optional(pointee) => {
            let target = pointee.with(argument);
            generated!(::core::option::Option<&#target>)
        }
    });
    generated!((#(#types,)*))
}

/// The type of the row's tuple: the same bytes, owned or read in place.
pub(crate) fn received_type(runtime: &Path, arguments: &[Argument]) -> TokenStream {
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
    let target = pointee.with(|ty| checked(runtime, "Argument", ty));
    generated!(<#target as #runtime::__private::RefArg>::Decoded<'_>)
}

/// What the row hands to the user's function, as expressions over its tuple `arguments`.
pub(crate) fn passed(runtime: &Path, arguments: &[Argument]) -> TokenStream {
    let values = arguments.iter().enumerate().map(|(index, Argument { form, .. })| {
        let index = syn::Index { index: u32::try_from(index).unwrap_or(u32::MAX), span: Span::mixed_site() };
        match form {
            Form::Owned(_) => generated!(arguments.#index),
            Form::Borrowed(Pointee::Bytes(_)) => generated!(arguments.#index.0),
            Form::Optional(Pointee::Bytes(_)) => generated!(arguments.#index.map(|bytes| bytes.0)),
            Form::Borrowed(pointee) => {
                let target = pointee.with(|ty| checked(runtime, "Argument", ty));
                generated!(<#target as #runtime::__private::RefArg>::borrow(&arguments.#index))
            }
            Form::Optional(pointee) => {
                let target = pointee.with(|ty| checked(runtime, "Argument", ty));
                generated!(arguments.#index.as_ref().map(<#target as #runtime::__private::RefArg>::borrow))
            }
        }
    });
    generated!(#(#values),*)
}

/// What the proxy's method returns.
pub(crate) fn returned(runtime: &Path, answer: &Answer) -> TokenStream {
    returned_with(runtime, answer, &|ty| ty.to_token_stream())
}

/// The same type, checked. The body of a proxy's method names it.
pub(crate) fn returned_checked(runtime: &Path, answer: &Answer) -> TokenStream {
    returned_with(runtime, answer, &|ty| checked(runtime, "Reply", ty))
}

fn returned_with(runtime: &Path, answer: &Answer, reply: &dyn Fn(&Type) -> TokenStream) -> TokenStream {
    let (ok, err) = match answer {
        Answer::Plain(form) => {
            let ok = owned_form(form, reply);
            return generated!(::core::result::Result<#ok, #runtime::Error>);
        }
        Answer::Outcome { ok, err } => (owned_form(ok, reply), reply(err)),
        Answer::Alias(alias) => alias_parts(runtime, alias, reply),
    };
    generated!(::core::result::Result<#ok, #runtime::CallError<#err>>)
}

/// The type that the row encodes: what the user's function returned.
pub(crate) fn answered(runtime: &Path, answer: &Answer) -> TokenStream {
    let reply = |ty: &Type| checked(runtime, "Reply", ty);
    let (ok, err) = match answer {
        Answer::Plain(form) => return answered_form(form, &reply),
        Answer::Outcome { ok, err } => (answered_form(ok, &reply), reply(err)),
        Answer::Alias(alias) => alias_parts(runtime, alias, &reply),
    };
    generated!(::core::result::Result<#ok, #err>)
}

/// The two types of a function's answer, of which the second is missing where it returns no `Result`.
pub(crate) fn outcome_types(
    runtime: &Path,
    answer: &Answer,
    reply: &dyn Fn(&Type) -> TokenStream,
) -> (TokenStream, Option<TokenStream>) {
    match answer {
        Answer::Plain(form) => (owned_form(form, reply), None),
        Answer::Outcome { ok, err } => (owned_form(ok, reply), Some(reply(err))),
        Answer::Alias(alias) => {
            let (ok, err) = alias_parts(runtime, alias, reply);
            (ok, Some(err))
        }
    }
}

fn alias_parts(runtime: &Path, alias: &Type, reply: &dyn Fn(&Type) -> TokenStream) -> (TokenStream, TokenStream) {
    let part = |name: &str| {
        let name = syn::Ident::new(name, Span::mixed_site());
        reply(&syn::parse_quote!(<#alias as #runtime::__private::ResultType>::#name))
    };
    (part("Ok"), part("Err"))
}

/// The error's type of a `Result` under another name.
pub(crate) fn alias_error(runtime: &Path, alias: &Type) -> Type {
    syn::parse_quote!(<#alias as #runtime::__private::ResultType>::Err)
}

fn borrowed_form(form: &Form) -> TokenStream {
    match form {
        Form::Owned(ty) => ty.to_token_stream(),
        Form::Borrowed(pointee) => {
            let target = pointee.with(|ty| ty.to_token_stream());
            generated!(&#target)
        }
        Form::Optional(pointee) => {
            let target = pointee.with(|ty| ty.to_token_stream());
            generated!(::core::option::Option<&#target>)
        }
    }
}

fn answered_form(form: &Form, reply: &dyn Fn(&Type) -> TokenStream) -> TokenStream {
    match form {
        Form::Owned(ty) => reply(ty),
        Form::Borrowed(pointee) => {
            let target = pointee.with(reply);
            generated!(&#target)
        }
        Form::Optional(pointee) => {
            let target = pointee.with(reply);
            generated!(::core::option::Option<&#target>)
        }
    }
}

fn owned_form(form: &Form, reply: &dyn Fn(&Type) -> TokenStream) -> TokenStream {
    match form {
        Form::Owned(ty) => reply(ty),
        Form::Borrowed(pointee) => owned_pointee(pointee, reply),
        Form::Optional(pointee) => {
            let owned = owned_pointee(pointee, reply);
            generated!(::core::option::Option<#owned>)
        }
    }
}

fn owned_pointee(pointee: &Pointee, reply: &dyn Fn(&Type) -> TokenStream) -> TokenStream {
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
    fn with(&self, inner: impl Fn(&Type) -> TokenStream) -> TokenStream {
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

/// `<ty as Marker>::Is`, spanning the user's tokens from the first to the last.
pub(crate) fn checked(runtime: &Path, marker: &str, ty: &Type) -> TokenStream {
    let mut tokens = ty.to_token_stream().into_iter().map(|token| token.span());
    let first = tokens.next().unwrap_or_else(Span::mixed_site);
    let last = tokens.last().unwrap_or(first);
    let marker = syn::Ident::new(marker, Span::mixed_site());
    let open = quote_spanned!(first=> <);
    let close = quote_spanned!(last=> >::Is);
    quote!(#open #ty as #runtime::__private::#marker #close)
}
