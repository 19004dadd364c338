//! What this server accepts.

use std::sync::OnceLock;

use crate::dispatch;
use crate::message::{MAX_MESSAGE, ServerSettings};
use crate::object::set_async_workers;

static MAX: OnceLock<usize> = OnceLock::new();

/// Set before the first session, by a server process.
pub(crate) fn configure(settings: &ServerSettings) {
    // A server is configured once, before it listens.
    let _ = MAX.set(settings.max_message);
    dispatch::set_lock_timeout(settings.lock_timeout);
    set_async_workers(settings.async_workers);
}

/// The most bytes of a request or a reply.
pub(super) fn max_message() -> usize {
    *MAX.get_or_init(|| MAX_MESSAGE)
}
