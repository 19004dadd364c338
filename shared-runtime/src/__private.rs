//! What generated code names. Not for people: it changes without notice.
#![allow(missing_docs)]

pub use linkme;
pub use serde;

pub use crate::call::{OfTrait, Output, Target, call, prepare};
pub use crate::codec::Bytes;
pub use crate::interface::{
    Argument, Arguments, Constructor, Encoded, INTERFACES, Interface, Method, RefArg, Reply,
    ResultType, Returned, Run, TASKS, Task, encode, object, object_mut,
};
pub use crate::object::Object;
pub use crate::process::{Never, TEST_CRATES, TaskFn, spawn, task_call};
pub use crate::shared::{Calls, Proxy};

use serde::Serialize;

use crate::handle::Parcel;
use crate::{ServerHandle, Shareable, Shared};

/// Hosts what a constructor made, in the process that runs it.
pub fn host<T: Shareable + Send + Sync>(value: T) -> Shared<T> {
    Shared::new(value)
}

/// Runs a constructor, by its place in the table, on a server.
pub fn create<T: Shareable, A: Serialize + ?Sized, O: Output>(
    server: &ServerHandle,
    constructor: u32,
    arguments: &A,
) -> O::Returned {
    match Parcel::pack(arguments) {
        Ok(arguments) => server.create::<T, O>(constructor, arguments),
        Err(error) => O::from_error(error),
    }
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
