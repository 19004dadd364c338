//! `#[main]`: writes the call of `init` as the first statement of the program.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::parse::{ParseStream, Parser};
use syn::{Attribute, Path};

use crate::attributes::MainOptions;
use crate::errors::Errors;
use crate::function::{Body, Function};

/// Attributes that say nothing about who runs an async function. They stay on the outer `main`, and
/// so hold for the inner.
const OUTER: &[&str] = &[
    "doc",
    "cfg",
    "cfg_attr",
    "deprecated",
    "allow",
    "warn",
    "deny",
    "forbid",
    "expect",
];

/// The user's `main`, which calls `init` first.
pub(crate) fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    let errors = Errors::new();
    let MainOptions { runtime } = MainOptions::read(options, &errors);
    let function = Function::read(
        &item,
        "`#[shared_runtime::main]` goes on `fn main() { … }`",
        &errors,
    );
    let function = function.filter(|function| check(function, &errors));
    let expanded = function.map(|function| expand(&runtime, function));
    let errors = errors.finish();
    let main = expanded.unwrap_or(item);
    quote!(#main #errors)
}

fn check(function: &Function, errors: &Errors) -> bool {
    let before = errors.count();
    is_main(function, errors);
    takes_nothing(function, errors);
    is_run_by_someone(function, errors);
    errors.count() == before
}

/// Later than `main` is too late: a child would run the user's program again. Accepted: `fn main`.
fn is_main(function: &Function, errors: &Errors) {
    if function.signature.ident != "main" {
        errors.push(
            &function.signature.ident,
            "`#[shared_runtime::main]` goes on `fn main`; elsewhere, call \
                 `shared_runtime::init()` first thing in `main`",
        );
    }
}

/// Nobody could pass arguments. Accepted: `fn main()`.
fn takes_nothing(function: &Function, errors: &Errors) {
    if !function.signature.inputs.is_empty() {
        errors.push(
            &function.signature.inputs,
            "`main` takes no arguments; read them from `std::env::args()`",
        );
    }
}

/// We bring no executor. Accepted: `async fn main` with another attribute, as `#[tokio::main]`,
/// above or below ours.
fn is_run_by_someone(function: &Function, errors: &Errors) {
    if let Some(token) = function
        .signature
        .asyncness
        .filter(|_| function.attributes.iter().all(is_outer))
    {
        errors.push(
            token,
            "nothing here runs an `async fn`; add the attribute of an executor, as \
                 `#[tokio::main]`, below `#[shared_runtime::main]`",
        );
    }
}

fn expand(runtime: &Path, function: Function) -> TokenStream {
    if function.signature.asyncness.is_some() {
        wrapped(runtime, function)
    } else {
        prefixed(runtime, function)
    }
}

/// A sync `main` with one statement more.
fn prefixed(runtime: &Path, function: Function) -> TokenStream {
    let (inner, body) = split_body(&function.body);
    let body = generated!({ #(#inner)* #runtime::init(); #body });
    let Function {
        attributes,
        vis,
        signature,
        body: _,
    } = function;
    quote!(#(#attributes)* #vis #signature #body)
}

/// A sync `main` around the async one: no thread of an executor exists yet when `init` runs.
fn wrapped(runtime: &Path, function: Function) -> TokenStream {
    let (outer, inner): (Vec<_>, Vec<_>) = function.attributes.into_iter().partition(is_outer);
    let (vis, signature, body) = (function.vis, function.signature, function.body);
    let mut sync = signature.clone();
    sync.asyncness = None;
    let main = &signature.ident;
    let body = generated! {{
        #runtime::init();
        #(#inner)*
        #signature #body
        #main()
    }};
    quote!(#(#outer)* #vis #sync #body)
}

/// The `#![…]` attributes of a body, which must stay first, and the rest.
fn split_body(body: &Body) -> (Vec<Attribute>, TokenStream) {
    let Body::Block(body) = body else {
        return (Vec::new(), TokenStream::new());
    };
    let split = |input: ParseStream<'_>| Ok((input.call(Attribute::parse_inner)?, input.parse()?));
    split
        .parse2(body.stream())
        .unwrap_or_else(|_| (Vec::new(), body.to_token_stream()))
}

fn is_outer(attribute: &Attribute) -> bool {
    OUTER.iter().any(|name| attribute.path().is_ident(name))
}
