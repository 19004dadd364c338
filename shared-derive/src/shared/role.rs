//! What each function of an inherent impl is for other processes. Complains about nothing.

use syn::{FnArg, ReceiverKind, ReturnType, Type, Visibility};

use super::impl_block::Method;
use super::interface::{Made, Receiver};
use crate::types::{Outcome, concrete, is_same, only_argument, peeled};
use crate::wire::alias_parts;

/// What a function of the impl could be for other processes.
pub(super) enum Role {
    Method(Receiver),
    Constructor(Box<Made>),
    /// Nothing, and why.
    None(&'static str),
}

impl Role {
    pub(super) fn of(method: &Method, self_type: &Type) -> Self {
        let signature = &method.function.signature;
        if matches!(method.function.vis, Visibility::Inherited) {
            return Self::None("it is private: give it a visibility");
        }
        match signature.inputs.first() {
            Some(FnArg::Receiver(receiver)) => Receiver::of(receiver, self_type).map_or(
                Self::None(
                    "it does not take `&self` or `&mut self`, and a handle cannot give the \
                     object away",
                ),
                Self::Method,
            ),
            _ => Made::of(
                &signature.output,
                method.options.result.is_some(),
                self_type,
            )
            .map_or(
                Self::None("it neither takes `&self` nor returns `Self` or a `Result` of it"),
                |made| Self::Constructor(Box::new(made)),
            ),
        }
    }
}

impl Receiver {
    pub(super) fn of(receiver: &syn::Receiver, self_type: &Type) -> Option<Self> {
        let mutable = match &receiver.kind {
            ReceiverKind::Reference(_, _, mutable) => *mutable,
            ReceiverKind::Typed(_, ty) => match peeled(ty) {
                Type::Reference(reference) if is_self(&reference.elem, self_type) => {
                    reference.mutability
                }
                _ => return None,
            },
            _ => return None,
        };
        Some(if mutable.is_some() {
            Self::Exclusive
        } else {
            Self::Shared
        })
    }
}

impl Made {
    fn of(output: &ReturnType, marked: bool, self_type: &Type) -> Option<Self> {
        let ReturnType::Type(_, ty) = output else {
            return None;
        };
        if let Some(hosted) = is_object(ty, self_type) {
            return Some(Self {
                hosted,
                error: None,
            });
        }
        let outcome = Outcome::of(ty, marked)?;
        let hosted = is_object(outcome.ok()?, self_type)?;
        let error = match outcome {
            Outcome::Plain { err, .. } => concrete(&err, self_type),
            Outcome::Alias { whole, .. } => alias_parts(&concrete(&whole, self_type)).1,
        };
        Some(Self {
            hosted,
            error: Some(error),
        })
    }
}

/// Whether a type is the user's own (`Some(false)`) or a handle to it (`Some(true)`).
fn is_object(ty: &Type, self_type: &Type) -> Option<bool> {
    if is_self(ty, self_type) {
        return Some(false);
    }
    only_argument(ty, "Shared")
        .filter(|ty| is_self(ty, self_type))
        .map(|_| true)
}

fn is_self(ty: &Type, self_type: &Type) -> bool {
    is_same(ty, &syn::parse_quote!(Self)) || is_same(ty, self_type)
}
