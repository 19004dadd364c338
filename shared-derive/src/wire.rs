//! How arguments and answers are written in generated code, on both sides of a call. The tuple that
//! the client encodes and the one that the server decodes stand here side by side, because they
//! must agree.
//!
//! Every type of the user that serde must know is written `<T as ArgumentType>::Is` or `<T as
//! ReplyType>::Is` where a function is called with it; that is `T` itself. Where `T` lacks
//! something, the compiler finds out at that path, which spans the user's own tokens, and says the
//! same thing only once. Types of `std` that surely travel are written as they are.
//!
//! `__rt` is the runtime, under the name that generated code gives it ([`runtime_as_rt`]).

use std::collections::HashSet;

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Ident, Path, Type};

use crate::carried::Carried;
use crate::signature::{Answer, Argument};
use crate::types::{Form, Pointee, is_simple};

/// How the user's own types are written inside of others.
type Spelling<'a> = &'a dyn Fn(&Type) -> TokenStream;

/// What generated code says first in each of its blocks.
pub(crate) fn runtime_as_rt(runtime: &Path) -> TokenStream {
    generated!(use #runtime::__private as __rt;)
}

/// The parameters of a generated function: as the user wrote them, less `mut` and lifetimes.
pub(crate) fn parameters(arguments: &[Argument]) -> TokenStream {
    let parameters = arguments.iter().map(|Argument { name, form }| {
        let ty = written(form, &ToTokens::to_token_stream);
        generated!(#name: #ty)
    });
    generated!(#(#parameters),*)
}

/// The client's tuple of arguments, as an expression over the parameters.
pub(crate) fn sent(arguments: &[Argument]) -> TokenStream {
    let values = arguments.iter().map(|Argument { name, form }| match form {
        Form::Borrowed(Pointee::Bytes(_)) => generated!(__rt::Bytes(#name)),
        Form::Optional(Pointee::Bytes(_)) => generated!(#name.map(__rt::Bytes)),
        _ => generated!(#name),
    });
    generated!((#(#values,)*))
}

/// The type of the client's tuple.
pub(crate) fn sent_type(arguments: &[Argument]) -> TokenStream {
    let types = arguments.iter().map(|Argument { form, .. }| match form {
        Form::Borrowed(Pointee::Bytes(_)) => generated!(__rt::Bytes<'_>),
        Form::Optional(Pointee::Bytes(_)) => {
            generated!(::core::option::Option<__rt::Bytes<'_>>)
        }
        _ => written(form, &argument_type),
    });
    generated!((#(#types,)*))
}

/// An argument as the server has it.
struct Received {
    /// What its bytes are decoded to.
    ty: TokenStream,
    /// Takes that apart, to the name that the user gave the argument.
    pattern: TokenStream,
    /// What the user's function is called with then.
    passed: TokenStream,
}

impl Received {
    /// In place where the type allows.
    fn of(Argument { name, form }: &Argument) -> Self {
        let (ty, pattern, passed) = match form {
            Form::Owned(ty) if is_simple(ty) => (quote!(#ty), quote!(#name), quote!(#name)),
            Form::Owned(ty) => (decoded(ty), generated!(__rt::Decoded(#name)), quote!(#name)),
            Form::Borrowed(pointee) => Self::borrowed(name, pointee),
            Form::Optional(pointee) => Self::optional(name, pointee),
        };
        Self {
            ty,
            pattern,
            passed,
        }
    }

    fn borrowed(name: &Ident, pointee: &Pointee) -> (TokenStream, TokenStream, TokenStream) {
        match pointee {
            Pointee::Str(ty) => (generated!(&#ty), quote!(#name), quote!(#name)),
            Pointee::Bytes(_) => (
                generated!(__rt::Bytes<'_>),
                generated!(__rt::Bytes(#name)),
                quote!(#name),
            ),
            // The user may have a `Path` of their own.
            Pointee::Path(ty) => (
                generated!(<#ty as __rt::RefArg>::Decoded<'_>),
                quote!(#name),
                generated!(<#ty as __rt::RefArg>::borrow(&#name)),
            ),
            Pointee::Slice(element) => (
                decoded_slice(element),
                generated!(__rt::DecodedSlice(#name)),
                generated!(&#name),
            ),
            Pointee::Value(ty) => (
                decoded(ty),
                generated!(__rt::Decoded(#name)),
                generated!(&#name),
            ),
        }
    }

    fn optional(name: &Ident, pointee: &Pointee) -> (TokenStream, TokenStream, TokenStream) {
        let (ty, passed) = match pointee {
            Pointee::Str(ty) => (generated!(&#ty), quote!(#name)),
            Pointee::Bytes(_) => (
                generated!(__rt::Bytes<'_>),
                generated!(#name.map(|argument| argument.0)),
            ),
            Pointee::Path(ty) => (
                generated!(<#ty as __rt::RefArg>::Decoded<'_>),
                generated!(#name.as_ref().map(<#ty as __rt::RefArg>::borrow)),
            ),
            Pointee::Slice(element) => (
                decoded_slice(element),
                generated!(#name.as_ref().map(|argument| &*argument.0)),
            ),
            Pointee::Value(ty) => (
                decoded(ty),
                generated!(#name.as_ref().map(|argument| &argument.0)),
            ),
        };
        (
            generated!(::core::option::Option<#ty>),
            quote!(#name),
            passed,
        )
    }
}

fn decoded(ty: &Type) -> TokenStream {
    let ty = argument_type(ty);
    generated!(__rt::Decoded<#ty>)
}

fn decoded_slice(element: &Type) -> TokenStream {
    let element = argument_type(element);
    generated!(__rt::DecodedSlice<#element>)
}

/// The server's tuple of arguments: the same bytes as the client's.
fn received_type(arguments: &[Argument]) -> TokenStream {
    let types = arguments.iter().map(|argument| Received::of(argument).ty);
    generated!((#(#types,)*))
}

/// Takes the server's tuple apart.
pub(crate) fn received(arguments: &[Argument]) -> TokenStream {
    let ty = received_type(arguments);
    if arguments.is_empty() {
        return generated!(arguments.decode::<#ty>()?;);
    }
    let patterns = arguments
        .iter()
        .map(|argument| Received::of(argument).pattern);
    generated!(let (#(#patterns,)*) = arguments.decode::<#ty>()?;)
}

/// What the user's function is called with, once they are apart.
pub(crate) fn passed(arguments: &[Argument]) -> Vec<TokenStream> {
    let passed = arguments
        .iter()
        .map(|argument| Received::of(argument).passed);
    passed.collect()
}

/// How a row tells what its types look like: those that the server reads, and that the client does.
pub(crate) fn shapes(arguments: &[Argument], read_back: &TokenStream) -> TokenStream {
    let received = received_type(arguments);
    generated!(|shapes| shapes.of::<#received, #read_back>())
}

/// What the client reads: the answer as its caller owns it.
pub(crate) fn read_back(answer: &Answer) -> TokenStream {
    match outcome(answer, &replied) {
        (ok, None) => ok,
        (ok, Some(err)) => generated!(::core::result::Result<#ok, #err>),
    }
}

/// The same for a trait's method.
pub(crate) fn read_back_result(ok: &Type, err: &Type) -> TokenStream {
    let (ok, err) = (replied(ok), replied(err));
    generated!(::core::result::Result<#ok, #err>)
}

/// A part of an answer on its way out of the bytes.
pub(crate) fn replied(ty: &Type) -> TokenStream {
    if is_simple(ty) {
        return ty.to_token_stream();
    }
    let ty = reply_type(ty);
    generated!(__rt::Replied<#ty>)
}

/// What the proxy's method of a type returns.
pub(crate) fn returned(answer: &Answer) -> TokenStream {
    returned_with(answer, &ToTokens::to_token_stream)
}

/// The same type, checked: what the method's body names.
pub(crate) fn returned_checked(answer: &Answer) -> TokenStream {
    returned_with(answer, &reply_type)
}

fn returned_with(answer: &Answer, reply: Spelling<'_>) -> TokenStream {
    match outcome(answer, reply) {
        (ok, None) => generated!(::core::result::Result<#ok, __rt::Error>),
        (ok, Some(err)) => generated!(::core::result::Result<#ok, __rt::CallError<#err>>),
    }
}

/// The types that a function which sends is told: nothing where all of them surely travel, for then the
/// compiler finds them out and has nothing to complain about.
pub(crate) fn told(
    arguments: &[Argument],
    returned: &TokenStream,
    checked: &TokenStream,
) -> TokenStream {
    let sent = sent_type(arguments);
    let plain = arguments
        .iter()
        .all(|argument| is_simple(argument.form.inner()) || is_text(&argument.form));
    if plain && returned.to_string() == checked.to_string() {
        TokenStream::new()
    } else {
        generated!(::<#sent, #checked>)
    }
}

fn is_text(form: &Form) -> bool {
    matches!(
        form,
        Form::Borrowed(Pointee::Str(_)) | Form::Optional(Pointee::Str(_))
    )
}

/// The error of a trait's method, checked.
pub(crate) fn trait_error_type(err: &Type) -> TokenStream {
    checked(err, "TraitErrorType")
}

/// The type that the server encodes: what the user's function returned. It is named so that the
/// compiler checks that it is what the client decodes, should `Result` turn out to be another type
/// of that name.
pub(crate) fn answered(answer: &Answer) -> TokenStream {
    let (ok, err) = match answer {
        Answer::Plain(form) => return written(form, &reply_type),
        Answer::Outcome { ok, err } => (written(ok, &reply_type), reply_type(err)),
        Answer::Alias(alias) => {
            let (ok, err) = alias_parts(alias);
            (reply_type(&ok), reply_type(&err))
        }
    };
    generated!(::core::result::Result<#ok, #err>)
}

/// The runtime's function that encodes an answer.
pub(crate) fn encode(answer: &Answer) -> TokenStream {
    match answer {
        Answer::Plain(Form::Owned(ty)) if !is_simple(ty) => generated!(encode_answer),
        _ => generated!(encode),
    }
}

/// What the caller gets, as the types of success and, where the user's function returns a `Result`,
/// of failure.
pub(crate) fn outcome(answer: &Answer, reply: Spelling<'_>) -> (TokenStream, Option<TokenStream>) {
    match answer {
        Answer::Plain(form) => (owned_form(form, reply), None),
        Answer::Outcome { ok, err } => (owned_form(ok, reply), Some(reply(err))),
        Answer::Alias(alias) => {
            let (ok, err) = alias_parts(alias);
            (reply(&ok), Some(reply(&err)))
        }
    }
}

/// The two types of a `Result` under another name.
pub(crate) fn alias_parts(alias: &Type) -> (Type, Type) {
    let part = |name| Type::Verbatim(spanned_path(alias, "ResultType", name));
    (part("Ok"), part("Err"))
}

/// The error type of an answer, if it has one.
pub(crate) fn error_of(answer: &Answer) -> Option<Type> {
    match answer {
        Answer::Plain(_) => None,
        Answer::Outcome { err, .. } => Some(Type::clone(err)),
        Answer::Alias(alias) => Some(alias_parts(alias).1),
    }
}

/// Has the compiler find out which of these types are errors; each once under one `cfg`.
pub(crate) fn error_types<'a>(types: impl Iterator<Item = (&'a Carried, Type)>) -> TokenStream {
    let mut seen = HashSet::new();
    let new = types.filter(|(Carried { cfg, .. }, ty)| {
        !is_simple(ty) && seen.insert(quote!(#(#cfg)* #ty).to_string())
    });
    let entries = new.enumerate().map(|(number, (carried, ty))| {
        let cfg = &carried.cfg;
        let entry = quote::format_ident!("__ERROR_{number}", span = Span::mixed_site());
        generated! {
            #(#cfg)*
            #[__rt::linkme::distributed_slice(__rt::ERRORS)]
            #[linkme(crate = __rt::linkme)]
            static #entry: __rt::ErrorType = __rt::ErrorType {
                id: ::core::any::TypeId::of::<#ty>,
                as_error: |error| (&__rt::Asked::<#ty>::NEW).as_error(error),
            };
        }
    });
    let entries: TokenStream = entries.collect();
    if entries.is_empty() {
        return entries;
    }
    generated! {
        use __rt::{IsError as _, IsNoError as _};
        #entries
    }
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

/// The type of an argument, checked.
pub(crate) fn argument_type(ty: &Type) -> TokenStream {
    checked(ty, "ArgumentType")
}

/// The type of an answer or of a part of it, checked.
pub(crate) fn reply_type(ty: &Type) -> TokenStream {
    checked(ty, "ReplyType")
}

fn checked(ty: &Type, step: &str) -> TokenStream {
    if step != "TraitErrorType" && is_simple(ty) {
        return ty.to_token_stream();
    }
    spanned_path(ty, step, "Is")
}

/// The function that gives the implementation of a shared trait for a type, where `of_trait` stands.
pub(crate) fn implementation(of_trait: &Path, ty: &TokenStream) -> TokenStream {
    let (first, _) = ends(&of_trait.to_token_stream());
    let dyn_trait = quote_spanned!(first=> dyn #of_trait);
    spanned_member(&dyn_trait, &generated!(__rt::Hosts<#ty>), "implementation")
}

/// Refuses a type with `lock = "mutex"`, where `of_trait` stands.
pub(crate) fn has_no_mutex(of_trait: &Path, ty: &Type) -> TokenStream {
    let (first, _) = ends(&of_trait.to_token_stream());
    let here = Span::mixed_site().located_at(first);
    quote_spanned! {here=>
        const _: () = {
            #[allow(unused_imports)]
            use __rt::AnyLock as _;
            __rt::has_no_mutex(__rt::Lock::<#ty>::ALONE);
        };
    }
}

/// `<ty as name>::part`, which the compiler underlines from the first token of `ty` to the last.
fn spanned_path(ty: &Type, name: &str, part: &str) -> TokenStream {
    let name = Ident::new(name, Span::mixed_site());
    spanned_member(&ty.to_token_stream(), &generated!(__rt::#name), part)
}

fn spanned_member(ty: &TokenStream, of_trait: &TokenStream, member: &str) -> TokenStream {
    let (first, last) = ends(ty);
    let member = Ident::new(member, last);
    let open = quote_spanned!(first=> <);
    let close = quote_spanned!(last=> >::#member);
    quote!(#open #ty as #of_trait #close)
}

/// Where the first and the last token stand.
fn ends(tokens: &TokenStream) -> (Span, Span) {
    let mut spans = tokens.clone().into_iter().map(|token| token.span());
    let first = spans.next().unwrap_or_else(Span::mixed_site);
    (first, spans.last().unwrap_or(first))
}
