//! What is said about a task's process before it starts, and its start.

use std::ffi::OsStr;
use std::path::Path;

use super::exit;
use super::running::Process;
use super::settings::{Change, Settings, settings_methods};
use super::spawn::{self, Spawned};
use super::stdio::Stdio;
use super::task::{Never, TaskCall, TaskFn};
use crate::error::{Error, Executed};
use crate::handle::{Parcel, claim};
use crate::message::{ErrorOnWire, FromChild, Handles, Reply, ToChild};

/// Runs a call in a new process with nothing special about it.
///
/// # Errors
///
/// As [`ProcessBuilder::spawn`].
pub fn spawn<F: TaskFn>(call: TaskCall<F>) -> Result<Process<F::Output, F::Error>, Error> {
    Process::builder().spawn(call)
}

impl Process<(), Never> {
    /// To say more about a process before it starts: `Process::builder().name("left").spawn(count::call(…))`.
    #[must_use]
    pub fn builder() -> ProcessBuilder {
        ProcessBuilder::default()
    }
}

/// What is to be said about a task's process before it starts: made by [`Process::builder`].
///
/// ```
/// use shared_runtime::{Process, task};
///
/// #[task]
/// fn city() -> Option<String> {
///     std::env::var("CITY").ok()
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     shared_runtime::init();
///     let there = Process::builder().name("there").env("CITY", "Oslo");
///     let process = there.spawn(city::call())?;
///     assert_eq!(process.name(), "there");
///     assert_eq!(process.join()?.as_deref(), Some("Oslo"));
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug, Default)]
pub struct ProcessBuilder {
    settings: Settings,
}

impl ProcessBuilder {
    /// What the process is called in errors and in `ps`. Default: the name of the function.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    settings_methods!();

    /// Runs `call` in a new process, and returns when it has begun: the handles among its arguments are held there then.
    ///
    /// # Errors
    ///
    /// `NotInitialized`; `Encode` or `TooLarge` for the arguments; `Unknown` if another [`executable`](Self::executable) has no such
    /// task; `Exited` with the process's last words if it ends before it begins; `Io`.
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
        let function = task.rsplit("::").next().unwrap_or(task);
        let name = self.settings.name.as_deref().unwrap_or(function);
        let mut spawned = spawn::spawn(name, &self.settings)?;
        let order = ToChild::Task {
            task: task.to_owned(),
            handles: Handles { nonce, claims },
        };
        spawned.tell(&order, &body)?;
        match spawned.first_answer(Executed::No)?.0 {
            FromChild::Started => {}
            FromChild::Finished(Reply {
                outcome: Err(ErrorOnWire(error)),
                ..
            }) => return Err(error.in_process(spawned.label())),
            _ => return Err(spawned.unexpected()),
        }
        if !self.settings.detached {
            exit::wait_for(&spawned.child, spawned.line.socket());
        }
        Ok(spawned)
    }
}
