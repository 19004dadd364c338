//! What this server accepts.

use std::sync::OnceLock;

use crate::carriage::Carriage;
use crate::dispatch;
use crate::error::Error;
use crate::message::{MAX_MESSAGE, ServerSettings};
use crate::object::set_async_workers;

static MAX: OnceLock<usize> = OnceLock::new();
static CARRIAGE: OnceLock<Carriage> = OnceLock::new();

/// Set before the first session, by a server process.
pub(crate) fn configure(settings: &ServerSettings) {
    // A server is configured once, before it listens.
    let _ = MAX.set(settings.max_message);
    let _ = CARRIAGE.set(settings.carriage);
    dispatch::set_lock_timeout(settings.lock_timeout);
    set_async_workers(settings.async_workers);
}

/// The most bytes of a request or a reply.
pub(super) fn max_message() -> usize {
    *MAX.get_or_init(|| MAX_MESSAGE)
}

/// How connections to this server are made.
///
/// # Errors
///
/// As [`Carriage::usual`], where nothing was configured.
pub(super) fn carriage() -> Result<Carriage, Error> {
    if let Some(carriage) = CARRIAGE.get() {
        return Ok(*carriage);
    }
    let usual = Carriage::usual()?;
    Ok(*CARRIAGE.get_or_init(|| usual))
}
