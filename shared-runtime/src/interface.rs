//! What a macro-generated type tells the runtime: its constructors, methods and tasks, found at link time.

use std::collections::HashMap;
use std::fmt;
use std::path::Path;
use std::sync::{Arc, LazyLock};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind, Executed};
use crate::handle::{Lease, Parcel, unpack};
use crate::message::{Function, Functions};
use crate::object::Object;

/// The shared types of this program.
#[linkme::distributed_slice]
pub static INTERFACES: [&'static Interface];

/// The tasks of this program.
#[linkme::distributed_slice]
pub static TASKS: [&'static Task];

/// The method table of a type.
pub struct Interface {
    /// The type, as `crate::module::Type`, unless it was given another name.
    pub name: fn() -> &'static str,
    /// In the order of their numbers.
    pub constructors: &'static [Constructor],
    /// In the order of their numbers.
    pub methods: &'static [Method],
}

/// A function that makes objects.
#[derive(Debug)]
pub struct Constructor {
    /// As the user wrote it.
    pub name: &'static str,
    /// The types of its arguments and answer, as the user wrote them.
    pub signature: &'static str,
    /// Decodes the arguments, runs, encodes the answer.
    pub run: fn(Arguments<'_>) -> Returned,
}

/// A method: decodes its arguments, runs, encodes its answer.
#[derive(Debug)]
pub struct Method {
    /// As the user wrote it.
    pub name: &'static str,
    /// The receiver and the types of its arguments and answer, as the user wrote them.
    pub signature: &'static str,
    /// Decodes the arguments, runs, encodes the answer.
    pub run: Run,
}

/// By receiver.
#[derive(Debug)]
pub enum Run {
    /// `&self`: beside others.
    Shared(fn(&Object, Arguments<'_>) -> Returned),
    /// `&mut self`: alone.
    Exclusive(fn(&mut Object, Arguments<'_>) -> Returned),
}

/// A function to run in a process of its own.
#[derive(Debug)]
pub struct Task {
    /// As the user wrote it.
    pub name: &'static str,
    /// Decodes the arguments, runs, encodes the answer.
    pub run: fn(Arguments<'_>) -> Returned,
}

/// The encoded answer, or why there is none.
pub type Returned = Result<Encoded, Error>;

/// An answer ready to travel.
#[derive(Debug)]
pub struct Encoded(pub(crate) Parcel);

/// The arguments as they came.
#[derive(Debug)]
pub struct Arguments<'a> {
    pub(crate) body: &'a [u8],
    pub(crate) nonce: u64,
    pub(crate) leases: Vec<Arc<Lease>>,
}

impl<'a> Arguments<'a> {
    /// The arguments as a tuple.
    ///
    /// # Errors
    ///
    /// `Decode`: the method has not run.
    pub fn decode<T: Deserialize<'a>>(self) -> Result<T, Error> {
        unpack(self.body, self.nonce, self.leases)
    }
}

/// Encodes what a method returned.
///
/// # Errors
///
/// `Encode`: the method has run.
pub fn encode<T: Serialize + ?Sized>(value: &T) -> Returned {
    Parcel::pack(value)
        .map(Encoded)
        .map_err(|error| error.ran(Executed::Yes))
}

/// The object as the type its method table was made for.
///
/// # Errors
///
/// `Unknown` if it is of another type.
pub fn object<T: 'static>(object: &Object) -> Result<&T, Error> {
    object.downcast_ref().ok_or_else(another_type::<T>)
}

/// The object as the type its method table was made for.
///
/// # Errors
///
/// `Unknown` if it is of another type.
pub fn object_mut<T: 'static>(object: &mut Object) -> Result<&mut T, Error> {
    object.downcast_mut().ok_or_else(another_type::<T>)
}

fn another_type<T>() -> Error {
    Error::new(
        ErrorKind::Unknown,
        format!("the object is not a {}", std::any::type_name::<T>()),
    )
}

impl Interface {
    /// The same in every process of a build.
    pub(crate) fn id(&self) -> u64 {
        hash((self.name)())
    }

    /// What another executable must agree with.
    pub(crate) fn functions(&self) -> Functions {
        let function = |name: &str, signature: &str| Function {
            name: name.to_owned(),
            signature: signature.to_owned(),
        };
        Functions {
            constructors: self
                .constructors
                .iter()
                .map(|constructor| function(constructor.name, constructor.signature))
                .collect(),
            methods: self
                .methods
                .iter()
                .map(|method| function(method.name, method.signature))
                .collect(),
        }
    }

    /// Whether any method needs the object alone.
    pub(crate) fn has_exclusive(&self) -> bool {
        self.methods
            .iter()
            .any(|method| matches!(method.run, Run::Exclusive(_)))
    }
}

impl fmt::Debug for Interface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Interface").field(&(self.name)()).finish()
    }
}

/// The shared type with this id.
pub(crate) fn interface(id: u64) -> Result<&'static Interface, Error> {
    static BY_ID: LazyLock<HashMap<u64, &'static Interface>> = LazyLock::new(|| {
        INTERFACES
            .iter()
            .map(|interface| (interface.id(), *interface))
            .collect()
    });
    BY_ID.get(&id).copied().ok_or_else(|| {
        let known: Vec<&str> = INTERFACES
            .iter()
            .map(|interface| (interface.name)())
            .collect();
        unknown("shared type", &known)
    })
}

/// The name of the shared type with this id, as far as this program knows it.
pub(crate) fn name_of(id: u64) -> &'static str {
    interface(id).map_or("type that this program does not know", |interface| {
        (interface.name)()
    })
}

/// The task of this name.
pub(crate) fn task(name: &str) -> Result<&'static Task, Error> {
    TASKS
        .iter()
        .find(|task| task.name == name)
        .copied()
        .ok_or_else(|| {
            let known: Vec<&str> = TASKS.iter().map(|task| task.name).collect();
            unknown(&format!("task {name}"), &known)
        })
}

fn unknown(what: &str, known: &[&str]) -> Error {
    let text = format!(
        "this program has no such {what}; it knows {}. A crate that is never named is not linked: write `use the_crate as _;`",
        known.join(", ")
    );
    Error::new(ErrorKind::Unknown, text)
}

/// FNV-1a.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

/// How an argument that is taken by reference arrives: in place where its type allows.
pub trait RefArg {
    /// What the bytes are decoded to.
    type Decoded<'de>: Deserialize<'de>;

    /// That, as the method takes it.
    fn borrow<'x>(decoded: &'x Self::Decoded<'_>) -> &'x Self;
}

impl RefArg for str {
    type Decoded<'de> = &'de str;

    fn borrow<'x>(decoded: &'x &str) -> &'x str {
        decoded
    }
}

impl RefArg for Path {
    type Decoded<'de> = &'de Path;

    fn borrow<'x>(decoded: &'x &Path) -> &'x Path {
        decoded
    }
}

impl<T: DeserializeOwned> RefArg for [T] {
    type Decoded<'de> = Vec<T>;

    fn borrow(decoded: &Vec<T>) -> &[T] {
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
    message = "`{Self}` cannot be an argument of a shared method",
    label = "cannot be sent to another process",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, or pass a `Shared<…>` handle to it"
)]
pub trait Argument {
    /// The type itself: generated code names it this way, so that a type that lacks something is complained about once.
    type Is;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Argument for T {
    type Is = T;
}

/// What an answer must be able to do.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the answer of a shared method",
    label = "cannot be sent to another process",
    note = "add `#[derive(serde::Serialize, serde::Deserialize)]` to `{Self}`, or return a `Shared<…>` handle to it"
)]
pub trait Reply {
    /// The type itself: generated code names it this way, so that a type that lacks something is complained about once.
    type Is;
}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Reply for T {
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
