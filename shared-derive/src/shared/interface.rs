//! What is known of a shared item once the rules hold. Complains about nothing.

use std::time::Duration;

use syn::{Generics, Ident, LitStr, Path, Signature, Type, Visibility};

use crate::carried::Carried;
use crate::signature::{Answer, Argument};

/// What callers see of a type or a trait.
pub(crate) struct Interface {
    pub(crate) runtime: Path,
    /// What a handle is to: `Tally`, `Stack<T>`, `dyn Store`.
    pub(crate) object: Type,
    /// The parameters of the type.
    pub(crate) generics: Generics,
    pub(crate) proxy: Ident,
    pub(crate) calls: Ident,
    pub(crate) vis: Visibility,
    pub(crate) name: Option<LitStr>,
    pub(crate) version: u32,
    pub(crate) carried: Carried,
    pub(crate) methods: Vec<Exported>,
}

/// An inherent impl that can be expanded.
pub(crate) struct SharedType {
    pub(crate) interface: Interface,
    pub(crate) constructors: Vec<Constructor>,
    /// With `lock = "mutex"`.
    pub(crate) alone: bool,
    /// With the options of these names.
    pub(crate) snapshot: bool,
    pub(crate) debug: bool,
    /// What is registered: the type itself, or the instances of a generic one.
    pub(crate) registered: Vec<Type>,
}

/// A trait that can be expanded.
pub(crate) struct SharedTrait {
    pub(crate) interface: Interface,
    pub(crate) ident: Ident,
    /// The shared traits above it.
    pub(crate) supers: Vec<Path>,
    /// Methods that were complained about. A handle has them all the same: whoever uses the trait
    /// must see no errors that are not theirs.
    pub(crate) rejected: Vec<Rejected>,
}

/// A trait's method that breaks a rule.
pub(crate) struct Rejected {
    pub(crate) signature: Signature,
    pub(crate) carried: Carried,
}

/// An impl of a trait that can be expanded.
pub(crate) struct SharedTraitImpl {
    pub(crate) runtime: Path,
    pub(crate) of_trait: Path,
    pub(crate) object: Type,
    pub(crate) generics: Generics,
    pub(crate) carried: Carried,
    pub(crate) registered: Vec<Type>,
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
    pub(crate) is_async: bool,
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
    /// As the user wrote it.
    pub(crate) signature: Signature,
    /// What the proxy calls it.
    pub(crate) name: Ident,
    pub(crate) vis: Visibility,
    pub(crate) carried: Carried,
    pub(crate) receiver: Receiver,
    pub(crate) arguments: Vec<Argument>,
    pub(crate) answer: Answering,
    pub(crate) timeout: Option<Duration>,
}

impl Exported {
    /// What the user calls it.
    pub(crate) fn function(&self) -> &Ident {
        &self.signature.ident
    }
}

/// How a method answers.
pub(crate) enum Answering {
    /// A type's, in one of the forms that its proxy turns into its own.
    OfType(Box<Answer>),
    /// A trait's: its own `Result`, of these.
    OfTrait { ok: Box<Type>, err: Box<Type> },
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Receiver {
    Shared,
    Exclusive,
}
