//! What can go wrong with a call, said so that a person can act on it. Knows nothing of how calls travel.

use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::exit::ExitStatus;
use crate::panic::RemotePanic;
use crate::shown;

/// Why a call, a server or a process could not do what was asked.
///
/// [`kind`](Error::kind) is for programs, the [`Display`](fmt::Display) text for people: it says what happened, to which
/// method, and what to do about it. [`executed`](Error::executed) answers "may I retry?".
///
/// ```
/// use shared_runtime::{Error, ErrorKind, Executed};
///
/// fn may_retry(error: &Error) -> bool {
///     error.kind() == ErrorKind::Timeout && error.executed() == Executed::No
/// }
/// ```
#[derive(Clone)]
pub struct Error(Box<Inner>);

/// The parts of an [`Error`], as they travel. Kept apart so that a result stays one word wide.
#[derive(Clone, Serialize, Deserialize)]
struct Inner {
    kind: ErrorKind,
    executed: Executed,
    text: String,
    object: Option<String>,
    method: Option<String>,
    process: Option<String>,
    panic: Option<RemotePanic>,
    exit_status: Option<ExitStatus>,
}

/// The classes of failure. More will come: match with a wildcard arm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The program never called [`init`](crate::init), so it cannot start processes.
    NotInitialized,
    /// The server, or the connection to it, is gone.
    Disconnected,
    /// A process ended without a result; [`Error::exit_status`] tells how.
    Exited,
    /// The method or task panicked; [`Error::panic`] has the message, the place and the backtrace.
    Panicked,
    /// An earlier `&mut self` method panicked and may have left the object half changed.
    Poisoned,
    /// The object, or the server's record of it, no longer exists.
    Gone,
    /// The call would wait for a lock that its own chain of calls holds.
    Reentrant,
    /// The deadline passed.
    Timeout,
    /// The caller went away before the call could run.
    Cancelled,
    /// The two sides were built from different sources and do not agree about this.
    Incompatible,
    /// The other side knows no such type, method or task.
    Unknown,
    /// A value could not be written as bytes.
    Encode,
    /// Bytes could not be read as the value expected.
    Decode,
    /// A message is larger than the limit allows.
    TooLarge,
    /// The other side refused this process.
    Denied,
    /// A limit on connections or waiting calls is reached.
    Overloaded,
    /// There is nothing under this name.
    NotFound,
    /// There is something under this name already.
    AlreadyExists,
    /// A place outside of a block, an array or a list.
    OutOfRange,
    /// What was asked for cannot be: a name, a size or a value that is not allowed there.
    InvalidInput,
    /// What is there is not what it should be: a block that was cut short, or holds something else.
    InvalidData,
    /// There is no room for it: memory or a disk is full.
    StorageFull,
    /// The operating system refused something.
    Io,
}

/// Whether the method or task of a failed call has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Executed {
    /// It did not start and will not: the call may be repeated.
    No,
    /// It may have run, or may still be running.
    Maybe,
    /// It ran.
    Yes,
}

impl Error {
    /// The class of the failure.
    #[must_use]
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// Whether the method or task may have run: "may I retry?".
    #[must_use]
    pub fn executed(&self) -> Executed {
        self.0.executed
    }

    /// The panic behind an [`ErrorKind::Panicked`].
    #[must_use]
    pub fn panic(&self) -> Option<&RemotePanic> {
        self.0.panic.as_ref()
    }

    /// How the process concerned ended, where that is known.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.0.exit_status
    }

    /// The type of the object concerned, as `crate::module::Type`.
    #[must_use]
    pub fn object(&self) -> Option<&str> {
        self.0.object.as_deref()
    }

    /// The method or task concerned.
    #[must_use]
    pub fn method(&self) -> Option<&str> {
        self.0.method.as_deref()
    }

    /// The process concerned, as `name (pid 123)`.
    #[must_use]
    pub fn process(&self) -> Option<&str> {
        self.0.process.as_deref()
    }

    /// A failure before anything ran. What ran is said with [`ran`](Error::ran).
    pub(crate) fn new(kind: ErrorKind, text: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            executed: Executed::No,
            text: text.into(),
            object: None,
            method: None,
            process: None,
            panic: None,
            exit_status: None,
        }))
    }

    /// The operating system's refusal of `what`.
    pub(crate) fn io(what: &str, cause: impl fmt::Display) -> Self {
        Self::new(ErrorKind::Io, format!("{what}: {cause}"))
    }

    pub(crate) fn ran(mut self, executed: Executed) -> Self {
        self.0.executed = executed;
        self
    }

    pub(crate) fn in_method(mut self, object: &str, method: &str) -> Self {
        if self.0.method.is_none() {
            self.0.object = Some(object.to_owned());
            self.0.method = Some(method.to_owned());
        }
        self
    }

    pub(crate) fn in_task(mut self, task: &str) -> Self {
        self.0.method.get_or_insert_with(|| task.to_owned());
        self
    }

    pub(crate) fn in_process(mut self, process: impl Into<String>) -> Self {
        self.0.process.get_or_insert_with(|| process.into());
        self
    }

    pub(crate) fn with_panic(mut self, panic: RemotePanic) -> Self {
        self.0.process = Some(panic.process().to_owned());
        self.0.panic = Some(panic);
        self
    }

    pub(crate) fn with_exit(mut self, status: Option<ExitStatus>) -> Self {
        self.0.exit_status = status;
        self
    }

    /// What travels when the error is the outcome of a call: every part as it is.
    pub(crate) fn to_wire(&self) -> impl Serialize {
        (*self.0).clone()
    }

    /// The reverse of [`to_wire`](Error::to_wire), for serde's `deserialize_with`.
    pub(crate) fn from_wire<'de, D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        Inner::deserialize(from).map(|inner| Self(Box::new(inner)))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown::show(self);
        let inner = &self.0;
        if let (Some(object), Some(method)) = (&inner.object, &inner.method) {
            write!(f, "{object}::{method}: ")?;
        } else if let Some(method) = &inner.method {
            write!(f, "{method}: ")?;
        }
        write!(f, "{}", inner.text)?;
        if let Some(process) = &inner.process {
            write!(f, " [{process}]")?;
        }
        Ok(())
    }
}

/// The text of [`Display`](fmt::Display) with the kind, and the remote backtrace where there is one: what `unwrap` prints.
impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{:?}: {self} (executed: {:?})",
            self.0.kind, self.0.executed
        )?;
        if let Some(backtrace) = self.panic().and_then(RemotePanic::backtrace) {
            write!(f, "\nremote backtrace:\n{backtrace}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {}

impl Serialize for Error {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

/// An error that arrives as part of a value was an answer: the call that brought it did run.
impl<'de> Deserialize<'de> for Error {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::from_wire(deserializer).map(|error| error.ran(Executed::Yes))
    }
}

/// Two errors are equal when they say the same.
impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.kind() == other.kind()
            && self.executed() == other.executed()
            && self.to_string() == other.to_string()
    }
}

impl Eq for Error {}
