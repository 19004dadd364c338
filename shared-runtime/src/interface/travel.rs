//! What the types of arguments and answers must be able to do, said so that the compiler complains once, in our words.
//!
//! Generated code names a type of the user as `<T as ArgumentType>::Is`, which is `T` itself. Where `T` lacks something, that path is
//! what the compiler complains about, and it takes what depends on the path for wrong already. The two steps, a marker and a type
//! behind it, are what makes it one complaint for both of serde's traits.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize};

use crate::error::Error;

/// How an argument that is taken by reference arrives, where its tokens do not tell: in place where its type allows.
pub trait RefArg {
    /// What the bytes are decoded to.
    type Decoded<'de>: Deserialize<'de>;

    /// That, as the method takes it.
    fn borrow<'x>(decoded: &'x Self::Decoded<'_>) -> &'x Self;
}

impl RefArg for Path {
    type Decoded<'de> = &'de Path;

    fn borrow<'x>(decoded: &'x &Path) -> &'x Path {
        decoded
    }
}

impl<T: DeserializeOwned> RefArg for T {
    type Decoded<'de> = T;

    fn borrow(decoded: &T) -> &T {
        decoded
    }
}

/// What an argument must be able to do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an argument of a shared method or a task",
    label = "cannot be sent to another process",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to it, or pass a `Shared<…>` handle"
)]
pub trait Argument: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Argument for T {}

/// An argument's type, as generated code names it.
pub trait ArgumentType {
    /// The type itself.
    type Is: ?Sized;
}

#[diagnostic::do_not_recommend]
impl<T: Argument> ArgumentType for T {
    type Is = T;
}

/// An argument on its way out of the bytes. That it needs an `Argument`, and no more, is what keeps the compiler from complaining
/// about the parts of that as well.
#[derive(Debug)]
pub struct Decoded<T>(pub T);

#[diagnostic::do_not_recommend]
impl<'de, T: Argument> Deserialize<'de> for Decoded<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// The same for an argument that is a slice.
#[derive(Debug)]
pub struct DecodedSlice<T>(pub Vec<T>);

#[diagnostic::do_not_recommend]
impl<'de, T: Argument> Deserialize<'de> for DecodedSlice<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::deserialize(deserializer).map(Self)
    }
}

/// What an answer must be able to do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a shared method or a task",
    label = "cannot be sent to another process",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to it, or return a `Shared<…>` handle"
)]
pub trait Reply: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Reply for T {}

/// An answer, or a part of one, on its way out of the bytes; see [`Decoded`].
#[derive(Debug)]
pub struct Replied<T>(pub T);

#[diagnostic::do_not_recommend]
impl<'de, T: Reply> Deserialize<'de> for Replied<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Self)
    }
}

/// An answer's type, as generated code names it.
pub trait ReplyType {
    /// The type itself.
    type Is: ?Sized;
}

#[diagnostic::do_not_recommend]
impl<T: Reply> ReplyType for T {
    type Is = T;
}

/// What the error of a shared trait's method must be able to do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a shared trait's method",
    label = "cannot say that the call itself failed, or cannot be sent",
    note = "implement `From<shared_runtime::Error>`, `serde::Serialize` and `serde::Deserialize` for it"
)]
pub trait TraitError: Reply + From<Error> {}

#[diagnostic::do_not_recommend]
impl<T: Reply + From<Error>> TraitError for T {}

/// The error type of a shared trait's method, as generated code names it.
pub trait TraitErrorType {
    /// The type itself.
    type Is: ?Sized;
}

#[diagnostic::do_not_recommend]
impl<T: TraitError> TraitErrorType for T {
    type Is = T;
}

/// The parts of a `Result`, also behind an alias.
pub trait ResultType {
    /// What a success is.
    type Ok;
    /// What a failure is.
    type Err;
}

impl<T, E> ResultType for Result<T, E> {
    type Ok = T;
    type Err = E;
}
