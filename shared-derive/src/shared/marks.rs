//! The rules for `#[shared(…)]` on a function: whether the options fit the function and each other.

use super::impl_block::Method;
use super::role::Role;
use crate::attributes::MethodOptions;
use crate::errors::Errors;

/// Each complains by itself. The last argument says whether the impl is `explicit`.
pub(super) const RULES: &[fn(&Method, &Role, bool, &Errors)] = &[
    skip_or_export,
    export_needs_explicit,
    explicit_needs_no_skip,
    result_or_plain,
    marks_have_effect,
    constructors_are_not_plain,
    constructors_have_no_timeout,
];

/// Both at once say nothing. Accepted: either.
fn skip_or_export(method: &Method, _: &Role, _: bool, errors: &Errors) {
    if let (Some(_), Some(export)) = (&method.options.skip, &method.options.export) {
        errors.push(
            export,
            "`skip` and `export` contradict each other; remove one",
        );
    }
}

/// Accepted: `export` on methods of a `#[shared(explicit)]` impl.
fn export_needs_explicit(method: &Method, _: &Role, explicit: bool, errors: &Errors) {
    if let Some(export) = method
        .options
        .export
        .as_ref()
        .filter(|_| !explicit && method.options.skip.is_none())
    {
        errors.push(
            export,
            "every visible method is exported already; remove `export`, or write \
             `#[shared(explicit)]` on the impl",
        );
    }
}

/// Accepted: `skip` on methods of an impl that is not `explicit`.
fn explicit_needs_no_skip(method: &Method, _: &Role, explicit: bool, errors: &Errors) {
    if let Some(skip) = method
        .options
        .skip
        .as_ref()
        .filter(|_| explicit && method.options.export.is_none())
    {
        errors.push(
            skip,
            "the impl is `explicit`, so what is not marked `export` is left out already; remove \
             `skip`",
        );
    }
}

/// Each says the opposite of the other. Accepted: either.
fn result_or_plain(method: &Method, _: &Role, _: bool, errors: &Errors) {
    if let (Some(_), Some(plain)) = (&method.options.result, &method.options.plain) {
        errors.push(
            plain,
            "`result` and `plain` contradict each other; remove one",
        );
    }
}

/// A mark without effect is a misunderstanding. Accepted: marks on what is exported; `skip` alone
/// anywhere.
fn marks_have_effect(method: &Method, role: &Role, explicit: bool, errors: &Errors) {
    let MethodOptions {
        skip,
        export,
        rename,
        result,
        plain,
        timeout: _,
    } = &method.options;
    let reason = match role {
        Role::None(reason) => *reason,
        _ if skip.is_some() => "the method is skipped",
        _ if explicit && export.is_none() => "the impl is `explicit`: add `export`",
        _ => return,
    };
    let export = export.as_ref().filter(|_| explicit && skip.is_none());
    for mark in [export, rename.as_ref(), result.as_ref(), plain.as_ref()]
        .into_iter()
        .flatten()
    {
        errors.push(mark, format!("this has no effect, because {reason}"));
    }
}

/// A constructor that failed has made no object, so there is nothing else to return. Accepted:
/// `plain` on methods.
fn constructors_are_not_plain(method: &Method, role: &Role, _: bool, errors: &Errors) {
    if let (Role::Constructor(_), Some(plain)) = (role, &method.options.plain) {
        errors.push(
            plain,
            "the `Result` of a constructor is always told from the handle; remove `plain`",
        );
    }
}

/// Who makes an object says how long they wait for it. Accepted: `timeout` on methods.
fn constructors_have_no_timeout(method: &Method, role: &Role, _: bool, errors: &Errors) {
    if let (Role::Constructor(_) | Role::None(_), Some(timeout)) = (role, &method.options.timeout) {
        errors.push(
            &timeout.literal,
            "only calls of methods have a time of their own; remove `timeout`",
        );
    }
}
