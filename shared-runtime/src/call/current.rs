//! The call that runs on this thread, as its method sees it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::context::{self, Context};
pub use crate::object::SessionId;
use crate::object::{Caller, Cancel};
use crate::os::Deadline;
use crate::program;

/// The call that runs on this thread: who made it, how much time it has, whether anybody still waits for it.
///
/// Outside of a method, a constructor or a task it is this process that asks itself: without a deadline, and never cancelled.
///
/// ```
/// use shared_runtime::{Shared, call, shared};
///
/// struct Greeter;
///
/// #[shared]
/// impl Greeter {
///     pub fn greet(&self) -> String {
///         format!("Hello, {}", call::current().process())
///     }
/// }
///
/// let greeter = Shared::new(Greeter);
/// assert!(greeter.greet()?.ends_with(&format!("(pid {})", std::process::id())));
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[must_use]
pub fn current() -> Current {
    let Context {
        deadline,
        cancel,
        caller,
        ..
    } = context::current();
    Current {
        deadline,
        cancel,
        caller: caller.unwrap_or_else(|| Arc::clone(Caller::this_process(program::label()))),
    }
}

/// What [`current`] returns. Stays valid when the call has ended, and on other threads. Keeps no object alive.
#[derive(Clone)]
pub struct Current {
    deadline: Deadline,
    cancel: Option<Cancel>,
    caller: Arc<Caller>,
}

impl Current {
    /// The process that called, as `name (pid 123)`.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.caller.label
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.caller.pid
    }

    /// Its session at this server: the same for all calls of one client process, and never used again.
    #[must_use]
    pub fn session(&self) -> SessionId {
        self.caller.session
    }

    /// How much time the caller gives this call; `None` if it waits without limit.
    #[must_use]
    pub fn remaining(&self) -> Option<Duration> {
        self.deadline.remaining()
    }

    /// Whether nobody waits for the answer any more: the caller has ended, or its deadline has passed. A method that takes long
    /// can look at this now and then, and stop. A one-way call is never cancelled.
    #[must_use]
    pub fn cancelled(&self) -> bool {
        let left = self.cancel.as_ref();
        left.is_some_and(Cancel::is_cancelled) || self.deadline.passed()
    }

    /// Has `f` run when the calling process's session ends, however that is: what the process had taken can be given back then. If
    /// the session has ended already it runs now. For calls from within this process it never runs: a session with oneself
    /// ends with the process.
    ///
    /// `f` runs on a thread for such things, one after the other; a panic in it concerns nobody.
    pub fn on_session_end(&self, f: impl FnOnce() + Send + 'static) {
        self.caller.at_end(Box::new(f));
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Current")
            .field("process", &self.process())
            .field("session", &self.session())
            .field("remaining", &self.remaining())
            .field("cancelled", &self.cancelled())
            .finish()
    }
}
