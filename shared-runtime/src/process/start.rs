//! The start of a program: `init`, and its stand-in for test crates.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{bootstrap, child};
use crate::error::{Error, ErrorKind};
use crate::interface::check_names;

static INITIALIZED: AtomicBool = AtomicBool::new(false);

/// The executable as it was when this process started, so that a rebuilt one does not mix with it.
static EXECUTABLE: OnceLock<OwnedFd> = OnceLock::new();

/// The hidden tests, one for each crate with `test_support!`, by their path within the crate.
#[linkme::distributed_slice]
pub static TEST_CRATES: [&'static str];

/// How a child is told apart from a program that somebody started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Entry {
    /// `main` calls [`init`].
    Main,
    /// A test harness runs the hidden test of this name.
    Test(&'static str),
}

/// Makes this program able to start servers and tasks: the first statement of `main`, or written there by
/// [`#[shared_runtime::main]`](macro@crate::main).
///
/// In a process that the runtime started it runs that server or task, and never returns: `main` goes on only in the process
/// that a person or a script started. Call it before any thread is started. In a set-user-id program it does nothing.
///
/// # Panics
///
/// If two shared types of this program have one name.
///
/// ```
/// shared_runtime::init();
/// // … the rest of `main`
/// ```
pub fn init() {
    if privileged() {
        return;
    }
    ignore_sigpipe();
    if let Err(error) = check_names() {
        panic!("{error}");
    }
    if remember_executable().is_ok() {
        INITIALIZED.store(true, Ordering::Release);
    }
    // After that: a child may itself start servers and tasks.
    if let Some(inherited) = bootstrap::inherited() {
        child::run(inherited);
    }
}

/// What the hidden test of `test_support!` runs: nothing, except in a child.
pub(crate) fn run_test_child() {
    if privileged() {
        return;
    }
    if let Some(inherited) = bootstrap::inherited() {
        child::run(inherited);
    }
}

/// The executable to start children from, and where they come in.
pub(super) fn entry() -> Result<(&'static OwnedFd, Entry), Error> {
    check_names()?;
    let entry = if INITIALIZED.load(Ordering::Acquire) {
        Entry::Main
    } else if let (Some(test), false) = (TEST_CRATES.first(), privileged()) {
        Entry::Test(test)
    } else {
        return Err(Error::new(ErrorKind::NotInitialized, NOT_INITIALIZED));
    };
    remember_executable()?;
    let executable = EXECUTABLE
        .get()
        .ok_or_else(|| Error::new(ErrorKind::NotInitialized, NOT_INITIALIZED))?;
    Ok((executable, entry))
}

const NOT_INITIALIZED: &str = "this program cannot start processes yet: put #[shared_runtime::main] above `fn main`, or \
    `shared_runtime::init();` first in it; in a test crate, put `shared_runtime::test_support!();` once at its root";

fn remember_executable() -> Result<(), Error> {
    if EXECUTABLE.get().is_none() {
        let file = File::open("/proc/self/exe")
            .map_err(|error| Error::io("opening this program's executable", error))?;
        // Another thread may have been first, with the same file.
        let _ = EXECUTABLE.set(file.into());
    }
    Ok(())
}

/// Whether this process has rights that whoever started it has not: then nothing inherited may be trusted.
fn privileged() -> bool {
    // SAFETY: reads a number the kernel put on the stack at exec.
    unsafe { libc::getauxval(libc::AT_SECURE) != 0 }
}

/// A peer that goes away must be an error here, not the end; std does this too, but not under a foreign `main`.
fn ignore_sigpipe() {
    // SAFETY: changes a disposition to one that runs no code.
    unsafe { libc::signal(libc::SIGPIPE, libc::SIG_IGN) };
}
