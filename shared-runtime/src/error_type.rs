//! Which types of users are errors. Nothing can ask that of a type parameter; where generated code names the type, the way in which
//! methods are found can tell, and what it says is gathered by the linker.

use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::error::Error;
use std::marker::PhantomData;
use std::sync::LazyLock;

/// The error types of this program's shared methods and tasks.
#[linkme::distributed_slice]
pub static ERRORS: [ErrorType];

/// One of them.
#[derive(Debug)]
pub struct ErrorType {
    /// The type.
    pub id: fn() -> TypeId,
    /// A value of it as an error, if it is one.
    pub as_error: AsError,
}

type AsError = fn(&dyn Any) -> Option<&(dyn Error + 'static)>;

/// A value as an error, if its type is known to be one.
pub(crate) fn as_error(value: &dyn Any) -> Option<&(dyn Error + 'static)> {
    static BY_ID: LazyLock<HashMap<TypeId, AsError>> = LazyLock::new(|| {
        let all = ERRORS.iter().map(|error| ((error.id)(), error.as_error));
        all.collect()
    });
    BY_ID.get(&value.type_id())?(value)
}

/// A type of which it is asked whether it is an error: `(&Asked::<E>::NEW).as_error(value)`, with both traits in scope. That of fewer
/// references is found first, if its bound holds.
#[derive(Debug)]
pub struct Asked<E>(PhantomData<fn() -> E>);

impl<E> Asked<E> {
    /// The question.
    pub const NEW: Self = Self(PhantomData);
}

/// The answer for types that are errors.
pub trait IsError {
    /// The value as what it is.
    fn as_error<'a>(&self, value: &'a dyn Any) -> Option<&'a (dyn Error + 'static)>;
}

impl<E: Error + 'static> IsError for Asked<E> {
    fn as_error<'a>(&self, value: &'a dyn Any) -> Option<&'a (dyn Error + 'static)> {
        value.downcast_ref::<E>().map(|error| error as _)
    }
}

/// The answer for all others.
pub trait IsNoError {
    /// Nothing.
    fn as_error<'a>(&self, value: &'a dyn Any) -> Option<&'a (dyn Error + 'static)>;
}

impl<E> IsNoError for &Asked<E> {
    fn as_error<'a>(&self, _value: &'a dyn Any) -> Option<&'a (dyn Error + 'static)> {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As generated code asks.
    macro_rules! asked {
        ($type:ty, $value:expr) => {
            (&Asked::<$type>::NEW).as_error($value).is_some()
        };
    }

    #[test]
    fn what_is_an_error_is_told_from_what_is_none() {
        let refused = std::fmt::Error;
        assert!(asked!(std::fmt::Error, &refused));
        assert!(!asked!(std::fmt::Error, &7u8));
        assert!(!asked!(String, &String::new()));
        assert!(as_error(&refused).is_none(), "nobody has registered it");
    }
}
