//! Tasks: functions that can run in a process of their own, and calls of them as values.

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::handle::Parcel;
use crate::interface::Task;

/// A function with `#[task]`, as a type.
pub trait TaskFn: 'static {
    /// What it returns, if it succeeds.
    type Output: DeserializeOwned;
    /// What it fails with: [`Never`] if it returns no `Result`.
    type Error: DeserializeOwned;
    /// Its row in the table of tasks.
    const TASK: &'static Task;
}

/// The error of a task that returns no `Result`: there is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Never {}

impl fmt::Display for Never {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {}
    }
}

impl std::error::Error for Never {}

/// A call of a [`#[task]`](macro@crate::task) function as a value, made by its `call`: what to run, and on what.
///
/// The handles among the arguments are held until it is run or dropped.
pub struct TaskCall<F> {
    pub(super) arguments: Result<Parcel, Error>,
    function: PhantomData<fn() -> F>,
}

impl<F> TaskCall<F> {
    /// What it is to be run on, or what is wrong with that.
    pub(super) fn into_arguments(self) -> Result<Parcel, Error> {
        self.arguments
    }
}

impl<F: TaskFn> fmt::Debug for TaskCall<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("TaskCall").field(&F::TASK.name).finish()
    }
}

/// Makes a call of arguments; what is wrong with them is said when it is run.
pub fn task_call<F: TaskFn, A: Serialize + ?Sized>(arguments: &A) -> TaskCall<F> {
    TaskCall {
        arguments: Parcel::pack(arguments),
        function: PhantomData,
    }
}
