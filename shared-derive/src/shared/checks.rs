//! The rules for an inherent impl. A function that breaks one is complained about and left out; the
//! others are expanded all the same, so that their callers see no errors that are not theirs. Knows
//! nothing of generated code.

use std::collections::HashMap;

use quote::format_ident;
use syn::ext::IdentExt;
use syn::{Ident, Type};

use super::interface::{Constructor, Exported, Interface, Made, Receiver, Role};
use super::marks;
use super::model::{Method, Model};
use crate::attributes::ItemOptions;
use crate::carried::Carried;
use crate::errors::Errors;
use crate::signature::{check_answer, check_arguments};
use crate::types::{Contents, last_segment};

/// The rules about the impl as a whole.
const IMPL_RULES: &[fn(&Model, &Errors)] = &[is_not_generic, is_for_a_named_type];

/// The rules about the names of what is exported.
const NAME_RULES: &[fn(&Interface, &Model, &Errors)] =
    &[methods_leave_handles_alone, names_differ, siblings_are_new];

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

/// Checks an impl. `None` if there is nothing to expand.
pub(crate) fn check(model: &Model, options: ItemOptions, errors: &Errors) -> Option<Interface> {
    let before = errors.count();
    for rule in IMPL_RULES {
        rule(model, errors);
    }
    let ItemOptions {
        runtime,
        explicit,
        name,
        proxy,
        calls,
        vis,
    } = options;
    let last = last_segment(&model.self_type).filter(|_| errors.count() == before)?;
    let mut interface = Interface {
        runtime,
        self_type: model.self_type.clone(),
        proxy: proxy.unwrap_or_else(|| format_ident!("{}Proxy", last.ident)),
        calls: calls.unwrap_or_else(|| format_ident!("{}Calls", last.ident)),
        vis: vis.unwrap_or_else(|| syn::parse_quote!(pub)),
        name,
        carried: Carried::of(&model.attributes),
        constructors: Vec::new(),
        methods: Vec::new(),
    };
    for method in model.functions() {
        check_function(method, explicit.is_some(), &mut interface, errors);
    }
    for rule in NAME_RULES {
        rule(&interface, model, errors);
    }
    exports_something(&interface, model, errors.count() == before, errors);
    Some(interface)
}

fn check_function(method: &Method, explicit: bool, interface: &mut Interface, errors: &Errors) {
    let before = errors.count();
    let role = Role::of(method, &interface.self_type, &interface.runtime);
    for rule in marks::RULES {
        rule(method, &role, explicit, errors);
    }
    let wanted = if explicit {
        method.options.export.is_some()
    } else {
        method.options.skip.is_none()
    };
    if !wanted || errors.count() != before {
        return;
    }
    let Interface {
        self_type,
        methods,
        constructors,
        ..
    } = interface;
    match role {
        Role::Method(receiver) => {
            methods.extend(check_method(method, receiver, self_type, errors));
        }
        Role::Constructor(made) => {
            constructors.extend(check_constructor(method, *made, self_type, errors));
        }
        Role::None(_) => {}
    }
}

fn check_method(
    method: &Method,
    receiver: Receiver,
    self_type: &Type,
    errors: &Errors,
) -> Option<Exported> {
    let signature = &method.function.signature;
    let options = &method.options;
    let arguments = check_arguments(signature, Some(self_type), errors);
    let answer = check_answer(
        &signature.output,
        Some(self_type),
        options.result.as_ref(),
        options.plain.as_ref(),
        errors,
    );
    Some(Exported {
        function: signature.ident.clone(),
        name: method.name().clone(),
        vis: method.function.vis.clone(),
        carried: Carried::of(&method.function.attributes),
        receiver,
        arguments: arguments?,
        answer: answer?,
    })
}

fn check_constructor(
    method: &Method,
    made: Made,
    self_type: &Type,
    errors: &Errors,
) -> Option<Constructor> {
    let before = errors.count();
    let signature = &method.function.signature;
    let arguments = check_arguments(signature, Some(self_type), errors);
    error_is_owned(&made, errors);
    let name = method.name().clone();
    let arguments = arguments.filter(|_| errors.count() == before)?;
    Some(Constructor {
        function: signature.ident.clone(),
        sibling: format_ident!("{name}_in"),
        name,
        vis: method.function.vis.clone(),
        carried: Carried::of(&method.function.attributes),
        arguments,
        made,
    })
}

impl Method {
    /// What other processes call it.
    fn name(&self) -> &Ident {
        self.options
            .rename
            .as_ref()
            .unwrap_or(&self.function.signature.ident)
    }
}

/// A table row has one type, and nobody can list the types that the parameters may become.
/// Accepted: `impl Stack<u64>`.
fn is_not_generic(model: &Model, errors: &Errors) {
    if !model.generics.params.is_empty() {
        errors.push(
            &model.generics,
            "generic types cannot be `#[shared]` yet; share a concrete one, as `impl \
                 Stack<u64>`, or a struct that holds it",
        );
    } else if let Some(clause) = &model.generics.where_clause {
        errors.push(
            clause,
            "remove the `where` clause: without parameters it says nothing",
        );
    }
}

/// The proxy is named after the type. Accepted: `impl Tally`, `impl counters::Tally`.
fn is_for_a_named_type(model: &Model, errors: &Errors) {
    if last_segment(&model.self_type).is_none() {
        errors.push(
            &model.self_type,
            "`#[shared]` needs a struct or an enum of this crate, as `impl Tally`",
        );
    }
}

/// The error is sent to whoever asked for the object. Accepted: an owned type.
fn error_is_owned(made: &Made, errors: &Errors) {
    let Some(error) = &made.error else { return };
    let contents = Contents::of(error);
    if let Some(found) = contents.impl_trait.or(contents.mutable).or(contents.borrow) {
        errors.push(
            found,
            "the error is sent to another process; make it a concrete, owned type",
        );
    }
}

/// See [`HANDLE_NAMES`]. Accepted: `#[shared(rename = …)]`.
fn methods_leave_handles_alone(interface: &Interface, _: &Model, errors: &Errors) {
    for method in &interface.methods {
        if HANDLE_NAMES.iter().any(|name| method.name.unraw() == name) {
            errors.push(
                &method.name,
                format!(
                    "on a handle, `{0}` means the handle itself; give the method another \
                         name for callers: `#[shared(rename = {0}_object)]`",
                    method.name.unraw()
                ),
            );
        }
    }
}

/// A proxy's methods have one name each. Under `cfg` only the compiler can tell, and does.
/// Accepted: different names.
fn names_differ(interface: &Interface, _: &Model, errors: &Errors) {
    let mut taken: HashMap<String, &Exported> = HashMap::new();
    for method in interface
        .methods
        .iter()
        .filter(|method| method.carried.cfg.is_empty())
    {
        if let Some(earlier) = taken.insert(method.name.unraw().to_string(), method) {
            errors.push(
                &method.name,
                format!(
                    "the proxy already has `{}`, made from `{}`; use another `rename`",
                    method.name, earlier.function
                ),
            );
        }
    }
}

/// The sibling stands in an impl of the same type. Accepted: a constructor whose `<name>_in` is
/// free.
fn siblings_are_new(interface: &Interface, model: &Model, errors: &Errors) {
    for (index, constructor) in interface.constructors.iter().enumerate() {
        let written = model
            .functions()
            .any(|method| method.function.signature.ident == constructor.sibling);
        let mut earlier = interface.constructors[..index]
            .iter()
            .filter(|earlier| earlier.carried.cfg.is_empty());
        let generated = constructor.carried.cfg.is_empty()
            && earlier.any(|earlier| earlier.sibling == constructor.sibling);
        if written || generated {
            errors.push(
                &constructor.name,
                format!(
                    "this gains a sibling `{}`, but there is one already; add \
                         `#[shared(rename = …)]` or `#[shared(skip)]`",
                    constructor.sibling
                ),
            );
        }
    }
}

/// A handle to an object without methods is of no use. `clean` says that nothing was left out for
/// an error. Accepted: one method or constructor.
fn exports_something(interface: &Interface, model: &Model, clean: bool, errors: &Errors) {
    if clean && interface.methods.is_empty() && interface.constructors.is_empty() {
        errors.push(
            &model.self_type,
            "nothing here can be called from another process; write `pub` before methods that \
             take `&self` or `&mut self` (in an `explicit` impl, mark them `#[shared(export)]`)",
        );
    }
}
