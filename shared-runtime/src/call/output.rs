//! What a proxy method returns, made from what arrives.

use std::convert::Infallible;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::call_error::CallError;
use crate::error::Error;
use crate::interface::TraitError;

/// How the answer of a method becomes what its proxy's method returns.
pub trait Output {
    /// What the method's row encodes.
    type Wire: DeserializeOwned;

    /// What the proxy's method returns.
    type Returned;

    /// The method has answered.
    fn from_wire(wire: Self::Wire) -> Self::Returned;

    /// The call failed around the method.
    fn from_error(error: Error) -> Self::Returned;
}

impl<R: DeserializeOwned> Output for Result<R, Error> {
    type Wire = R;
    type Returned = Self;

    fn from_wire(wire: R) -> Self {
        Ok(wire)
    }

    fn from_error(error: Error) -> Self {
        Err(error)
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Output for Result<T, CallError<E>> {
    type Wire = Result<T, E>;
    type Returned = Self;

    fn from_wire(wire: Result<T, E>) -> Self {
        wire.map_err(CallError::Method)
    }

    fn from_error(error: Error) -> Self {
        Err(CallError::Remote(error))
    }
}

/// The output of a trait's method: its own `Result`, whose error says what went wrong with the call as well.
#[derive(Debug)]
pub(super) struct OfTrait<T, E>(PhantomData<fn() -> (T, E)>, Infallible);

impl<T: DeserializeOwned, E: TraitError> Output for OfTrait<T, E> {
    type Wire = Result<T, E>;
    type Returned = Result<T, E>;

    fn from_wire(wire: Result<T, E>) -> Result<T, E> {
        wire
    }

    fn from_error(error: Error) -> Result<T, E> {
        Err(error.into())
    }
}
