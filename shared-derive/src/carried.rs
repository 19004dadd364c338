//! The attributes that generated code takes over from the user's item: `cfg`, docs, `deprecated`,
//! `must_use` and lint levels. Everything else (`inline`, other macros) concerns the user's own
//! function only.

use syn::{Attribute, Meta};

use crate::attributes::conditional;

/// What a generated item takes over.
#[derive(Default)]
pub(crate) struct Carried {
    /// Belongs on every piece made for the item, for all of them come and go together.
    pub(crate) cfg: Vec<Attribute>,
    /// Empty where the user wrote none.
    pub(crate) docs: Vec<Attribute>,
    /// `deprecated` and `must_use`, on what users name.
    pub(crate) notices: Vec<Attribute>,
    /// Lint levels.
    pub(crate) lints: Vec<Attribute>,
}

impl Carried {
    pub(crate) fn of(attributes: &[Attribute]) -> Self {
        let mut carried = Self::default();
        for attribute in attributes {
            match kind(attribute) {
                Kind::Cfg => carried.cfg.push(attribute.clone()),
                Kind::Doc => carried.docs.push(attribute.clone()),
                Kind::Notice => carried.notices.push(attribute.clone()),
                Kind::Lint => carried.lints.push(allowing(attribute)),
                Kind::Other => {}
            }
        }
        carried
    }
}

enum Kind {
    Cfg,
    Doc,
    Notice,
    Lint,
    Other,
}

fn kind(attribute: &Attribute) -> Kind {
    let conditional = conditional(attribute);
    match conditional.as_slice() {
        [] => kind_of_meta(&attribute.meta),
        metas
            if metas
                .iter()
                .any(|meta| matches!(kind_of_meta(meta), Kind::Cfg)) =>
        {
            Kind::Cfg
        }
        // An expectation would have to be turned into an `allow` inside the `cfg_attr`; nobody
        // writes that.
        metas if metas.iter().any(|meta| meta.path().is_ident("expect")) => Kind::Other,
        metas
            if metas
                .iter()
                .all(|meta| matches!(kind_of_meta(meta), Kind::Lint)) =>
        {
            Kind::Lint
        }
        metas
            if metas
                .iter()
                .all(|meta| !matches!(kind_of_meta(meta), Kind::Other)) =>
        {
            Kind::Notice
        }
        _ => Kind::Other,
    }
}

fn kind_of_meta(meta: &Meta) -> Kind {
    let Some(name) = meta.path().get_ident() else {
        return Kind::Other;
    };
    match name.to_string().as_str() {
        "cfg" => Kind::Cfg,
        "doc" => Kind::Doc,
        "deprecated" | "must_use" => Kind::Notice,
        "allow" | "warn" | "deny" | "forbid" | "expect" => Kind::Lint,
        _ => Kind::Other,
    }
}

/// `expect` becomes `allow`: the generated item need not show what the user's own does, and an
/// expectation that is not met is a warning.
fn allowing(attribute: &Attribute) -> Attribute {
    let mut attribute = attribute.clone();
    if let Meta::List(list) = &mut attribute.meta
        && list.path.is_ident("expect")
    {
        let allow = syn::Ident::new("allow", list.path.segments[0].ident.span());
        list.path = allow.into();
    }
    attribute
}
