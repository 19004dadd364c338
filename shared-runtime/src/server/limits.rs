//! What this server accepts.

use std::sync::OnceLock;

/// How large a message may be unless the server was told otherwise.
const MAX_MESSAGE: usize = 1 << 30;

/// The most connections of one session, as clients know.
pub(super) const MAX_CONNECTIONS: usize = 256;

static MAX: OnceLock<usize> = OnceLock::new();

/// Set before the first session, by a server process.
pub(crate) fn configure(max_message: usize) {
    // A server is configured once, before it listens.
    let _ = MAX.set(max_message);
}

/// The most bytes of a request or a reply.
pub(super) fn max_message() -> usize {
    *MAX.get_or_init(|| MAX_MESSAGE)
}
