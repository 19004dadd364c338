//! The tables that the macros write: what both sides of a call know of a shared type or trait.

use std::any::TypeId;
use std::cell::Cell;
use std::fmt;
use std::ptr;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::travel::Reply;
use crate::codec;
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::{Lease, Parcel, opened};
use crate::panic::RemotePanic;
use crate::shape::Shapes;

/// The methods of a shared type or trait.
pub struct Interface {
    /// What it is called between processes: `crate::module::Type`, unless it was given another name.
    pub name: fn() -> &'static str,
    /// The type as it is written.
    pub type_name: fn() -> &'static str,
    /// The type itself, which is the same wherever in a program it was registered.
    pub type_id: fn() -> TypeId,
    /// What the user says of it; zero where nothing is said. Executables in which it differs do not share objects, and where it is
    /// the same it vouches for what cannot be traced.
    pub version: u32,
    /// In the order of their numbers.
    pub constructors: &'static [Constructor],
    /// In the order of their numbers.
    pub methods: &'static [Method],
}

/// A function that makes objects.
#[derive(Debug)]
pub struct Constructor {
    /// As callers know it.
    pub name: &'static str,
    /// What its arguments and answer look like to another executable.
    pub shapes: fn(&mut Shapes),
    /// Decodes the arguments, runs, encodes the answer.
    pub run: fn(&mut Arguments<'_>) -> Returned,
    /// Whether it is an `async fn`.
    pub is_async: bool,
}

/// A method.
#[derive(Debug)]
pub struct Method {
    /// As callers know it.
    pub name: &'static str,
    /// What its arguments and answer look like to another executable.
    pub shapes: fn(&mut Shapes),
    /// How long a call may take, unless its caller says otherwise.
    pub timeout: Option<Duration>,
    /// Whether it is an `async fn`.
    pub is_async: bool,
}

/// A function to run in a process of its own.
#[derive(Debug)]
pub struct Task {
    /// As the user wrote it.
    pub name: &'static str,
    /// Decodes the arguments, runs, encodes the answer.
    pub run: fn(&mut Arguments<'_>) -> Returned,
}

impl Constructor {
    /// A row of the table.
    pub const fn new(
        name: &'static str,
        shapes: fn(&mut Shapes),
        run: fn(&mut Arguments<'_>) -> Returned,
    ) -> Self {
        Self {
            name,
            shapes,
            run,
            is_async: false,
        }
    }

    /// Of an `async fn`.
    #[must_use]
    pub const fn awaited(self) -> Self {
        Self {
            is_async: true,
            ..self
        }
    }
}

impl Method {
    /// A row of the table.
    pub const fn new(name: &'static str, shapes: fn(&mut Shapes)) -> Self {
        Self {
            name,
            shapes,
            timeout: None,
            is_async: false,
        }
    }

    /// Of an `async fn`.
    #[must_use]
    pub const fn awaited(self) -> Self {
        Self {
            is_async: true,
            ..self
        }
    }

    /// With the option `timeout`.
    #[must_use]
    pub const fn within(self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self
        }
    }
}

/// The encoded answer, or why there is none.
pub type Returned = Result<Encoded, Error>;

/// An answer ready to travel.
#[derive(Debug)]
pub struct Encoded(pub(crate) Box<Parcel>);

/// The arguments as they came.
#[derive(Debug)]
pub struct Arguments<'a> {
    body: &'a [u8],
    nonce: u64,
    leases: Vec<Arc<Lease>>,
    /// While the user's `Deserialize` runs, and after it has panicked.
    is_decoding: bool,
}

impl<'a> Arguments<'a> {
    #[inline]
    pub(crate) fn new(body: &'a [u8], nonce: u64, leases: Vec<Arc<Lease>>) -> Self {
        Self {
            body,
            nonce,
            leases,
            is_decoding: false,
        }
    }

    /// The arguments as a tuple.
    ///
    /// # Errors
    ///
    /// `Decode`: the method has not run.
    pub fn decode<T: Deserialize<'a>>(&mut self) -> Result<T, Error> {
        self.is_decoding = true;
        let decoded = opened(self.nonce, &mut self.leases, || codec::decode(self.body));
        self.is_decoding = false;
        decoded
    }

    /// Whether whoever was given these panicked before it had them.
    pub(crate) fn are_undecoded(&self) -> bool {
        self.is_decoding
    }

    /// What it means that whoever was given these panicked.
    pub(crate) fn panicked(&self, panic: RemotePanic) -> Error {
        let error = if self.are_undecoded() {
            let text = format!("the arguments could not be decoded: {panic}");
            Error::new(ErrorKind::Panicked, text)
        } else {
            Error::new(ErrorKind::Panicked, panic.to_string()).ran(Executed::Yes)
        };
        error.with_panic(panic)
    }
}

/// Encodes what a method returned.
///
/// # Errors
///
/// `Encode`: the method has run.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Returned {
    Parcel::boxed(value)
        .map(Encoded)
        .map_err(|error| error.ran(Executed::Yes))
}

/// The same for an answer of the user's own type, which is asked for what every answer must be able to do.
///
/// # Errors
///
/// As [`encode`].
pub fn encode_answer<T: Reply>(value: &T) -> Returned {
    encode(value)
}

impl Interface {
    /// One without functions, under the name of its type.
    #[must_use]
    pub const fn of<T: ?Sized + 'static>() -> Self {
        Self {
            name: std::any::type_name::<T>,
            type_name: std::any::type_name::<T>,
            type_id: TypeId::of::<T>,
            version: 0,
            constructors: &[],
            methods: &[],
        }
    }

    /// The same in every process of a build. Threads remember those that they asked for last: a name is long.
    pub(crate) fn id(&'static self) -> u64 {
        type Remembered = (Option<&'static Interface>, u64);
        thread_local! {
            static LAST: [Cell<Remembered>; 8] = const { [const { Cell::new((None, 0)) }; 8] };
        }
        let at = ptr::from_ref(self).addr() / align_of::<Self>() % 8;
        let (whose, id) = LAST.with(|last| last[at].get());
        if whose.is_some_and(|whose| ptr::eq(whose, self)) {
            return id;
        }
        let id = hash((self.name)());
        LAST.with(|last| last[at].set((Some(self), id)));
        id
    }

    /// The method of this number.
    pub(crate) fn method(&self, number: u32) -> Option<&'static Method> {
        self.methods.get(usize::try_from(number).ok()?)
    }

    /// The constructor of this number.
    pub(crate) fn constructor(&self, number: u32) -> Option<&'static Constructor> {
        self.constructors.get(usize::try_from(number).ok()?)
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interface").field(&(self.name)()).finish()
    }
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
