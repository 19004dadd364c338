//! What users hold of a job that they have submitted.

use std::fmt;
use std::future::Future;
use std::marker::PhantomData;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use serde::de::DeserializeOwned;

use super::slot::{Arrived, Outcome, Slot};
use crate::call_error::CallError;
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::unpack;
use crate::os::Deadline;

/// A call that a [`Pool`](super::Pool) runs; its result is `T`, or `E` if it fails.
///
/// It can be waited for by a thread, or awaited by a task of any executor. Dropping it abandons the result: the job runs all the same.
#[must_use = "the result of a job is to be waited for"]
pub struct Job<T, E> {
    slot: Arc<Slot>,
    result: PhantomData<fn() -> Result<T, E>>,
}

impl<T, E> Job<T, E> {
    pub(super) fn new(slot: Arc<Slot>) -> Self {
        Self {
            slot,
            result: PhantomData,
        }
    }

    /// Whether the job has ended: [`wait`](Job::wait) returns at once then.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.slot.is_over()
    }

    /// No worker begins it any more.
    pub(super) fn withdraw(&self) {
        self.slot.withdraw();
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Job<T, E> {
    /// Waits for the end of the job.
    ///
    /// # Errors
    ///
    /// [`CallError::Method`] is the task's own error. A panic is `Panicked`. Where the worker's process has ended under the job, it is
    /// `Exited`, with how; `Cancelled`, where the pool takes no jobs any more, or was terminated.
    pub fn wait(self) -> Result<T, CallError<E>> {
        open(self.slot.wait(Deadline::NEVER).unwrap_or_default())
    }

    /// The same, but not longer than `timeout`: `None` if the job has not ended then. The result is given once; after that, `Gone`.
    #[must_use]
    pub fn wait_timeout(&mut self, timeout: Duration) -> Option<Result<T, CallError<E>>> {
        let outcome = self.slot.wait(Deadline::after(Some(timeout))).ok()?;
        Some(open(outcome))
    }
}

/// Reads a result; user code may run.
fn open<T: DeserializeOwned, E: DeserializeOwned>(
    outcome: Option<Outcome>,
) -> Result<T, CallError<E>> {
    let Arrived {
        message,
        nonce,
        leases,
    } = outcome.unwrap_or_else(|| Err(given()))?;
    let result: Result<T, E> =
        unpack(message.body(), nonce, leases).map_err(|error| error.ran(Executed::Yes))?;
    result.map_err(CallError::Method)
}

fn given() -> Error {
    let text = "the result was given to an earlier `wait_timeout`, or to an earlier poll";
    Error::new(ErrorKind::Gone, text).ran(Executed::Yes)
}

impl<T: DeserializeOwned, E: DeserializeOwned> Future for Job<T, E> {
    type Output = Result<T, CallError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        self.slot.poll(context).map(open)
    }
}

impl<T, E> fmt::Debug for Job<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Job")
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}
