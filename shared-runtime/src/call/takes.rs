//! Threads that ask other servers for leases, for replies that came to the background thread: that one never waits.

use std::sync::{Arc, Mutex, PoisonError};

use crate::address::ServerId;
use crate::object::{Line, Queue, Turn};

/// Made by the first reply that needs it.
static TAKES: Mutex<Option<Arc<Queue>>> = Mutex::new(None);

/// Runs `take`, which waits for `server`, after others that do: a server that is stopped holds up nobody else.
pub(super) fn run(server: ServerId, take: impl FnOnce() + Send + 'static) {
    match queue() {
        Some(queue) => queue.push(Turn::After(line(server)), 0, take),
        // Without a thread to be had, it is waited for after all.
        None => take(),
    }
}

fn queue() -> Option<Arc<Queue>> {
    let mut queue = TAKES.lock().unwrap_or_else(PoisonError::into_inner);
    if queue.is_none() {
        *queue = Queue::open().ok();
    }
    queue.clone()
}

fn line(server: ServerId) -> Line {
    let [thread, object] = server.halves();
    Line { thread, object }
}
