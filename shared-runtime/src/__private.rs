//! What generated code names. Not for people: it changes without notice.
#![allow(missing_docs)]

pub use linkme;
pub use serde;

pub use crate::call::{Call, Output, Target, call, call_of_trait, prepare, prepare_of_trait};
pub use crate::call_error::CallError;
pub use crate::codec::Bytes;
pub use crate::error::Error;
pub use crate::error_type::{Asked, ERRORS, ErrorType, IsError, IsNoError};
#[cfg(feature = "async")]
pub use crate::executor::block_on;
pub use crate::interface::{
    ArgumentType, Arguments, Constructor, Decoded, DecodedSlice, Encoded, IMPLEMENTATIONS,
    Implementation, Interface, Method, RefArg, Replied, ReplyType, ResultType, Returned, Run,
    TASKS, TRAITS, Task, TraitErrorType, encode, encode_answer, object, object_mut,
};
pub use crate::object::Object;
pub use crate::process::{Never, Process, TEST_CRATES, TaskCall, TaskFn, spawn, task_call};
pub use crate::server_handle::ServerHandle;
pub use crate::shared::{Shareable, Shared};
pub use crate::snapshot::{Describe, Snapshot, encode_debug};
pub use crate::traits::{AnyLock, CastFrom, Hosts, Lock, SharedTrait, has_no_mutex, target_as};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::functions;
use crate::handle::Parcel;

/// What is hosted of a value, whose methods are called from many threads.
pub fn shared_types_are_send_and_sync<T: Send + Sync + 'static>(value: T) -> Box<Object> {
    Box::new(value)
}

/// What is hosted of a value with `lock = "mutex"`, whose methods are called one at a time.
pub fn shared_types_are_send<T: Send + 'static>(value: T) -> Box<Object> {
    Box::new(std::sync::Mutex::new(value))
}

/// Runs a constructor, by its place in the table, on a server.
pub fn create<A: Serialize + ?Sized, O: Created>(
    server: &ServerHandle,
    constructor: u32,
    arguments: &A,
) -> O {
    match Parcel::pack(arguments) {
        Ok(arguments) => server.create::<O::Object, O>(constructor, arguments),
        // What the encoding cannot carry at all is said better than by the value that happened not to be carried.
        Err(error) => {
            let carries = functions::known(O::Object::interface()).carries_constructor(constructor);
            O::from_error(carries.err().unwrap_or(error))
        }
    }
}

/// What the sibling of a constructor returns.
pub trait Created: Output<Returned = Self> + Sized {
    /// The type of the object.
    type Object: Shareable;
}

impl<T: Shareable> Created for Result<Shared<T>, Error> {
    type Object = T;
}

impl<T: Shareable, E: DeserializeOwned> Created for Result<Shared<T>, CallError<E>> {
    type Object = T;
}

/// How long a frame takes to another thread and back, for benchmarks.
///
/// # Errors
///
/// That of a carrier that could not be made, or that broke.
pub fn round_trip(
    transport: crate::Transport,
    size: usize,
    times: u32,
) -> std::io::Result<std::time::Duration> {
    crate::transport::round_trip(transport, size, times)
}

/// What the hidden test of `test_support!` runs.
pub fn test_child() {
    crate::process::run_test_child();
}

/// Frames sent and received by this process so far, for tests that count round trips.
#[must_use]
pub fn frames() -> u64 {
    crate::transport::FRAMES.total()
}

/// A value as bytes after those in `buffer`: the codec alone, for `benches/codec.rs`.
pub fn write<T: Serialize + ?Sized>(value: &T, buffer: &mut Vec<u8>) -> Result<(), Error> {
    codec::encode_into(value, buffer)
}

/// The value that `bytes` stand for: the codec alone, for `benches/codec.rs`.
pub fn read<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    codec::decode(bytes)
}
