//! `ServerProcess`: a child process that hosts objects.

use std::fmt;
use std::ops::Deref;
use std::time::Duration;

use rustix::process::Signal;

use super::spawn::Spawned;
use super::stdio::stream_methods;
use crate::auth_key::AuthKey;
use crate::error::{Error, ErrorKind};
use crate::exit::ExitStatus;
use crate::logs;
use crate::message::ToChild;
use crate::os::{Deadline, SocketFile, forked};
use crate::server_handle::ServerHandle;

/// A child process that hosts objects, as a [`ServerHandle`] that ends it when dropped.
///
/// It ends with the process that started it, however that ends, unless it is [`detached`](crate::ServerBuilder::detached): then
/// dropping this leaves it running, and [`shutdown`](ServerProcess::shutdown) or a signal ends it. Ctrl-C it ignores. The tasks that its
/// methods start end with it.
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
    pub(super) handle: ServerHandle,
    pub(super) spawned: Spawned,
    pub(super) shutdown_timeout: Duration,
    pub(super) detached: bool,
    pub(super) key: Option<AuthKey>,
    /// The file of its address, to be removed if the server could not.
    pub(super) file: Option<SocketFile>,
}

impl ServerProcess {
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
        let how = self.spawned.child.describe(status);
        let text = format!(
            "the server {} did not end by itself: {how}",
            self.spawned.name
        );
        Err(Error::new(ErrorKind::Exited, text)
            .with_exit(Some(status))
            .in_process(self.spawned.label()))
    }

    /// The key that opens the server's [address](crate::ServerBuilder::address): the one that the builder was given, else a
    /// [random](AuthKey::random) one. `None` where there is neither a key nor an address.
    #[must_use]
    pub fn auth_key(&self) -> Option<&AuthKey> {
        self.key.as_ref()
    }

    /// How the server's process ended; `None` while it runs.
    #[must_use]
    pub fn exit_status(&self) -> Option<ExitStatus> {
        self.spawned.exit_status()
    }

    stream_methods!();

    pub(super) fn stop(&mut self) -> ExitStatus {
        let status = self.end();
        if let Some(file) = &self.file {
            // One that stays is found dead by whoever wants the address next.
            let _ = file.remove_dead();
        }
        logs::settle(Deadline::NEVER);
        status
    }

    fn end(&mut self) -> ExitStatus {
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
    /// Ends the server, unless it is detached, or this is a copy in a forked process: the server is the parent's.
    fn drop(&mut self) {
        if !forked() && !self.detached {
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
