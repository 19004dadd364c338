//! Tasks: functions that run in a process of their own, and the `Process` that stands for one.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use rustix::process::Signal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::spawn::{self, Spawned};
use crate::call_error::CallError;
use crate::error::{Error, ErrorKind, Executed};
use crate::exit::ExitStatus;
use crate::handle::{Parcel, arrivals, claim, unpack};
use crate::interface::Task;
use crate::message::{ErrorOnWire, FromChild, Handles, Reply, ToChild};
use crate::os::Deadline;

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
    arguments: Result<Parcel, Error>,
    function: PhantomData<fn() -> F>,
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

/// Runs a call in a new process with nothing special about it.
///
/// # Errors
///
/// As [`ProcessBuilder::spawn`].
pub fn spawn<F: TaskFn>(call: TaskCall<F>) -> Result<Process<F::Output, F::Error>, Error> {
    Process::builder().spawn(call)
}

/// What is to be said about a task's process before it starts: made by [`Process::builder`].
#[derive(Clone, Debug, Default)]
pub struct ProcessBuilder {
    name: Option<String>,
    cpus: Vec<usize>,
}

impl ProcessBuilder {
    /// What the process is called in errors and in `ps`. Default: the name of the function.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The CPUs the process may run on, by number: in force before its program begins. Default: those of this process.
    #[must_use]
    pub fn cpus(mut self, cpus: impl IntoIterator<Item = usize>) -> Self {
        self.cpus = cpus.into_iter().collect();
        self
    }

    /// Runs `call` in a new process, and returns when it has begun: the handles among its arguments are held there then.
    ///
    /// # Errors
    ///
    /// `NotInitialized`; `Encode` or `TooLarge` for the arguments; `Exited` with the process's last words if it ends
    /// before it begins; `Io`.
    pub fn spawn<F: TaskFn>(
        self,
        call: TaskCall<F>,
    ) -> Result<Process<F::Output, F::Error>, Error> {
        let started = self.start(F::TASK.name, call.arguments);
        started
            .map(Process::new)
            .map_err(|error| error.in_task(F::TASK.name))
    }

    fn start(self, task: &str, arguments: Result<Parcel, Error>) -> Result<Spawned, Error> {
        let Parcel {
            body,
            nonce,
            leases,
        } = arguments?;
        let claims = leases.iter().map(claim).collect::<Result<_, _>>()?;
        let name = self
            .name
            .as_deref()
            .or_else(|| task.rsplit("::").next())
            .unwrap_or(task);
        let mut spawned = spawn::spawn(name, &self.cpus)?;
        let order = ToChild::Task {
            task: task.to_owned(),
            handles: Handles { nonce, claims },
        };
        spawned.tell(&order, &body)?;
        match spawned.first_answer()? {
            FromChild::Started => Ok(spawned),
            _ => Err(unexpected(&spawned)),
        }
    }
}

fn unexpected(spawned: &Spawned) -> Error {
    Error::new(
        ErrorKind::Decode,
        "a child process said something out of turn",
    )
    .in_process(spawned.label())
}

/// A [`#[task]`](macro@crate::task) running in a process of its own; its result is `T`, or `E` if it fails.
///
/// Dropping it leaves the process running. A task ends with the process that started it.
pub struct Process<T, E> {
    spawned: Spawned,
    result: Outcome<T, E>,
}

/// How far the result has come.
enum Outcome<T, E> {
    Awaited,
    Here(Result<T, CallError<E>>),
    Given,
}

impl Process<(), Never> {
    /// To say more about a process before it starts: `Process::builder().name("left").spawn(count::call(…))`.
    #[must_use]
    pub fn builder() -> ProcessBuilder {
        ProcessBuilder::default()
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Process<T, E> {
    fn new(spawned: Spawned) -> Self {
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
        self.advance(Deadline::after(Some(Duration::ZERO)));
        !matches!(self.result, Outcome::Awaited)
    }

    fn join_until(&mut self, deadline: Deadline) -> Option<Result<T, CallError<E>>> {
        self.advance(deadline);
        if let Outcome::Awaited = self.result {
            return None;
        }
        // The process has nothing left to do but to end.
        self.spawned.child.wait(deadline)?;
        match std::mem::replace(&mut self.result, Outcome::Given) {
            Outcome::Here(result) => Some(result),
            Outcome::Awaited | Outcome::Given => Some(Err(given())),
        }
    }

    /// Receives the result, if it comes before the deadline.
    fn advance(&mut self, deadline: Deadline) {
        if let Outcome::Awaited = self.result
            && let Some(result) = receive(&mut self.spawned, deadline)
        {
            self.result = Outcome::Here(result);
        }
    }
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
        self.spawned
            .child
            .wait(Deadline::after(Some(Duration::ZERO)))
    }

    /// Asks the process to end, with `SIGTERM`.
    pub fn terminate(&self) {
        self.spawned.child.signal(Signal::TERM);
    }

    /// Ends the process, with `SIGKILL`.
    pub fn kill(&self) {
        self.spawned.child.signal(Signal::KILL);
    }
}

impl<T, E> fmt::Debug for Process<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process")
            .field("name", &self.name())
            .field("pid", &self.pid())
            .finish_non_exhaustive()
    }
}

/// `None` when the deadline passes first.
fn receive<T: DeserializeOwned, E: DeserializeOwned>(
    spawned: &mut Spawned,
    deadline: Deadline,
) -> Option<Result<T, CallError<E>>> {
    match spawned.answer(deadline, Executed::Maybe) {
        Ok(None) => None,
        Ok(Some((FromChild::Finished(reply), body))) => Some(open(spawned, &reply, &body)),
        Ok(Some(_)) => Some(Err(unexpected(spawned).into())),
        Err(error) => Some(Err(error.into())),
    }
}

/// Takes the handles of a result, lets the child go, and decodes.
fn open<T: DeserializeOwned, E: DeserializeOwned>(
    spawned: &mut Spawned,
    reply: &Reply,
    body: &[u8],
) -> Result<T, CallError<E>> {
    let leases = arrivals(&reply.handles.claims, None, Deadline::NEVER);
    // A child that is gone already needs no answer.
    let _ = spawned.tell(&ToChild::Taken, &[]);
    if let Err(ErrorOnWire(error)) = &reply.outcome {
        return Err(error.clone().in_process(spawned.label()).into());
    }
    let result: Result<T, E> =
        unpack(body, reply.handles.nonce, leases).map_err(|error| error.ran(Executed::Yes))?;
    result.map_err(CallError::Method)
}
