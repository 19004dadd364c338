//! What is said about a server before it starts, and its start.

use std::ffi::OsStr;
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::initializer::{Initializer, first_answer, order};
use super::server::ServerProcess;
use super::settings::{Change, Settings, settings_methods};
use super::spawn::{self, Spawned};
use super::stdio::Stdio;
use super::task::{TaskCall, TaskFn};
use crate::address::{Address, Endpoint};
use crate::auth_key::AuthKey;
use crate::carriage::{Carriage, Transport, Waiting};
use crate::error::Error;
use crate::message::{Door, ErrorOnWire, FromChild, MAX_MESSAGE, ServerSettings, ToChild};
use crate::object::ASYNC_WORKERS;
use crate::os::SocketFile;
use crate::server_handle::ServerHandle;

/// How long a server may take to end, unless it was told otherwise.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(1);

/// How long a call may wait for an object unless the server was told otherwise.
const LOCK_TIMEOUT: Duration = Duration::from_secs(30);

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
}

/// What is to be said about a server before it starts.
#[derive(Clone, Debug)]
pub struct ServerBuilder {
    settings: Settings,
    initializer: Option<Initializer>,
    max_message: usize,
    lock_timeout: Duration,
    shutdown_timeout: Duration,
    async_workers: usize,
    transport: Option<Transport>,
    waiting: Waiting,
    address: Option<Address>,
    key: Option<AuthKey>,
}

impl Default for ServerBuilder {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            initializer: None,
            max_message: MAX_MESSAGE,
            lock_timeout: LOCK_TIMEOUT,
            shutdown_timeout: SHUTDOWN_TIMEOUT,
            async_workers: ASYNC_WORKERS,
            transport: None,
            waiting: Waiting::default(),
            address: None,
            key: None,
        }
    }
}

impl ServerBuilder {
    /// What the server is called in errors, in `inspect` and in `ps`. Default: `server-1`, `server-2`, …
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.settings.name = Some(name.into());
        self
    }

    settings_methods!();

    /// A task to be run once in the server, before it serves: on its main thread, where it can set up what the objects will need. What it
    /// returns is dropped; if it fails, the server does not start, and the error of [`start`](Self::start) has its text.
    ///
    /// ```
    /// use shared_runtime::{Report, ServerProcess, task};
    ///
    /// #[task]
    /// fn setup(config: &str) -> Result<(), Report> {
    ///     let workers: usize = config.parse()?;
    ///     println!("{workers} workers");
    ///     Ok(())
    /// }
    ///
    /// fn main() {
    ///     shared_runtime::init();
    ///     ServerProcess::builder().initializer(setup::call("4")).start().unwrap();
    ///     let error = ServerProcess::builder().initializer(setup::call("four")).start().unwrap_err();
    ///     assert!(error.to_string().contains("invalid digit found in string"), "{error}");
    /// }
    /// ```
    #[must_use]
    pub fn initializer<F>(mut self, call: TaskCall<F>) -> Self
    where
        F: TaskFn<Error: fmt::Debug + 'static>,
    {
        self.initializer = Some(Initializer::new(call));
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

    /// Where the server is reached by processes that no handle was sent to: they [`connect`](ServerHandle::connect) with its
    /// [key](Self::auth_key). Default: nowhere; it has a private address that only handles know.
    ///
    /// The socket file of a path is made when the server begins to serve, for its user alone (mode 0600), and removed when it ends. One that a
    /// killed server has left is replaced.
    #[must_use]
    pub fn address(mut self, address: Address) -> Self {
        self.address = Some(address);
        self
    }

    /// What those must prove to have who [`connect`](ServerHandle::connect) to the [address](Self::address). The server gets it over a private
    /// channel, not by its environment or its command line. Default: a random one, which [`ServerProcess::auth_key`] tells.
    ///
    /// Handles need no key, and a server without an address asks nobody for one.
    ///
    /// ```
    /// use shared_runtime::{AuthKey, ErrorKind, ServerHandle, ServerProcess};
    ///
    /// fn main() -> Result<(), shared_runtime::Error> {
    ///     shared_runtime::init();
    ///     let address = format!("unix:@doc-of-auth-key-{}", std::process::id());
    ///     let server = ServerProcess::builder().address(address.parse()?).start()?;
    ///     let key = server.auth_key().expect("a random one");
    ///     assert_eq!(ServerHandle::connect(&server.address(), key)?.pid(), server.pid());
    ///     let error = ServerHandle::connect(&server.address(), &AuthKey::random()).unwrap_err();
    ///     assert_eq!(error.kind(), ErrorKind::Denied);
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn auth_key(mut self, key: AuthKey) -> Self {
        self.key = Some(key);
        self
    }

    /// Starts the server, and returns when it serves.
    ///
    /// # Errors
    ///
    /// As [`ServerProcess::start`]; `Panicked` or `Exited` if the [`initializer`](Self::initializer) fails, and `Unknown` if another
    /// [`executable`](Self::executable) has no such task; `AlreadyExists` if the [address](Self::address) is in use, or what is
    /// there is not a socket; `NotFound` if its folder is missing; `Io`.
    pub fn start(mut self) -> Result<ServerProcess, Error> {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed) + 1;
        let own = || format!("server-{number}");
        let name = self.settings.name.clone().unwrap_or_else(own);
        let (initializer, body) = order(self.initializer.as_ref())?;
        if self.address.is_some() {
            self.key.get_or_insert_with(AuthKey::random);
        }
        let settings = self.server_settings()?;
        let mut spawned = spawn::spawn(&name, &self.settings)?;
        let serve = ToChild::Serve {
            settings,
            initializer,
        };
        // If it is killed, what it had is removed at once.
        spawned.collect_at_end();
        spawned.tell(&serve, body)?;
        let (endpoint, file) = self.served(&mut spawned)?;
        let handle = ServerHandle::at(endpoint, self.address);
        let mut server = ServerProcess {
            handle,
            spawned,
            key: self.key,
            file,
            shutdown_timeout: self.shutdown_timeout,
            detached: self.settings.detached,
        };
        // Nobody else would end one that is detached and cannot be reached.
        let reached = server.reach();
        if reached.is_err() {
            server.stop();
        }
        reached.map(|()| server)
    }

    /// What the server itself is told.
    fn server_settings(&self) -> Result<ServerSettings, Error> {
        let transport = match self.transport {
            Some(transport) => transport,
            None => Carriage::usual()?.transport,
        };
        Ok(ServerSettings {
            max_message: self.max_message,
            lock_timeout: self.lock_timeout,
            shutdown_timeout: self.shutdown_timeout,
            async_workers: self.async_workers,
            carriage: Carriage {
                transport,
                waiting: self.waiting,
            },
            door: self.door(),
        })
    }

    fn door(&self) -> Option<Door> {
        let (address, key) = (self.address.clone()?, self.key.clone()?);
        Some(Door { address, key })
    }

    /// Waits until it serves: where, and the file of its address.
    fn served(&self, spawned: &mut Spawned) -> Result<(Endpoint, Option<SocketFile>), Error> {
        match first_answer(spawned, self.initializer.as_ref())? {
            FromChild::Serving(endpoint, file) => Ok((endpoint, file)),
            FromChild::NotServing(ErrorOnWire(error)) => Err(error.in_process(spawned.label())),
            _ => Err(spawned.unexpected()),
        }
    }
}
