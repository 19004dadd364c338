//! Memory without a name in messages: offered by number, and asked for by whoever gets the message.

use std::collections::HashMap;
use std::os::fd::OwnedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use super::carry::{MOST_MEMORY, too_much};
use super::home;
use super::lease::{Lease, TAKE_PATIENCE};
use crate::address::Endpoint;
use crate::client::dial;
use crate::error::{Error, ErrorKind};
use crate::message::Claim;
use crate::os::Deadline;

/// What messages of this process have along, by number, while anybody keeps it: whoever wrote it into a message, and the message.
static OFFERED: Mutex<Option<HashMap<u64, Weak<Lease>>>> = Mutex::new(None);

/// How memory is offered to whoever gets the message.
pub(super) fn offer(lease: &Arc<Lease>) -> Result<Claim, Error> {
    let endpoint = home::endpoint()?;
    let (_, number) = lease.key();
    let mut table = table();
    let offered = table.get_or_insert_default();
    if offered.len() == offered.capacity() {
        offered.retain(|_, lease| lease.strong_count() > 0);
        // Twice as many: looking through all of them must not become what every offer does.
        offered.reserve(offered.len());
    }
    offered.insert(number, Arc::downgrade(lease));
    Ok(Claim::Memory { endpoint, number })
}

/// The file that is offered under a number. Not its lease, which tells that a message is on its way.
pub(crate) fn offered(number: u64) -> Option<Arc<OwnedFd>> {
    lease(number)?.memory().cloned()
}

fn lease(number: u64) -> Option<Arc<Lease>> {
    table().as_ref()?.get(&number)?.upgrade()
}

/// What a process has offered under these numbers, in their order, or leases that say why it cannot be had.
pub(super) fn fetch(endpoint: &Endpoint, numbers: &[u64], deadline: Deadline) -> Vec<Arc<Lease>> {
    if numbers.is_empty() {
        return Vec::new();
    }
    let own = endpoint.server == home::server_id();
    let deadline = deadline.earlier(Deadline::after(Some(TAKE_PATIENCE)));
    let fetched = |(place, number): (usize, &u64)| -> Result<Arc<Lease>, Error> {
        if place >= MOST_MEMORY {
            return Err(Error::new(ErrorKind::TooLarge, too_much()));
        }
        if own {
            return lease(*number).ok_or_else(gone);
        }
        let file = dial(endpoint, deadline)?.memory(*number, deadline)?;
        Ok(Lease::of_memory(Arc::new(file.ok_or_else(gone)?)))
    };
    let fetched = numbers.iter().enumerate().map(fetched);
    fetched
        .map(|fetched| fetched.unwrap_or_else(Lease::nowhere))
        .collect()
}

fn gone() -> Error {
    let text =
        "the memory is gone: whoever sent it keeps it no longer, or has no descriptor to spare";
    Error::new(ErrorKind::Gone, text)
}

fn table() -> MutexGuard<'static, Option<HashMap<u64, Weak<Lease>>>> {
    OFFERED.lock().unwrap_or_else(PoisonError::into_inner)
}
