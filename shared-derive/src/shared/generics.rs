//! The rules for the parameters of a shared type, and how generated types repeat them.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{GenericParam, Generics, Ident, LitStr, Type, TypeParamBound};

use crate::errors::Errors;

/// Checks the parameters of an impl and what is said about its instances.
pub(super) fn check(
    generics: &Generics,
    instances: &[Type],
    name: Option<&LitStr>,
    errors: &Errors,
) {
    parameters_are_owned(generics, errors);
    parameters_have_bounds(generics, errors);
    instances_need_parameters(generics, instances, errors);
    instances_have_their_own_names(generics, name, errors);
    says_something(generics, errors);
}

/// An object lives in another process, longer than anything that it could borrow. Accepted: types
/// and constants.
fn parameters_are_owned(generics: &Generics, errors: &Errors) {
    for lifetime in generics.lifetimes() {
        errors.push(
            lifetime,
            "a shared object can borrow nothing: it lives as long as any process holds a handle; \
             write `'static`, or an owned type",
        );
    }
}

/// What is hosted lives in another process as long as anybody wants it, and is used by many threads. Accepted: any bound, for the compiler
/// says what is missing.
fn parameters_have_bounds(generics: &Generics, errors: &Errors) {
    let clause = generics.where_clause.iter();
    let bounded: Vec<String> = clause
        .flat_map(|clause| &clause.predicates)
        .map(|predicate| quote!(#predicate).to_string())
        .collect();
    for parameter in generics.type_params() {
        let name = parameter.ident.to_string();
        let elsewhere = bounded.iter().any(|bound| bound.starts_with(&name));
        if parameter.bounds.is_empty() && !elsewhere {
            errors.push(
                parameter,
                format!(
                    "write `{name}: serde::Serialize + serde::de::DeserializeOwned + Send + Sync + 'static`, less what \
                     the methods do not need"
                ),
            );
        }
    }
}

/// Accepted: `instances(…)` on `impl<T> Stack<T>`.
fn instances_need_parameters(generics: &Generics, instances: &[Type], errors: &Errors) {
    if let (true, [first, ..]) = (generics.params.is_empty(), instances) {
        errors.push(
            first,
            "this type has no parameters, so it is its own only instance; remove `instances(…)`",
        );
    }
}

/// A name stands for one type. Accepted: no `name`, so that each instance has that of its type.
fn instances_have_their_own_names(generics: &Generics, name: Option<&LitStr>, errors: &Errors) {
    if let Some(name) = name.filter(|_| !generics.params.is_empty()) {
        errors.push(
            name,
            "every instance of a generic type needs a name of its own; remove `name`, or share a \
             struct that holds the instance",
        );
    }
}

/// Without parameters a `where` clause says nothing. Accepted: `where` on a generic impl.
fn says_something(generics: &Generics, errors: &Errors) {
    if let Some(clause) = generics
        .where_clause
        .as_ref()
        .filter(|clause| generics.params.is_empty() && !clause.predicates.is_empty())
    {
        errors.push(
            clause,
            "remove the `where` clause: without parameters it says nothing",
        );
    }
}

/// The parameters as a generated type declares them: without their bounds, which are for the
/// methods.
pub(super) fn declared(generics: &Generics) -> TokenStream {
    if generics.params.is_empty() {
        return TokenStream::new();
    }
    let parameters = generics.params.iter().map(|parameter| match parameter {
        GenericParam::Type(ty) => {
            let ident = &ty.ident;
            let unsized_too = ty.bounds.iter().find(|bound| is_maybe(bound));
            unsized_too.map_or_else(|| quote!(#ident), |bound| quote!(#ident: #bound))
        }
        GenericParam::Const(constant) => {
            let (ident, ty) = (&constant.ident, &constant.ty);
            quote!(const #ident: #ty)
        }
        GenericParam::Lifetime(lifetime) => {
            let lifetime = &lifetime.lifetime;
            quote!(#lifetime)
        }
    });
    quote!(<#(#parameters),*>)
}

/// A field that uses every type parameter and owns nothing; none without parameters.
pub(super) fn marker(generics: &Generics) -> Option<TokenStream> {
    if generics.params.is_empty() {
        return None;
    }
    let parameters: Vec<&Ident> = generics.type_params().map(|ty| &ty.ident).collect();
    Some(generated!(::core::marker::PhantomData<fn(#(&#parameters),*)>))
}

fn is_maybe(bound: &TypeParamBound) -> bool {
    matches!(bound, TypeParamBound::Trait(bound) if bound.maybe.is_some())
}
