//! The functions behind an interface, for one type of object.

use std::any::TypeId;
use std::fmt;
use std::sync::Mutex;

use super::table::{Arguments, Interface, Returned};
use crate::error::{Error, ErrorKind};
use crate::object::{Kind, Object};

/// What runs when a method of `interface` is called on an object of type `object`.
pub struct Implementation {
    /// The methods as callers know them.
    pub interface: fn() -> &'static Interface,
    /// The type of the object.
    pub object: fn() -> TypeId,
    /// That type as it is written.
    pub type_name: fn() -> &'static str,
    /// In the order of the interface.
    pub methods: &'static [Run],
    /// Of a trait: the traits above it.
    pub supers: &'static [fn() -> &'static Implementation],
}

/// Decodes the arguments of a method, runs it, encodes its answer; by receiver.
#[derive(Debug)]
pub enum Run {
    /// `&self`: beside others.
    Shared(fn(&Object, &mut Arguments<'_>) -> Returned),
    /// `&mut self`: alone.
    Exclusive(fn(&mut Object, &mut Arguments<'_>) -> Returned),
}

impl Implementation {
    /// Nothing yet, of `interface` for objects of type `S`.
    #[must_use]
    pub const fn of<S: 'static>(interface: fn() -> &'static Interface) -> Self {
        Self {
            interface,
            object: TypeId::of::<S>,
            type_name: std::any::type_name::<S>,
            methods: &[],
            supers: &[],
        }
    }

    /// This one, or that of a trait above it.
    pub(crate) fn find(&'static self, interface: u64) -> Option<&'static Self> {
        if (self.interface)().id() == interface {
            return Some(self);
        }
        let mut supers = self.supers.iter();
        supers.find_map(|above| above().find(interface))
    }

    /// Whether any of its methods needs the object alone.
    pub(super) fn has_exclusive(&self) -> bool {
        let own = self
            .methods
            .iter()
            .any(|run| matches!(run, Run::Exclusive(_)));
        own || self.supers.iter().any(|above| above().has_exclusive())
    }
}

impl Kind for Implementation {
    fn type_name(&self) -> &'static str {
        let interface = (self.interface)();
        if (interface.type_id)() == (self.object)() {
            (interface.name)()
        } else {
            (self.type_name)()
        }
    }
}

impl fmt::Debug for Implementation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Implementation")
            .field("interface", &(self.interface)())
            .field("object", &(self.type_name)())
            .finish_non_exhaustive()
    }
}

/// The object as the type its functions were written for.
///
/// # Errors
///
/// `Unknown` if it is of another type.
pub fn object<T: 'static>(object: &Object) -> Result<&T, Error> {
    object.downcast_ref().ok_or_else(another_type::<T>)
}

/// The object as the type its functions were written for; behind a mutex if it can be used by one thread only.
///
/// # Errors
///
/// `Unknown` if it is of another type.
pub fn object_mut<T: 'static>(object: &mut Object) -> Result<&mut T, Error> {
    if object.is::<T>() {
        return object.downcast_mut().ok_or_else(another_type::<T>);
    }
    let alone: &mut Mutex<T> = object.downcast_mut().ok_or_else(another_type::<T>)?;
    // Who has it alone need not lock it.
    alone
        .get_mut()
        .map_err(|_| Error::new(ErrorKind::Poisoned, "the object's mutex is poisoned"))
}

fn another_type<T>() -> Error {
    let name = std::any::type_name::<T>();
    let text = format!(
        "the object is not a {name}, or it is shared with `lock = \"mutex\"` and cannot be called through this trait"
    );
    Error::new(ErrorKind::Unknown, text)
}
