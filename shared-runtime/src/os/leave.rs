//! Something to do when this process ends.

use std::sync::{Mutex, PoisonError};

use rustix::process::{Signal, getpid, kill_process};

/// What is done also before this process ends itself by force.
static LAST: Mutex<Vec<extern "C" fn()>> = Mutex::new(Vec::new());

/// Has `last` run when `main` returns or somebody calls `exit`; not when a signal ends the process.
pub(crate) fn at_exit(last: extern "C" fn()) {
    // SAFETY: a function that lives as long as the program. Without memory to remember it, it is not called: nothing else fails.
    unsafe { libc::atexit(last) };
}

/// The same, and before [`kill_itself`]: it must wait for nobody.
pub(crate) fn at_any_end(last: extern "C" fn()) {
    LAST.lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(last);
    at_exit(last);
}

/// Ends this process, whatever it is doing. Not by `exit`: other threads are running, and handlers could wait for them. Whatever it held goes with
/// it.
pub(crate) fn kill_itself() {
    let last = std::mem::take(&mut *LAST.lock().unwrap_or_else(PoisonError::into_inner));
    for last in last {
        last();
    }
    let _ = kill_process(getpid(), Signal::KILL);
}
