//! What a started process does with the line that its owner handed on.

use std::os::fd::OwnedFd;

use super::buffer;
use super::forward;
use super::levels::{Following, Levels};
use super::line::{self, DESCRIPTORS, Line};
use crate::os::{BACKGROUND, at_exit, forked};

/// Set to `own` for a process, it leaves its loggers to itself.
const VARIABLE: &str = "SHARED_LOGS";

/// Sends what this process logs to the root from now on, unless it has loggers of its own.
pub(crate) fn inherit(descriptors: [OwnedFd; DESCRIPTORS]) {
    let Some(line) = line::set(Line::inherited(descriptors)) else {
        return;
    };
    // Marks this process, so that copies of it are told apart.
    forked();
    let own = std::env::var_os(VARIABLE).is_some_and(|value| value == "own");
    if own || !install() {
        return;
    }
    follow(Levels::read(line));
    at_exit(flush);
    if let Ok(following) = Following::new(line, follow) {
        // What changed before this is read again at once: a bell that has rung is heard by new ears.
        BACKGROUND.run(Box::new(following));
    }
}

extern "C" fn flush() {
    buffer::flush();
}

fn install() -> bool {
    let log = forward::install();
    #[cfg(feature = "tracing")]
    let log = super::trace::install() || log;
    log
}

fn follow(levels: Levels) {
    forward::follow(levels);
    #[cfg(feature = "tracing")]
    super::trace::follow(levels);
}
