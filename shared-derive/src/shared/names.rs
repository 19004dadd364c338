//! The rules about the names of what handles offer.

use std::collections::HashMap;

use syn::ext::IdentExt;

use super::interface::{Exported, Interface};
use crate::errors::Errors;

/// What `Shared` and the traits that everybody has in scope do with a handle. A proxy's method of
/// such a name would be found before the handle's, or the other way round.
const HANDLE_NAMES: &[&str] = &[
    "clone",
    "clone_from",
    "into",
    "try_into",
    "from",
    "eq",
    "ne",
    "hash",
    "to_owned",
    "borrow",
    "borrow_mut",
    "deref",
    "fmt",
    "to_string",
    "serialize",
    "drop",
    "type_id",
    "as_ref",
];

/// See [`HANDLE_NAMES`]. Accepted: `#[shared(rename = …)]`; in a trait, another name.
pub(super) fn methods_leave_handles_alone(interface: &Interface, advice: Advice, errors: &Errors) {
    for method in &interface.methods {
        if HANDLE_NAMES.iter().any(|name| method.name.unraw() == name) {
            let name = method.name.unraw();
            let advice = match advice {
                Advice::Rename => {
                    format!("for callers: `#[shared(rename = {name}_object)]`")
                }
                Advice::CallItElse => format!(", as `{name}_object`"),
            };
            errors.push(
                &method.name,
                format!(
                    "on a handle, `{name}` means the handle itself; give the method another \
                         name {advice}"
                ),
            );
        }
    }
}

/// What can be done about a name.
#[derive(Clone, Copy)]
pub(super) enum Advice {
    Rename,
    CallItElse,
}

/// A proxy's methods have one name each. Under `cfg` only the compiler can tell, and does.
/// Accepted: different names.
pub(super) fn names_differ(interface: &Interface, errors: &Errors) {
    let mut taken: HashMap<String, &Exported> = HashMap::new();
    let certain = interface.methods.iter();
    for method in certain.filter(|method| method.carried.cfg.is_empty()) {
        if let Some(earlier) = taken.insert(method.name.unraw().to_string(), method) {
            errors.push(
                &method.name,
                format!(
                    "the proxy already has `{}`, made from `{}`; use another `rename`",
                    method.name,
                    earlier.function()
                ),
            );
        }
    }
}
