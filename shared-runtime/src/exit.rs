//! How a process ended, in a form that travels. Knows nothing of waiting for one.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How a process ended: with an exit code or by a signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ExitStatus(Ending);

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
enum Ending {
    Code(i32),
    Signal(i32),
    Unknown,
}

impl ExitStatus {
    /// Whether it ended with exit code 0.
    #[must_use]
    pub fn success(&self) -> bool {
        self.0 == Ending::Code(0)
    }

    /// The exit code, unless a signal ended it.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        match self.0 {
            Ending::Code(code) => Some(code),
            _ => None,
        }
    }

    /// The number of the signal that ended it.
    #[must_use]
    pub fn signal(&self) -> Option<i32> {
        match self.0 {
            Ending::Signal(signal) => Some(signal),
            _ => None,
        }
    }

    /// The name of that signal, such as `SIGKILL`.
    #[must_use]
    pub fn signal_name(&self) -> Option<&'static str> {
        self.signal().map(signal_name)
    }

    pub(crate) fn is_unknown(self) -> bool {
        self.0 == Ending::Unknown
    }

    pub(crate) fn from_code(code: i32) -> Self {
        Self(Ending::Code(code))
    }

    pub(crate) fn from_signal(signal: i32) -> Self {
        Self(Ending::Signal(signal))
    }

    /// Somebody else collected the status: the program's own `wait`, or the kernel where `SIGCHLD` is ignored.
    pub(crate) fn unknown() -> Self {
        Self(Ending::Unknown)
    }
}

impl fmt::Display for ExitStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Ending::Code(code) => write!(f, "exit code {code}"),
            Ending::Signal(signal) => write!(f, "signal {signal} ({})", signal_name(signal)),
            Ending::Unknown => f.write_str(
                "unknown exit status (the program waited for the process itself, or ignores SIGCHLD)",
            ),
        }
    }
}

/// The names Linux gives its signals; real-time signals share one.
fn signal_name(signal: i32) -> &'static str {
    const NAMES: [&str; 32] = [
        "no signal",
        "SIGHUP",
        "SIGINT",
        "SIGQUIT",
        "SIGILL",
        "SIGTRAP",
        "SIGABRT",
        "SIGBUS",
        "SIGFPE",
        "SIGKILL",
        "SIGUSR1",
        "SIGSEGV",
        "SIGUSR2",
        "SIGPIPE",
        "SIGALRM",
        "SIGTERM",
        "SIGSTKFLT",
        "SIGCHLD",
        "SIGCONT",
        "SIGSTOP",
        "SIGTSTP",
        "SIGTTIN",
        "SIGTTOU",
        "SIGURG",
        "SIGXCPU",
        "SIGXFSZ",
        "SIGVTALRM",
        "SIGPROF",
        "SIGWINCH",
        "SIGIO",
        "SIGPWR",
        "SIGSYS",
    ];
    usize::try_from(signal)
        .ok()
        .and_then(|index| NAMES.get(index))
        .copied()
        .unwrap_or("a real-time signal")
}
