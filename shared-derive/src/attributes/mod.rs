//! The options that users write: `#[shared(…)]` on an impl and on its methods, `#[task(…)]`,
//! `#[main(…)]`. Only what was written is read here; whether the options fit the item and each
//! other is for the checks.

mod given;
mod table;
mod values;

use proc_macro2::TokenStream;
use quote::quote;
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitStr, Meta, Path, Token, Type, Visibility};

use crate::errors::Errors;
use given::Given;
use table::{MAIN, METHOD, TASK, TRAIT, TRAIT_IMPL, TRAIT_METHOD, TYPE, Table};
pub(crate) use values::{Mutex, Timeout, Version};

/// What stands in `#[shared(…)]` on an inherent impl.
pub(crate) struct TypeOptions {
    pub(crate) runtime: Path,
    pub(crate) explicit: Option<Ident>,
    pub(crate) instances: Vec<Type>,
    pub(crate) lock: Option<Mutex>,
    pub(crate) snapshot: Option<Ident>,
    pub(crate) debug: Option<Ident>,
    pub(crate) vis: Option<Visibility>,
    pub(crate) names: Names,
}

/// What stands in `#[shared(…)]` on a trait.
pub(crate) struct TraitOptions {
    pub(crate) runtime: Path,
    pub(crate) names: Names,
}

/// What stands in `#[shared(…)]` on an impl of a trait.
pub(crate) struct TraitImplOptions {
    pub(crate) runtime: Path,
    pub(crate) instances: Vec<Type>,
}

/// What a type or a trait, and what is generated for it, is called.
pub(crate) struct Names {
    pub(crate) name: Option<LitStr>,
    pub(crate) version: Option<Version>,
    pub(crate) proxy: Option<Ident>,
    pub(crate) calls: Option<Ident>,
}

/// What stands in `#[shared(…)]` on a method. The names are kept, for errors to point at.
pub(crate) struct MethodOptions {
    pub(crate) skip: Option<Ident>,
    pub(crate) export: Option<Ident>,
    pub(crate) rename: Option<Ident>,
    pub(crate) result: Option<Ident>,
    pub(crate) plain: Option<Ident>,
    pub(crate) timeout: Option<Timeout>,
}

/// Where a method stands, which says what options it may have.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    Type,
    Trait,
}

/// What stands in `#[task(…)]`.
pub(crate) struct TaskOptions {
    pub(crate) runtime: Path,
    pub(crate) item: Option<Ident>,
}

/// What stands in `#[main(…)]`.
pub(crate) struct MainOptions {
    pub(crate) runtime: Path,
}

impl TypeOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let given = Given::read(tokens, &TYPE, errors);
        Self {
            runtime: given.runtime(),
            explicit: given.flag("explicit"),
            instances: given.types("instances"),
            lock: given.value("lock"),
            snapshot: given.flag("snapshot"),
            debug: given.flag("debug"),
            vis: given.value("vis"),
            names: Names::read(&given),
        }
    }
}

impl TraitOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let given = Given::read(tokens, &TRAIT, errors);
        Self {
            runtime: given.runtime(),
            names: Names::read(&given),
        }
    }
}

impl TraitImplOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let given = Given::read(tokens, &TRAIT_IMPL, errors);
        Self {
            runtime: given.runtime(),
            instances: given.types("instances"),
        }
    }
}

impl Names {
    fn read(given: &Given<'_>) -> Self {
        Self {
            name: given.value("name"),
            version: given.value("version"),
            proxy: given.value("proxy"),
            calls: given.value("calls"),
        }
    }
}

impl Place {
    fn table(self) -> &'static Table {
        match self {
            Self::Type => &METHOD,
            Self::Trait => &TRAIT_METHOD,
        }
    }
}

impl MethodOptions {
    /// Reads the marks that [`take_marks`] took off a method.
    pub(crate) fn read(marks: &[Attribute], place: Place, errors: &Errors) -> Self {
        let mut tokens = TokenStream::new();
        for mark in marks {
            match &mark.meta {
                Meta::List(list) => {
                    let list = &list.tokens;
                    tokens.extend(quote!(#list,));
                }
                Meta::Path(_) | Meta::NameValue(_) => {
                    errors.push(mark, format!("say what to do: {}", place.table().known()));
                }
            }
        }
        let given = Given::read(tokens, place.table(), errors);
        Self {
            skip: given.flag("skip"),
            export: given.flag("export"),
            rename: given.value("rename"),
            result: given.flag("result"),
            plain: given.flag("plain"),
            timeout: given.value("timeout"),
        }
    }
}

impl TaskOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let given = Given::read(tokens, &TASK, errors);
        Self {
            runtime: given.runtime(),
            item: given.value("item"),
        }
    }
}

impl MainOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        Self {
            runtime: Given::read(tokens, &MAIN, errors).runtime(),
        }
    }
}

/// Takes our own marks off, so that the compiler never sees them.
pub(crate) fn take_marks(attributes: &mut Vec<Attribute>) -> Vec<Attribute> {
    attributes
        .extract_if(.., |attribute| is_mark(attribute.path()))
        .collect()
}

/// Whether a `cfg_attr` holds one of our marks. It is not evaluated when the macro runs, so the
/// mark would come too late.
pub(crate) fn hides_mark(attribute: &Attribute) -> bool {
    conditional(attribute)
        .iter()
        .any(|meta| is_mark(meta.path()))
}

/// What a `cfg_attr` would write; nothing for other attributes.
pub(crate) fn conditional(attribute: &Attribute) -> Vec<Meta> {
    if !attribute.path().is_ident("cfg_attr") {
        return Vec::new();
    }
    let all = attribute
        .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .unwrap_or_default();
    all.into_iter().skip(1).collect()
}

fn is_mark(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|last| last.ident == "shared")
}
