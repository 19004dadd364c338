//! The rules for an inherent impl. A function that breaks one is complained about and left out; the
//! others are expanded all the same, so that their callers see no errors that are not theirs. Knows
//! nothing of generated code.

use quote::format_ident;
use syn::{Ident, Type};

use super::impl_block::{ImplBlock, Method, all_read};
use super::interface::{Answering, Constructor, Exported, Interface, Made, Receiver, SharedType};
use super::names::{Advice, methods_leave_handles_alone, names_differ};
use super::role::Role;
use super::{generics, marks};
use crate::attributes::{Names, TypeOptions};
use crate::carried::Carried;
use crate::errors::Errors;
use crate::signature::{check_answer, check_arguments};
use crate::types::{Contents, last_segment};

/// Checks an impl. `None` if there is nothing to expand.
pub(crate) fn check(
    block: &ImplBlock,
    options: TypeOptions,
    errors: &Errors,
) -> Option<SharedType> {
    let before = errors.count();
    let TypeOptions {
        runtime,
        explicit,
        instances,
        lock,
        snapshot,
        debug,
        vis,
        names:
            Names {
                name,
                version,
                proxy,
                calls,
            },
    } = options;
    generics::check(&block.generics, &instances, name.as_ref(), errors);
    is_for_a_named_type(block, errors);
    let last = last_segment(&block.self_type).filter(|_| errors.count() == before)?;
    let is_generic = !block.generics.params.is_empty();
    let interface = Interface {
        runtime,
        object: block.self_type.clone(),
        generics: block.generics.clone(),
        proxy: proxy.unwrap_or_else(|| format_ident!("{}Proxy", last.ident)),
        calls: calls.unwrap_or_else(|| format_ident!("{}Calls", last.ident)),
        vis: vis.unwrap_or_else(|| syn::parse_quote!(pub)),
        name,
        version: version.map_or(0, |version| version.0),
        carried: Carried::of(&block.attributes),
        methods: Vec::new(),
    };
    let mut shared = SharedType {
        registered: if is_generic {
            instances
        } else {
            vec![interface.object.clone()]
        },
        interface,
        constructors: Vec::new(),
        alone: lock.is_some(),
        snapshot: snapshot.is_some(),
        debug: debug.is_some(),
    };
    for method in block.functions() {
        check_function(method, explicit.is_some(), &mut shared, errors);
    }
    methods_leave_handles_alone(&shared.interface, Advice::Rename, errors);
    names_differ(&shared.interface, errors);
    siblings_are_new(&shared, block, errors);
    let clean = errors.count() == before && all_read(&block.members);
    exports_something(&shared, clean, errors);
    Some(shared)
}

fn check_function(method: &Method, explicit: bool, shared: &mut SharedType, errors: &Errors) {
    let before = errors.count();
    let object = &shared.interface.object;
    let role = Role::of(method, object);
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
    match role {
        Role::Method(receiver) => {
            let exported = check_method(method, receiver, object, errors);
            shared.interface.methods.extend(exported);
        }
        Role::Constructor(made) => {
            let constructor = check_constructor(method, *made, object, errors);
            shared.constructors.extend(constructor);
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
        signature: signature.clone(),
        name: method.name().clone(),
        vis: method.function.vis.clone(),
        carried: Carried::of(&method.function.attributes),
        receiver,
        arguments: arguments?,
        answer: Answering::OfType(Box::new(answer?)),
        timeout: options.timeout.as_ref().map(|timeout| timeout.duration),
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
        is_async: signature.asyncness.is_some(),
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

/// The proxy is named after the type. Accepted: `impl Tally`, `impl counters::Tally`.
fn is_for_a_named_type(block: &ImplBlock, errors: &Errors) {
    if last_segment(&block.self_type).is_none() {
        errors.push(
            &block.self_type,
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

/// The sibling stands in an impl of the same type. Accepted: a constructor whose `<name>_in` is
/// free.
fn siblings_are_new(shared: &SharedType, block: &ImplBlock, errors: &Errors) {
    for (index, constructor) in shared.constructors.iter().enumerate() {
        let written = block
            .functions()
            .any(|method| method.function.signature.ident == constructor.sibling);
        let mut earlier = shared.constructors[..index]
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
fn exports_something(shared: &SharedType, clean: bool, errors: &Errors) {
    if clean && shared.interface.methods.is_empty() && shared.constructors.is_empty() {
        errors.push(
            &shared.interface.object,
            "nothing here can be called from another process; write `pub` before methods that \
             take `&self` or `&mut self` (in an `explicit` impl, mark them `#[shared(export)]`)",
        );
    }
}
