//! `Process`: a task that runs in a process of its own, and its result.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::process::Signal;
use serde::de::DeserializeOwned;

use super::line::Message;
use super::spawn::{Spawned, Word, signs};
use super::stdio::stream_methods;
use crate::call_error::CallError;
use crate::error::{Error, ErrorKind, Executed};
use crate::exit::ExitStatus;
use crate::handle::{Lease, arrivals, unpack};
use crate::logs;
use crate::message::{ErrorOnWire, FromChild, Reply, ToChild};
use crate::os::Deadline;

/// A [`#[task]`](macro@crate::task) running in a process of its own; its result is `T`, or `E` if it fails.
///
/// Wait for it with [`join`](Process::join), or with `.await` on any executor. Dropping it leaves the process running.
///
/// A task ends with the process that started it, however that ends, unless it is [`detached`](crate::ProcessBuilder::detached). Where that
/// process ends by itself, it first waits for its tasks: when `main` returns or panics, and in `std::process::exit`. It does not in
/// `std::process::abort`, with `panic = "abort"`, nor if a signal ends it; nor does a server process.
pub struct Process<T, E> {
    pub(super) spawned: Spawned,
    pub(super) result: Outcome<T, E>,
}

/// How far the result has come.
pub(super) enum Outcome<T, E> {
    Awaited,
    /// It is here, but for its handles.
    Came(Reply, Message),
    /// The process has closed its channel without one.
    Never,
    Here(Result<T, CallError<E>>),
    Given {
        failed: bool,
    },
}

const NOW: Duration = Duration::ZERO;

impl<T: DeserializeOwned, E: DeserializeOwned> Process<T, E> {
    pub(super) fn new(spawned: Spawned) -> Self {
        Self {
            spawned,
            result: Outcome::Awaited,
        }
    }

    /// Waits for the end of the process.
    ///
    /// # Errors
    ///
    /// [`CallError::Method`] is the task's own error. A panic is `Panicked`; a process that ended in any other way without a
    /// result is `Exited`, with its [status](Error::exit_status).
    pub fn join(mut self) -> Result<T, CallError<E>> {
        self.join_until(Deadline::NEVER)
            .unwrap_or_else(|| Err(given()))
    }

    /// The same, but not longer than `timeout`: `None` if the process is still running then. The result is given once; after that,
    /// `Gone`.
    #[must_use]
    pub fn join_timeout(&mut self, timeout: Duration) -> Option<Result<T, CallError<E>>> {
        self.join_until(Deadline::after(Some(timeout)))
    }

    /// Whether the process has ended, or has only to be joined.
    pub fn is_finished(&mut self) -> bool {
        self.advance(Deadline::after(Some(NOW)));
        match self.result {
            Outcome::Awaited | Outcome::Came(..) => false,
            Outcome::Never => self.exit_status().is_some(),
            Outcome::Here(_) | Outcome::Given { .. } => true,
        }
    }

    pub(super) fn join_until(&mut self, deadline: Deadline) -> Option<Result<T, CallError<E>>> {
        self.advance(deadline);
        if let Outcome::Awaited = self.result {
            return None;
        }
        // The process has nothing left to do but to end.
        self.spawned.child.wait(deadline)?;
        logs::settle(deadline);
        let failed = self.has_failed();
        Some(
            match std::mem::replace(&mut self.result, Outcome::Given { failed }) {
                Outcome::Here(result) => result,
                Outcome::Never => Err(self.spawned.ended(Executed::Maybe).into()),
                Outcome::Awaited | Outcome::Came(..) | Outcome::Given { .. } => Err(given()),
            },
        )
    }

    /// Receives the result and its handles, if it comes before the deadline.
    fn advance(&mut self, deadline: Deadline) {
        self.receive(deadline);
        if let Outcome::Came(reply, _) = &self.result {
            let leases = arrivals(&reply.handles.claims, None, Deadline::NEVER);
            self.open(leases);
        }
    }

    /// Receives the result, if it comes before the deadline.
    pub(super) fn receive(&mut self, deadline: Deadline) {
        if let Outcome::Awaited = self.result {
            self.result = match self.spawned.answer(deadline) {
                Ok(Word::NotYet) => return,
                Ok(Word::Said(FromChild::Finished(reply), body)) => Outcome::Came(reply, body),
                Ok(Word::Said(..)) => Outcome::Here(Err(self.spawned.unexpected().into())),
                Ok(Word::Never) => Outcome::Never,
                Err(error) => Outcome::Here(Err(error.into())),
            };
        }
    }

    /// Lets the process go, whose result is here with its handles, and decodes.
    pub(super) fn open(&mut self, leases: Vec<Arc<Lease>>) {
        let (reply, body) = match std::mem::replace(&mut self.result, Outcome::Awaited) {
            Outcome::Came(reply, body) => (reply, body),
            other => {
                self.result = other;
                return;
            }
        };
        if !leases.is_empty() {
            // A child that is gone already needs no answer.
            let _ = self.spawned.tell(&ToChild::Taken, &[]);
        }
        self.result = Outcome::Here(match reply.outcome {
            Err(ErrorOnWire(error)) => Err(error.in_process(self.spawned.label()).into()),
            Ok(()) => decoded(body.body(), reply.handles.nonce, leases),
        });
    }
}

fn decoded<T: DeserializeOwned, E: DeserializeOwned>(
    body: &[u8],
    nonce: u64,
    leases: Vec<Arc<Lease>>,
) -> Result<T, CallError<E>> {
    let result: Result<T, E> =
        unpack(body, nonce, leases).map_err(|error| error.ran(Executed::Yes))?;
    result.map_err(CallError::Method)
}

fn given<E>() -> CallError<E> {
    let error = Error::new(
        ErrorKind::Gone,
        "the result was given to an earlier `join_timeout`",
    );
    CallError::Remote(error.ran(Executed::Yes))
}

impl<T, E> Process<T, E> {
    /// The process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.spawned.child.pid()
    }

    /// The name it has in errors and in `ps`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spawned.name
    }

    /// How it ended; `None` while it runs.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.spawned.exit_status()
    }

    /// Whether it ended by an error, a panic or without a result.
    pub(super) fn has_failed(&self) -> bool {
        match &self.result {
            Outcome::Awaited | Outcome::Came(..) => false,
            Outcome::Never => true,
            Outcome::Here(result) => result.is_err(),
            Outcome::Given { failed } => *failed,
        }
    }

    /// What becomes ready when there is something new to see of it.
    pub(super) fn signs(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let awaited = matches!(self.result, Outcome::Awaited);
        signs(
            awaited.then_some(&**self.spawned.line.socket()),
            &self.spawned.child,
        )
    }

    /// Asks the process to end, with `SIGTERM`.
    pub fn terminate(&self) {
        self.spawned.child.signal(Signal::TERM);
    }

    /// Ends the process, with `SIGKILL`.
    pub fn kill(&self) {
        self.spawned.child.signal(Signal::KILL);
    }

    stream_methods!();
}

impl<T, E> fmt::Debug for Process<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("name", &self.name())
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}
