//! The rules for a trait. A method that breaks one is complained about and has no body that could be
//! called; the others are expanded all the same, so that whoever uses the trait sees no errors that
//! are not theirs. Where the trait has no `dyn` type, nothing is expanded.

use quote::format_ident;
use syn::{FnArg, GenericParam, Path, Type, TypeParamBound};

use super::impl_block::{Member, Method, all_read};
use super::interface::{Answering, Exported, Interface, Receiver, Rejected, SharedTrait};
use super::names::{Advice, methods_leave_handles_alone};
use super::trait_block::TraitBlock;
use crate::attributes::{Names, TraitOptions};
use crate::carried::Carried;
use crate::errors::Errors;
use crate::function::Body;
use crate::signature::{check_answer, check_arguments};
use crate::types::{Contents, Outcome};
use crate::wire::alias_parts;

/// The rules about the trait as a whole.
const RULES: &[fn(&TraitBlock, &Errors)] = &[
    trait_is_safe,
    trait_is_not_generic,
    has_methods_only,
    supertraits_are_shared,
];

/// Supertraits that every handle has by itself.
const PLAIN_SUPERTRAITS: &[&str] = &[
    "Send",
    "Sync",
    "Unpin",
    "UnwindSafe",
    "RefUnwindSafe",
    "Debug",
];

/// Supertraits of `std` that no handle can have.
const FOREIGN_SUPERTRAITS: &[&str] = &[
    "Any",
    "Clone",
    "Copy",
    "Default",
    "Display",
    "Drop",
    "Eq",
    "Error",
    "Fn",
    "FnMut",
    "FnOnce",
    "Future",
    "Hash",
    "Iterator",
    "Ord",
    "PartialEq",
    "PartialOrd",
    "Read",
    "Sized",
    "Write",
];

/// Checks a trait. `None` if there is nothing to expand.
pub(crate) fn check(
    block: &TraitBlock,
    options: TraitOptions,
    errors: &Errors,
) -> Option<SharedTrait> {
    let before = errors.count();
    for rule in RULES {
        rule(block, errors);
    }
    let TraitOptions {
        runtime,
        names:
            Names {
                name,
                version,
                proxy,
                calls,
            },
    } = options;
    let ident = &block.ident;
    let object: Type = syn::parse_quote!(dyn #ident);
    let sound = errors.count() == before && all_read(&block.members);
    let mut methods = Vec::new();
    let mut rejected = Vec::new();
    for method in block.functions() {
        if method.options.skip.is_some() {
            let missing = skipped_methods_have_defaults(method, errors);
            rejected.extend(missing.then(|| Rejected::of(method)));
            continue;
        }
        match check_method(method, block, errors) {
            Some(method) => methods.push(method),
            None => rejected.push(Rejected::of(method)),
        }
    }
    let sound = sound && rejected.iter().all(can_be_called_on_dyn);
    let interface = Interface {
        runtime,
        object,
        generics: syn::Generics::default(),
        proxy: proxy.unwrap_or_else(|| format_ident!("{ident}Proxy")),
        calls: calls.unwrap_or_else(|| format_ident!("{ident}Calls")),
        vis: block.vis.clone(),
        name,
        version: version.map_or(0, |version| version.0),
        carried: Carried::of(&block.attributes),
        methods,
    };
    methods_leave_handles_alone(&interface, Advice::CallItElse, errors);
    let clean = errors.count() == before && all_read(&block.members);
    trait_exports_something(block, &interface, clean, errors);

    sound.then(|| SharedTrait {
        interface,
        ident: ident.clone(),
        supers: shared_supertraits(block),
        rejected,
    })
}

impl Rejected {
    fn of(method: &Method) -> Self {
        Self {
            signature: method.function.signature.clone(),
            carried: Carried::of(&method.function.attributes),
        }
    }
}

/// Whether a `dyn` type can have the method, as far as its tokens tell.
fn can_be_called_on_dyn(Rejected { signature, .. }: &Rejected) -> bool {
    let mut parameters = signature.generics.params.iter();
    let lifetimes_only = parameters.all(|parameter| matches!(parameter, GenericParam::Lifetime(_)));
    let mut types = signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(argument) => Some(&*argument.ty),
        FnArg::Receiver(_) => None,
    });
    let opaque = |ty: &Type| Contents::of(ty).impl_trait.is_some();
    let answers_opaque = matches!(&signature.output, syn::ReturnType::Type(_, ty) if opaque(ty));
    lifetimes_only
        && signature.receiver().is_some()
        && signature.asyncness.is_none()
        && !answers_opaque
        && !types.any(opaque)
}

fn check_method(method: &Method, block: &TraitBlock, errors: &Errors) -> Option<Exported> {
    let before = errors.count();
    let signature = &method.function.signature;
    trait_method_is_not_async(method, errors);
    let receiver = trait_method_takes_self(method, errors);
    let arguments = check_arguments(signature, None, errors);
    let answer = trait_answer_is_a_result(method, errors);
    if let Some(plain) = &method.options.plain {
        errors.push(
            plain,
            "a trait's method returns its `Result`; remove `plain`",
        );
    }
    (errors.count() == before).then_some(())?;
    Some(Exported {
        signature: signature.clone(),
        name: signature.ident.clone(),
        vis: block.vis.clone(),
        carried: Carried::of(&method.function.attributes),
        receiver: receiver?,
        arguments: arguments?,
        answer: answer?,
        timeout: method
            .options
            .timeout
            .as_ref()
            .map(|timeout| timeout.duration),
    })
}

/// A caller in another process cannot vouch for anything in this one. Accepted: a safe trait.
fn trait_is_safe(block: &TraitBlock, errors: &Errors) {
    if let Some(token) = &block.unsafety {
        errors.push(
            token,
            "a handle cannot uphold the conditions of an `unsafe trait`; share a safe one",
        );
    }
}

/// A handle is to `dyn Store`, and that is one type. Accepted: a trait without parameters.
fn trait_is_not_generic(block: &TraitBlock, errors: &Errors) {
    if !block.generics.params.is_empty() {
        errors.push(
            &block.generics,
            "a generic trait cannot be `#[shared]`: a handle is to one `dyn` type; write the \
             concrete types in its methods",
        );
    } else if let Some(clause) = block
        .generics
        .where_clause
        .as_ref()
        .filter(|clause| !clause.predicates.is_empty())
    {
        errors.push(
            clause,
            "write what is above the trait after a colon, as `trait Store: Sync`",
        );
    }
}

/// Only methods can be called on a `dyn` type. Accepted: methods.
fn has_methods_only(block: &TraitBlock, errors: &Errors) {
    for member in &block.members {
        if let Member::Other(other) = member {
            errors.push(
                other,
                "a `#[shared]` trait has methods only, because handles are to `dyn` types; \
                 move this elsewhere",
            );
        }
    }
}

/// A handle has what is shared, and what every handle has. Accepted: `#[shared]` traits, `Send`,
/// `Sync`, `Unpin`, `UnwindSafe`, `RefUnwindSafe`, `Debug` and `'static`.
fn supertraits_are_shared(block: &TraitBlock, errors: &Errors) {
    for bound in &block.supertraits {
        match bound {
            TypeParamBound::Lifetime(lifetime) if lifetime.ident == "static" => {}
            TypeParamBound::Trait(bound)
                if bound.lifetimes.is_none() && !is_named(&bound.path, FOREIGN_SUPERTRAITS) => {}
            other => errors.push(
                other,
                "a handle to any object would have to be this; only `#[shared]` traits, auto traits, \
                 `Debug` and `'static` can stand here",
            ),
        }
    }
}

fn is_named(path: &Path, names: &[&str]) -> bool {
    let last = path.segments.last();
    last.is_some_and(|last| names.iter().any(|name| last.ident == name))
}

fn shared_supertraits(block: &TraitBlock) -> Vec<Path> {
    let traits = block.supertraits.iter().filter_map(|bound| match bound {
        TypeParamBound::Trait(bound) => Some(bound.path.clone()),
        _ => None,
    });
    traits
        .filter(|path| !is_named(path, PLAIN_SUPERTRAITS))
        .collect()
}

/// `dyn` types have no async methods. Accepted: `fn`; awaiting is for the caller, with
/// `Shared::calls`.
fn trait_method_is_not_async(method: &Method, errors: &Errors) {
    if let (Some(token), true) = (
        &method.function.signature.asyncness,
        cfg!(feature = "async"),
    ) {
        errors.push(
            token,
            "a trait with `async fn` has no `dyn` type, and handles are to those; make it a plain `fn` \
             and await its calls: `Shared::calls(&handle)`",
        );
    }
}

/// A handle cannot give its object away. Accepted: `&self`, `&mut self`; others with a default,
/// `where Self: Sized` and `#[shared(skip)]`.
fn trait_method_takes_self(method: &Method, errors: &Errors) -> Option<Receiver> {
    let signature = &method.function.signature;
    let receiver = match signature.inputs.first() {
        Some(FnArg::Receiver(receiver)) => Receiver::of(receiver, &syn::parse_quote!(Self)),
        _ => None,
    };
    if receiver.is_none() {
        errors.push(
            &signature.ident,
            "a handle can only call methods that take `&self` or `&mut self`; give this one a \
             default, `where Self: Sized` and `#[shared(skip)]`, or move it elsewhere",
        );
    }
    receiver
}

/// Every call can fail, and a trait's method says so in its own words. Accepted: `Result<T, E>`
/// with an owned `T`, and an alias of the name `Result`, or any with `#[shared(result)]`.
fn trait_answer_is_a_result(method: &Method, errors: &Errors) -> Option<Answering> {
    let before = errors.count();
    let signature = &method.function.signature;
    let result = method.options.result.as_ref();
    check_answer(&signature.output, None, result, None, errors);
    let outcome = match &signature.output {
        syn::ReturnType::Type(_, ty) => Outcome::of(ty, result.is_some()),
        syn::ReturnType::Default => None,
    };
    let Some(outcome) = outcome else {
        errors.push(
            &signature.ident,
            "a call can fail, so a shared trait's method returns `Result<T, E>`, where `E` \
             implements `From<shared_runtime::Error>`",
        );
        return None;
    };
    let (ok, err) = match outcome {
        Outcome::Plain { ok, err } => (ok, err),
        Outcome::Alias { whole, .. } => alias_parts(&whole),
    };
    if let Some(borrow) = Contents::of(&ok).borrow {
        errors.push(
            borrow,
            "what a trait's method returns is the caller's own, here and in other processes; return \
             the owned type",
        );
    }
    (errors.count() == before).then(|| Answering::OfTrait {
        ok: Box::new(ok),
        err: Box::new(err),
    })
}

/// A handle runs what is skipped in the caller's process. Accepted: a method with a default.
fn skipped_methods_have_defaults(method: &Method, errors: &Errors) -> bool {
    let lacks = matches!(method.function.body, Body::None(_));
    if let (Some(skip), true) = (&method.options.skip, lacks) {
        errors.push(
            skip,
            "a handle needs a body for a method that is skipped; give it a default",
        );
    }
    lacks
}

/// Accepted: one method that is not skipped, or a shared trait above.
fn trait_exports_something(
    block: &TraitBlock,
    interface: &Interface,
    clean: bool,
    errors: &Errors,
) {
    if clean && interface.methods.is_empty() && shared_supertraits(block).is_empty() {
        errors.push(
            &block.ident,
            "nothing here can be called from another process; add a method that takes `&self` or \
             `&mut self`",
        );
    }
}
