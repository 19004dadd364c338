//! `ServerProcess`: a child process that hosts objects.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use rustix::process::Signal;

use super::spawn::{self, Spawned};
use crate::carriage::{Carriage, Transport, Waiting};
use crate::error::{Error, ErrorKind};
use crate::exit::ExitStatus;
use crate::message::{FromChild, MAX_MESSAGE, ServerSettings, ToChild};
use crate::object::ASYNC_WORKERS;
use crate::os::{Deadline, forked};
use crate::server_handle::ServerHandle;

/// How long a server may take to end, unless it was told otherwise.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a call may wait for an object unless the server was told otherwise.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

/// A child process that hosts objects, as a [`ServerHandle`] that ends it when dropped.
///
/// ```
/// use shared_runtime::{ServerProcess, shared};
///
/// #[derive(Default)]
/// struct Greeter;
///
/// #[shared]
/// impl Greeter {
///     pub fn new() -> Self { Self }
///     pub fn greet(&self, name: &str) -> String { format!("Hello, {name}, from {}", std::process::id()) }
/// }
///
/// fn main() -> Result<(), shared_runtime::Error> {
///     shared_runtime::init();
///     let server = ServerProcess::start()?;
///     let greeter = Greeter::new_in(&server)?;
///     assert_eq!(greeter.greet("you")?, format!("Hello, you, from {}", server.pid()));
///     Ok(())
/// }
/// ```
pub struct ServerProcess {
    handle: ServerHandle,
    spawned: Spawned,
    shutdown_timeout: Duration,
}

impl ServerProcess {
    /// Starts a server with nothing special about it.
    ///
    /// # Errors
    ///
    /// `NotInitialized`; `Exited` with the child's last words if it ends before it serves; `Io`.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// To say more about the server first.
    #[must_use]
    pub fn builder() -> ServerBuilder {
        ServerBuilder::default()
    }

    /// Ends the server: running calls may end, objects are dropped. If that takes longer than the shutdown timeout (1 s unless
    /// the builder said otherwise) the process is ended with `SIGTERM`, and if need be with `SIGKILL`. Handles to its
    /// objects give `Disconnected` from then on. Dropping does the same.
    ///
    /// # Errors
    ///
    /// `Exited` if the server had crashed before, or had to be ended by force.
    pub fn shutdown(mut self) -> Result<(), Error> {
        let status = self.stop();
        // Where somebody else collected the status, nothing speaks against it.
        if status.success() || status.is_unknown() {
            return Ok(());
        }
        let text = format!(
            "the server {} did not end by itself: {status}",
            self.spawned.name
        );
        Err(Error::new(ErrorKind::Exited, text)
            .with_exit(Some(status))
            .in_process(self.spawned.label()))
    }

    /// How the server's process ended; `None` while it runs.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.spawned
            .child
            .wait(Deadline::after(Some(Duration::ZERO)))
    }

    fn stop(&mut self) -> ExitStatus {
        // A server that cannot be asked has ended.
        let _ = self.spawned.tell(&ToChild::Shutdown, &[]);
        let child = &self.spawned.child;
        for signal in [Signal::TERM, Signal::KILL] {
            if let Some(status) = child.wait(Deadline::after(Some(self.shutdown_timeout))) {
                return status;
            }
            child.signal(signal);
        }
        child
            .wait(Deadline::NEVER)
            .unwrap_or_else(ExitStatus::unknown)
    }
}

impl Drop for ServerProcess {
    /// Ends the server, unless this is a copy in a forked process: the server is the parent's.
    fn drop(&mut self) {
        if !forked() {
            self.stop();
        }
    }
}

impl Deref for ServerProcess {
    type Target = ServerHandle;

    fn deref(&self) -> &ServerHandle {
        &self.handle
    }
}

impl fmt::Debug for ServerProcess {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ServerProcess")
            .field(&self.spawned.label())
            .finish()
    }
}

/// What is to be said about a server before it starts.
#[derive(Clone, Debug)]
pub struct ServerBuilder {
    name: Option<String>,
    cpus: Vec<usize>,
    max_message: usize,
    lock_timeout: Duration,
    shutdown_timeout: Duration,
    async_workers: usize,
    transport: Option<Transport>,
    waiting: Waiting,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            name: None,
            cpus: Vec::new(),
            max_message: MAX_MESSAGE,
            lock_timeout: LOCK_TIMEOUT,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
            async_workers: ASYNC_WORKERS,
            transport: None,
            waiting: Waiting::default(),
        }
    }
}

impl ServerBuilder {
    /// What the server is called in errors, in `inspect` and in `ps`. Default: `server-1`, `server-2`, …
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// The CPUs the server may run on, by number: in force before its program begins. Default: those of this process.
    #[must_use]
    pub fn cpus(mut self, cpus: impl IntoIterator<Item = usize>) -> Self {
        self.cpus = cpus.into_iter().collect();
        self
    }

    /// The most bytes that the arguments or the answer of one call may take. Default: 1 GiB.
    #[must_use]
    pub fn max_message(mut self, bytes: usize) -> Self {
        self.max_message = bytes;
        self
    }

    /// How long a call may wait for an object that other calls use, where its deadline is not nearer. It ends what no caller can
    /// see: two chains of calls that wait for each other's objects. The error names who held the object. Default: 30 s.
    #[must_use]
    pub fn lock_timeout(mut self, timeout: Duration) -> Self {
        self.lock_timeout = timeout;
        self
    }

    /// How long [`shutdown`](ServerProcess::shutdown) waits for the server before it ends it by force. Default: 1 s.
    #[must_use]
    pub fn shutdown_timeout(mut self, timeout: Duration) -> Self {
        self.shutdown_timeout = timeout;
        self
    }

    /// How many awaited calls of one process run at one time in the server, each on a thread of its own; further ones wait for those.
    /// At least one; calls that are made while a method runs, as a part of its chain, are not counted. Default: 64.
    ///
    /// ```no_run
    /// use shared_runtime::ServerProcess;
    ///
    /// // Its methods mostly wait for something else, so that many may run at once.
    /// let server = ServerProcess::builder().async_workers(500).start()?;
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn async_workers(mut self, most: usize) -> Self {
        self.async_workers = most;
        self
    }

    /// How calls reach the server. Default: what the environment variable `SHARED_TRANSPORT` names, `ring` or `channel`; else
    /// [`Transport::Ring`].
    #[must_use]
    pub fn transport(mut self, transport: Transport) -> Self {
        self.transport = Some(transport);
        self
    }

    /// How the threads of the server, and those that call it, wait for each other over [`Transport::Ring`]. Default:
    /// [`Waiting::Adaptive`].
    ///
    /// ```no_run
    /// use shared_runtime::{ServerProcess, Waiting};
    ///
    /// // Its calls come seldom, and every CPU has better things to do than to look out for them.
    /// let server = ServerProcess::builder().waiting(Waiting::Block).start()?;
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn waiting(mut self, waiting: Waiting) -> Self {
        self.waiting = waiting;
        self
    }

    /// Starts the server, and returns when it serves.
    ///
    /// # Errors
    ///
    /// As [`ServerProcess::start`].
    pub fn start(self) -> Result<ServerProcess, Error> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed) + 1;
        let name = self.name.unwrap_or_else(|| format!("server-{number}"));
        let transport = match self.transport {
            Some(transport) => transport,
            None => Carriage::usual()?.transport,
        };
        let mut spawned = spawn::spawn(&name, &self.cpus)?;
        let settings = ServerSettings {
            max_message: self.max_message,
            lock_timeout: self.lock_timeout,
            shutdown_timeout: self.shutdown_timeout,
            async_workers: self.async_workers,
            carriage: Carriage {
                transport,
                waiting: self.waiting,
            },
        };
        spawned.tell(&ToChild::Serve { settings }, &[])?;
        let handle = match spawned.first_answer()? {
            FromChild::Serving(endpoint) => ServerHandle::at(endpoint),
            _ => {
                return Err(Error::new(
                    ErrorKind::Decode,
                    "a new server said something out of turn",
                ));
            }
        };
        handle.connect()?;
        Ok(ServerProcess {
            handle,
            spawned,
            shutdown_timeout: self.shutdown_timeout,
        })
    }
}
