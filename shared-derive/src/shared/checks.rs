//! The rules for an inherent impl, and what is known of it once they hold. A method that breaks a rule is left out of the
//! result and complained about; the others are expanded all the same, so that their callers see no errors that are not
//! theirs. Knows nothing of generated code.

use std::collections::HashMap;

use quote::format_ident;
use syn::ext::IdentExt;
use syn::{FnArg, Ident, LitStr, Path, ReceiverKind, ReturnType, Type, Visibility};

use super::model::{Method, Model};
use crate::attributes::{ItemOptions, MethodOptions};
use crate::carried::Carried;
use crate::errors::Errors;
use crate::signature::{Answer, Argument, check_answer, check_arguments};
use crate::types::{Contents, Outcome, concrete, is_same, last_segment, only_argument, peeled};
use crate::wire::alias_parts;

/// The rules about the impl as a whole.
const IMPL_RULES: &[fn(&Model, &Errors)] = &[is_not_generic, is_for_a_named_type];

/// The rules about the marks on one function. The last argument says whether the impl is `explicit`.
const MARK_RULES: &[fn(&Method, &Role, bool, &Errors)] =
    &[skip_or_export, export_needs_explicit, explicit_needs_no_skip, result_or_plain, marks_have_effect, constructors_are_not_plain];

/// The rules about the names of what is exported.
const NAME_RULES: &[fn(&Interface, &Model, &Errors)] = &[methods_leave_handles_alone, names_differ, siblings_are_new];

/// What `Shared` and the traits that everybody has in scope do with a handle. A proxy's method of such a name would be found
/// before the handle's, or the other way round.
const HANDLE_NAMES: &[&str] = &[
    "clone", "clone_from", "into", "try_into", "from", "eq", "ne", "hash", "to_owned", "borrow", "borrow_mut", "deref", "fmt",
    "to_string", "serialize", "drop", "type_id", "as_ref",
];

/// An impl that can be expanded.
pub(crate) struct Interface {
    pub(crate) runtime: Path,
    pub(crate) self_type: Type,
    pub(crate) proxy: Ident,
    pub(crate) vis: Visibility,
    pub(crate) name: Option<LitStr>,
    pub(crate) carried: Carried,
    pub(crate) constructors: Vec<Constructor>,
    pub(crate) methods: Vec<Exported>,
}

/// A function that makes objects.
pub(crate) struct Constructor {
    /// What the user calls it.
    pub(crate) function: Ident,
    /// What it is called in messages: the same, or the `rename`.
    pub(crate) name: Ident,
    /// `<name>_in`.
    pub(crate) sibling: Ident,
    pub(crate) vis: Visibility,
    pub(crate) carried: Carried,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) made: Made,
}

/// What a constructor returns.
pub(crate) struct Made {
    /// Whether it is a `Shared<Self>`, so the object is hosted already.
    pub(crate) hosted: bool,
    /// The `E` of a `Result`.
    pub(crate) error: Option<Type>,
}

/// A method that a proxy has.
pub(crate) struct Exported {
    /// What the user calls it.
    pub(crate) function: Ident,
    /// What the proxy calls it.
    pub(crate) name: Ident,
    pub(crate) vis: Visibility,
    pub(crate) carried: Carried,
    pub(crate) receiver: Receiver,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) answer: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    Shared,
    Exclusive,
}

/// What a function of the impl could be for other processes.
enum Role {
    Method(Receiver),
    Constructor(Made),
    /// Nothing, and why.
    None(&'static str),
}

/// Checks an impl. `None` if there is nothing to expand.
pub(crate) fn check(model: &Model, options: ItemOptions, errors: &Errors) -> Option<Interface> {
    let before = errors.count();
    for rule in IMPL_RULES {
        rule(model, errors);
    }
    let ItemOptions { runtime, explicit, name, proxy, vis } = options;
    let last = last_segment(&model.self_type).filter(|_| errors.count() == before)?;
    let mut interface = Interface {
        runtime,
        self_type: model.self_type.clone(),
        proxy: proxy.unwrap_or_else(|| format_ident!("{}Proxy", last.ident)),
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
    for rule in MARK_RULES {
        rule(method, &role, explicit, errors);
    }
    let wanted = if explicit { method.options.export.is_some() } else { method.options.skip.is_none() };
    if !wanted || errors.count() != before {
        return;
    }
    match role {
        Role::Method(receiver) => interface.methods.extend(check_method(method, receiver, &interface.self_type, errors)),
        Role::Constructor(made) => interface.constructors.extend(check_constructor(method, made, &interface.self_type, errors)),
        Role::None(_) => {}
    }
}

fn check_method(method: &Method, receiver: Receiver, self_type: &Type, errors: &Errors) -> Option<Exported> {
    let signature = &method.function.signature;
    let options = &method.options;
    let arguments = check_arguments(signature, Some(self_type), errors);
    let answer = check_answer(&signature.output, Some(self_type), options.result.as_ref(), options.plain.as_ref(), errors);
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

fn check_constructor(method: &Method, made: Made, self_type: &Type, errors: &Errors) -> Option<Constructor> {
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
        self.options.rename.as_ref().unwrap_or(&self.function.signature.ident)
    }
}

impl Role {
    fn of(method: &Method, self_type: &Type, runtime: &Path) -> Self {
        let signature = &method.function.signature;
        if matches!(method.function.vis, Visibility::Inherited) {
            return Self::None("it is private: give it a visibility");
        }
        match signature.inputs.first() {
            Some(FnArg::Receiver(receiver)) => Receiver::of(receiver, self_type)
                .map_or(Self::None("it does not take `&self` or `&mut self`, and a handle cannot give the object away"), Self::Method),
            _ => Made::of(&signature.output, method.options.result.is_some(), self_type, runtime)
                .map_or(Self::None("it neither takes `&self` nor returns `Self` or a `Result` of it"), Self::Constructor),
        }
    }
}

impl Receiver {
    fn of(receiver: &syn::Receiver, self_type: &Type) -> Option<Self> {
        let mutable = match &receiver.kind {
            ReceiverKind::Reference(_, _, mutable) => *mutable,
            ReceiverKind::Typed(_, ty) => match peeled(ty) {
                Type::Reference(reference) if is_self(&reference.elem, self_type) => reference.mutability,
                _ => return None,
            },
            _ => return None,
        };
        Some(if mutable.is_some() { Self::Exclusive } else { Self::Shared })
    }
}

impl Made {
    fn of(output: &ReturnType, marked: bool, self_type: &Type, runtime: &Path) -> Option<Self> {
        let ReturnType::Type(_, ty) = output else { return None };
        if let Some(hosted) = is_object(ty, self_type) {
            return Some(Self { hosted, error: None });
        }
        let outcome = Outcome::of(ty, marked)?;
        let hosted = is_object(outcome.ok()?, self_type)?;
        let error = match outcome {
            Outcome::Plain { err, .. } => concrete(&err, self_type),
            Outcome::Alias { whole, .. } => alias_parts(runtime, &concrete(&whole, self_type)).1,
        };
        Some(Self { hosted, error: Some(error) })
    }
}

/// Whether a type is the user's own (`Some(false)`) or a handle to it (`Some(true)`).
fn is_object(ty: &Type, self_type: &Type) -> Option<bool> {
    if is_self(ty, self_type) {
        return Some(false);
    }
    only_argument(ty, "Shared").filter(|ty| is_self(ty, self_type)).map(|_| true)
}

fn is_self(ty: &Type, self_type: &Type) -> bool {
    is_same(ty, &syn::parse_quote!(Self)) || is_same(ty, self_type)
}

/// A table row has one type, and nobody can list the types that the parameters may become. Accepted: `impl Stack<u64>`.
fn is_not_generic(model: &Model, errors: &Errors) {
    if !model.generics.params.is_empty() {
        errors.push(
            &model.generics,
            "generic types cannot be `#[shared]` yet; share a concrete one, as `impl Stack<u64>`, or a struct that holds it",
        );
    } else if let Some(clause) = &model.generics.where_clause {
        errors.push(clause, "remove the `where` clause: without parameters it says nothing");
    }
}

/// The proxy is named after the type. Accepted: `impl Tally`, `impl counters::Tally`.
fn is_for_a_named_type(model: &Model, errors: &Errors) {
    if last_segment(&model.self_type).is_none() {
        errors.push(&model.self_type, "`#[shared]` needs a struct or an enum of this crate, as `impl Tally`");
    }
}

/// Both at once say nothing. Accepted: either.
fn skip_or_export(method: &Method, _: &Role, _: bool, errors: &Errors) {
    if let (Some(_), Some(export)) = (&method.options.skip, &method.options.export) {
        errors.push(export, "`skip` and `export` contradict each other; remove one");
    }
}

/// Accepted: `export` on methods of a `#[shared(explicit)]` impl.
fn export_needs_explicit(method: &Method, _: &Role, explicit: bool, errors: &Errors) {
    if let Some(export) = method.options.export.as_ref().filter(|_| !explicit && method.options.skip.is_none()) {
        errors.push(export, "every visible method is exported already; remove `export`, or write `#[shared(explicit)]` on the impl");
    }
}

/// Accepted: `skip` on methods of an impl that is not `explicit`.
fn explicit_needs_no_skip(method: &Method, _: &Role, explicit: bool, errors: &Errors) {
    if let Some(skip) = method.options.skip.as_ref().filter(|_| explicit && method.options.export.is_none()) {
        errors.push(skip, "the impl is `explicit`, so what is not marked `export` is left out already; remove `skip`");
    }
}

/// Each says the opposite of the other. Accepted: either.
fn result_or_plain(method: &Method, _: &Role, _: bool, errors: &Errors) {
    if let (Some(_), Some(plain)) = (&method.options.result, &method.options.plain) {
        errors.push(plain, "`result` and `plain` contradict each other; remove one");
    }
}

/// A mark without effect is a misunderstanding. Accepted: marks on what is exported; `skip` alone anywhere.
fn marks_have_effect(method: &Method, role: &Role, explicit: bool, errors: &Errors) {
    let MethodOptions { skip, export, rename, result, plain } = &method.options;
    let reason = match role {
        Role::None(reason) => *reason,
        _ if skip.is_some() => "the method is skipped",
        _ if explicit && export.is_none() => "the impl is `explicit`: add `export`",
        _ => return,
    };
    let export = export.as_ref().filter(|_| explicit && skip.is_none());
    for mark in [export, rename.as_ref(), result.as_ref(), plain.as_ref()].into_iter().flatten() {
        errors.push(mark, format!("this has no effect, because {reason}"));
    }
}

/// A constructor that failed has made no object, so there is nothing else to return. Accepted: `plain` on methods.
fn constructors_are_not_plain(method: &Method, role: &Role, _: bool, errors: &Errors) {
    if let (Role::Constructor(_), Some(plain)) = (role, &method.options.plain) {
        errors.push(plain, "the `Result` of a constructor is always told from the handle; remove `plain`");
    }
}

/// The error is sent to whoever asked for the object. Accepted: an owned type.
fn error_is_owned(made: &Made, errors: &Errors) {
    let Some(error) = &made.error else { return };
    let contents = Contents::of(error);
    if let Some(found) = contents.impl_trait.or(contents.mutable).or(contents.borrow) {
        errors.push(found, "the error is sent to another process; make it a concrete, owned type");
    }
}

/// See [`HANDLE_NAMES`]. Accepted: `#[shared(rename = …)]`.
fn methods_leave_handles_alone(interface: &Interface, _: &Model, errors: &Errors) {
    for method in &interface.methods {
        if HANDLE_NAMES.iter().any(|name| method.name.unraw() == name) {
            errors.push(
                &method.name,
                format!(
                    "on a handle, `{0}` means the handle itself; give the method another name for callers: `#[shared(rename = {0}_object)]`",
                    method.name.unraw()
                ),
            );
        }
    }
}

/// A proxy's methods have one name each. Under `cfg` only the compiler can tell, and does. Accepted: different names.
fn names_differ(interface: &Interface, _: &Model, errors: &Errors) {
    let mut taken: HashMap<String, &Exported> = HashMap::new();
    for method in interface.methods.iter().filter(|method| method.carried.cfg.is_empty()) {
        if let Some(earlier) = taken.insert(method.name.unraw().to_string(), method) {
            errors.push(
                &method.name,
                format!("the proxy already has `{}`, made from `{}`; use another `rename`", method.name, earlier.function),
            );
        }
    }
}

/// The sibling stands in an impl of the same type. Accepted: a constructor whose `<name>_in` is free.
fn siblings_are_new(interface: &Interface, model: &Model, errors: &Errors) {
    for (index, constructor) in interface.constructors.iter().enumerate() {
        let written = model.functions().any(|method| method.function.signature.ident == constructor.sibling);
        let mut earlier = interface.constructors[..index].iter().filter(|earlier| earlier.carried.cfg.is_empty());
        let generated = constructor.carried.cfg.is_empty() && earlier.any(|earlier| earlier.sibling == constructor.sibling);
        if written || generated {
            errors.push(
                &constructor.name,
                format!(
                    "this gains a sibling `{}`, but there is one already; add `#[shared(rename = …)]` or `#[shared(skip)]`",
                    constructor.sibling
                ),
            );
        }
    }
}

/// A handle to an object without methods is of no use. `clean` says that nothing was left out for an error. Accepted: one
/// method or constructor.
fn exports_something(interface: &Interface, model: &Model, clean: bool, errors: &Errors) {
    if clean && interface.methods.is_empty() && interface.constructors.is_empty() {
        errors.push(
            &model.self_type,
            "nothing here can be called from another process; write `pub` before methods that take `&self` or `&mut self` \
             (in an `explicit` impl, mark them `#[shared(export)]`)",
        );
    }
}
