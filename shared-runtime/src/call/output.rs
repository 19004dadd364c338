//! What a proxy method returns, made from what arrives.

use serde::de::DeserializeOwned;

use crate::error::{CallError, Error};

/// The return type of a proxy method.
pub trait Output: Sized {
    /// What the method's row encodes.
    type Wire: DeserializeOwned;

    /// The method has answered.
    fn from_wire(wire: Self::Wire) -> Self;

    /// The call failed around the method.
    fn from_error(error: Error) -> Self;
}

impl<R: DeserializeOwned> Output for Result<R, Error> {
    type Wire = R;

    fn from_wire(wire: R) -> Self {
        Ok(wire)
    }

    fn from_error(error: Error) -> Self {
        Err(error)
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Output for Result<T, CallError<E>> {
    type Wire = Result<T, E>;

    fn from_wire(wire: Result<T, E>) -> Self {
        wire.map_err(CallError::Method)
    }

    fn from_error(error: Error) -> Self {
        Err(CallError::Remote(error))
    }
}
