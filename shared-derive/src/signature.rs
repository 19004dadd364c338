//! The rules for every function that is called from another process, be it a method, a constructor
//! or a task, and what is known of its arguments and answer once the rules hold. Knows nothing of
//! receivers.

use quote::quote;
use syn::{
    ConstParam, FnArg, GenericParam, Ident, Pat, PatType, ReturnType, Safety, Signature, Type,
    TypeParam,
};

use crate::errors::Errors;
use crate::types::{Contents, Form, Outcome, concrete, peeled};

/// The rules about the function as a whole. Each complains by itself.
const RULES: &[fn(&Signature, &Errors)] = &[
    is_not_async,
    is_not_unsafe,
    is_not_extern,
    is_not_variadic,
    has_no_generics,
    has_no_where,
    has_few_arguments,
];

/// The rules about each argument.
const ARGUMENT_RULES: &[fn(&PatType, &Errors)] =
    &[argument_has_name, argument_has_no_cfg, argument_can_travel];

/// Serde implements its traits for tuples up to this size, and the arguments travel as one tuple.
const MOST_ARGUMENTS: usize = 16;

/// An argument that can travel.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) form: Form,
}

/// An answer that can travel.
pub(crate) enum Answer {
    /// Comes back as `Result<R, Error>`.
    Plain(Form),
    /// Comes back as `Result<T, CallError<E>>`.
    Outcome { ok: Form, err: Box<Type> },
    /// The same for a `Result` under another name, whose parts the compiler finds.
    Alias(Type),
}

/// Checks a function and its arguments. `self_type` is what `Self` stands for.
pub(crate) fn check_arguments(
    signature: &Signature,
    self_type: Option<&Type>,
    errors: &Errors,
) -> Option<Vec<Argument>> {
    let before = errors.count();
    for rule in RULES {
        rule(signature, errors);
    }
    let arguments = typed(signature)
        .filter_map(|argument| check_argument(argument, self_type, errors))
        .collect();
    (errors.count() == before).then_some(arguments)
}

fn check_argument(
    argument: &PatType,
    self_type: Option<&Type>,
    errors: &Errors,
) -> Option<Argument> {
    for rule in ARGUMENT_RULES {
        rule(argument, errors);
    }
    let name = plain_name(&argument.pat)?.clone();
    Some(Argument {
        name,
        form: Form::of(&without_self(&argument.ty, self_type)),
    })
}

/// Checks what a function returns. `result` and `plain` are the marks that decide by hand whether
/// it is a `Result`.
pub(crate) fn check_answer(
    output: &ReturnType,
    self_type: Option<&Type>,
    result: Option<&Ident>,
    plain: Option<&Ident>,
    errors: &Errors,
) -> Option<Answer> {
    let before = errors.count();
    let ty = match output {
        ReturnType::Default => syn::parse_quote!(()),
        ReturnType::Type(_, ty) => without_self(ty, self_type),
    };
    result_marks_a_path(&ty, result, errors);
    answer_exists(&ty, errors);
    answer_can_travel(&ty, plain.is_some(), result.is_some(), errors);
    let outcome = if plain.is_some() {
        None
    } else {
        Outcome::of(&ty, result.is_some())
    };
    (errors.count() == before).then(|| Answer::of(&ty, outcome))
}

impl Answer {
    fn of(ty: &Type, outcome: Option<Outcome>) -> Self {
        match outcome {
            None => Self::Plain(Form::of(ty)),
            Some(Outcome::Plain { ok, err }) => Self::Outcome {
                ok: Form::of(&ok),
                err: Box::new(err),
            },
            Some(Outcome::Alias { whole, .. }) => Self::Alias(whole),
        }
    }
}

/// An async function is driven by an executor in the process that runs it, and not everybody wants to have
/// one. Accepted: `fn`; with the feature `async`, `async fn` too.
fn is_not_async(signature: &Signature, errors: &Errors) {
    if let (Some(token), false) = (&signature.asyncness, cfg!(feature = "async")) {
        errors.push(
            token,
            "`async fn` needs an executor in the process that runs it: enable the feature `async` of \
             `shared-runtime`, or make it a plain `fn`",
        );
    }
}

/// A caller in another process cannot vouch for anything in this one. Accepted: a safe `fn`.
fn is_not_unsafe(signature: &Signature, errors: &Errors) {
    if let Safety::Unsafe(token) = &signature.safety {
        errors.push(
            token,
            "`unsafe fn` cannot be called from another process, which cannot uphold its conditions; \
             write a safe `fn` that checks them and calls this one",
        );
    }
}

/// Arguments are encoded, not laid out in registers, so an ABI means nothing. Accepted: `fn`.
fn is_not_extern(signature: &Signature, errors: &Errors) {
    if let Some(abi) = &signature.abi {
        errors.push(
            abi,
            "`extern fn` cannot be called from another process; write a plain `fn` that calls it",
        );
    }
}

/// Only what has a type can be encoded. Accepted: a slice, `&[T]`.
fn is_not_variadic(signature: &Signature, errors: &Errors) {
    if let Some(variadic) = &signature.variadic {
        errors.push(
            variadic,
            "`...` cannot be sent to another process; take a slice, as `&[T]`",
        );
    }
}

/// The server has one table row for a method, and the row has one type. Accepted: concrete types; a
/// lifetime without bounds, which the proxy leaves out, because what crosses processes is owned on
/// the other side.
fn has_no_generics(signature: &Signature, errors: &Errors) {
    const PLAIN: &str = "a function that is called from another process cannot be generic;";
    for parameter in &signature.generics.params {
        let advice = match parameter {
            GenericParam::Lifetime(lifetime) if lifetime.bounds.is_empty() => continue,
            GenericParam::Lifetime(_) => {
                "lifetime bounds mean nothing across processes; leave the lifetimes to elision"
                    .into()
            }
            GenericParam::Type(TypeParam { ident, .. }) => {
                format!(
                    "{PLAIN} write the concrete type in place of `{ident}`, or a function for each"
                )
            }
            GenericParam::Const(ConstParam { ident, .. }) => {
                format!("{PLAIN} write the number in place of `{ident}`, or take it as an argument")
            }
        };
        errors.push(parameter, advice);
    }
}

/// Without generics a `where` clause says nothing that the types do not say. Accepted: none, or an
/// empty one.
fn has_no_where(signature: &Signature, errors: &Errors) {
    let clause = signature.generics.where_clause.as_ref();
    if let Some(clause) = clause.filter(|clause| !clause.predicates.is_empty()) {
        errors.push(
            clause,
            "`where` on a function that is called from another process: remove it and use \
             concrete types",
        );
    }
}

/// See [`MOST_ARGUMENTS`]. Accepted: a struct with the rest.
fn has_few_arguments(signature: &Signature, errors: &Errors) {
    if let Some(first) = typed(signature).nth(MOST_ARGUMENTS) {
        errors.push(
            first,
            format!("at most {MOST_ARGUMENTS} arguments can be sent; gather them in a struct"),
        );
    }
}

/// The proxy's method has the same arguments by name. Accepted: `name: T`, `mut name: T`.
fn argument_has_name(argument: &PatType, errors: &Errors) {
    if plain_name(&argument.pat).is_none() {
        errors.push(
            &argument.pat,
            "give the argument a plain name, and take it apart in the body with `let`",
        );
    }
}

/// The tuple of arguments must be the same on both sides. Accepted: `cfg` on the whole method.
fn argument_has_no_cfg(argument: &PatType, errors: &Errors) {
    for attribute in &argument.attrs {
        if attribute.path().is_ident("cfg") || attribute.path().is_ident("cfg_attr") {
            errors.push(
                attribute,
                "`cfg` on an argument is not supported; write the method twice, each with its \
                 own `#[cfg]`",
            );
        }
    }
}

/// Only what is owned, or read in place as a whole, can travel. Accepted: `T`, `&T`, `Option<&T>`.
fn argument_can_travel(argument: &PatType, errors: &Errors) {
    let form = Form::of(&argument.ty);
    let contents = Contents::of(form.inner());
    if let Some(found) = contents.impl_trait {
        errors.push(
            found,
            "`impl Trait` cannot be sent to another process; write the concrete type",
        );
    }
    if let Some(found) = contents.mutable {
        errors.push(
            found,
            "a change would be made in another process, where the caller cannot see it; take \
             `&T` or `T` and return what changed",
        );
    }
    if let Some(found) = contents.borrow {
        errors.push(
            found,
            "an argument can be `&T` or `Option<&T>` as a whole, but hold no borrow inside; \
             write the owned type",
        );
    }
    if let Some(lifetime) = static_borrow(&argument.ty) {
        errors.push(
            lifetime,
            "an argument lives in another process only as long as the call; remove `'static`",
        );
    }
}

/// The compiler can only look for the parts of a `Result` behind a path. Accepted:
/// `#[shared(result)]` on `-> Alias<T>`.
fn result_marks_a_path(ty: &Type, result: Option<&Ident>, errors: &Errors) {
    if let Some(mark) = result
        && !matches!(peeled(ty), Type::Path(_))
    {
        errors.push(
            mark,
            "`result` is for an alias of `Result`, as `-> Saved<T>`; this is none, remove it",
        );
    }
}

/// A call ends with an answer. Accepted: `-> ()`, or a method that returns before the process ends.
fn answer_exists(ty: &Type, errors: &Errors) {
    if matches!(peeled(ty), Type::Never(_)) {
        errors.push(
            ty,
            "a function that never returns cannot answer its caller; return `()`",
        );
    }
}

/// An answer is a copy, so it is owned by the caller. Accepted: `T`, `&T`, `Option<&T>`, also as
/// the `T` of a `Result`.
fn answer_can_travel(ty: &Type, plain: bool, result: bool, errors: &Errors) {
    let outcome = if plain { None } else { Outcome::of(ty, result) };
    let parts = match &outcome {
        None => vec![Form::of(ty)],
        Some(Outcome::Plain { ok, err }) => vec![Form::of(ok), Form::Owned(err.clone())],
        Some(Outcome::Alias { whole, .. }) => vec![Form::Owned(whole.clone())],
    };
    for part in parts {
        let contents = Contents::of(part.inner());
        if let Some(found) = contents.impl_trait {
            errors.push(
                found,
                "`impl Trait` cannot be sent to another process; return the concrete type, as \
                 `Vec<T>`",
            );
        }
        if let Some(found) = contents.mutable {
            errors.push(
                found,
                "an answer is a copy, so changes to it would be lost; return `&T`, and add a \
                 method that makes the change",
            );
        }
        if let Some(found) = contents.borrow {
            errors.push(
                found,
                "an answer can be `&T` or `Option<&T>` as a whole, but hold no borrow inside; \
                 return the owned type",
            );
        }
    }
}

fn static_borrow(ty: &Type) -> Option<proc_macro2::TokenStream> {
    match peeled(ty) {
        Type::Reference(reference) => {
            let lifetime = reference
                .lifetime
                .as_ref()
                .filter(|lifetime| lifetime.ident == "static")?;
            Some(quote!(#lifetime))
        }
        _ => crate::types::only_argument(ty, "Option").and_then(static_borrow),
    }
}

fn without_self(ty: &Type, self_type: Option<&Type>) -> Type {
    self_type.map_or_else(|| ty.clone(), |self_type| concrete(ty, self_type))
}

fn plain_name(pattern: &Pat) -> Option<&Ident> {
    match pattern {
        Pat::Ident(name) if name.by_ref.is_none() && name.subpat.is_none() => Some(&name.ident),
        _ => None,
    }
}

fn typed(signature: &Signature) -> impl Iterator<Item = &PatType> {
    signature.inputs.iter().filter_map(|input| match input {
        FnArg::Typed(typed) => Some(typed),
        FnArg::Receiver(_) => None,
    })
}
