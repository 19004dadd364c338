//! The failure of a call that may fail in the method, or on the way to it.

use std::any::Any;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Executed};
use crate::error_type::as_error;
use crate::report::Report;

/// The failure of a call whose method returns `Result<T, E>`: the method's own error, or the way to it.
///
/// ```
/// use shared_runtime::{CallError, ErrorKind};
///
/// fn explain(error: CallError<String>) -> String {
///     match error {
///         CallError::Method(said) => said,
///         CallError::Remote(error) if error.kind() == ErrorKind::Disconnected => "the server is gone".into(),
///         CallError::Remote(error) => error.to_string(),
///     }
/// }
/// assert_eq!(explain(CallError::Method("no such file".into())), "no such file");
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum CallError<E> {
    /// The method ran and returned this error.
    Method(E),
    /// The call failed around the method.
    Remote(Error),
}

impl<E> CallError<E> {
    /// Whether the method may have run.
    #[must_use]
    pub fn executed(&self) -> Executed {
        match self {
            Self::Method(_) => Executed::Yes,
            Self::Remote(error) => error.executed(),
        }
    }

    /// The failure around the method, if that is what it was.
    #[must_use]
    pub fn remote(&self) -> Option<&Error> {
        match self {
            Self::Method(_) => None,
            Self::Remote(error) => Some(error),
        }
    }
}

impl<E: std::error::Error + 'static> CallError<E> {
    /// The error inside, as what it is: to be downcast, and asked for its `source()`.
    ///
    /// ```
    /// use std::error::Error;
    /// use shared_runtime::CallError;
    ///
    /// fn deepest(error: &CallError<std::io::Error>) -> String {
    ///     let mut error: &dyn Error = error.as_error();
    ///     while let Some(cause) = error.source() {
    ///         error = cause;
    ///     }
    ///     error.to_string()
    /// }
    /// let refused = std::io::Error::other("x".parse::<u8>().unwrap_err());
    /// assert_eq!(deepest(&CallError::Method(refused)), "invalid digit found in string");
    /// ```
    #[must_use]
    pub fn as_error(&self) -> &(dyn std::error::Error + 'static) {
        match self {
            Self::Method(error) => error,
            Self::Remote(error) => error,
        }
    }
}

impl CallError<Error> {
    /// The error, of whichever of the two.
    pub(crate) fn into_one(self) -> Error {
        match self {
            Self::Method(error) | Self::Remote(error) => error,
        }
    }
}

impl<E> From<Error> for CallError<E> {
    fn from(error: Error) -> Self {
        Self::Remote(error)
    }
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Method(error) => error.fmt(f),
            Self::Remote(error) => error.fmt(f),
        }
    }
}

/// Its `source()` is that of the `E` inside, where that is an error and the error of a shared method or a task, or a [`Report`]. (Rust does not
/// let a type parameter be asked whether it is an error; the macros ask where they see the type, so `E` must stand in the signature of a
/// function, and the type that is shared must not be generic. [`as_error`](CallError::as_error) is for everything else.)
impl<E: fmt::Debug + fmt::Display + 'static> std::error::Error for CallError<E> {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Method(error) => {
                let error: &dyn Any = error;
                let of_report = || error.downcast_ref().and_then(Report::cause);
                as_error(error).map_or_else(of_report, std::error::Error::source)
            }
            Self::Remote(error) => error.source(),
        }
    }
}
