//! Something to do when this process ends by itself.

/// Has `last` run when `main` returns or somebody calls `exit`; not when a signal ends the process.
pub(crate) fn at_exit(last: extern "C" fn()) {
    // SAFETY: a function that lives as long as the program. Without memory to remember it, it is not called: nothing else fails.
    unsafe { libc::atexit(last) };
}
