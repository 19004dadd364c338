//! Leases for whoever brings a number: each once, and not for ever.

use std::collections::HashMap;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;

use crate::error::{Error, ErrorKind};
use crate::handle::{AnyHandle, Lease, Place, gone};
use crate::interface;
use crate::os::{BACKGROUND, Deadline, Next, Watch, random_id};

/// The tickets that have not been redeemed, by their numbers. The handles in them are leases of this process.
static TICKETS: Mutex<Option<HashMap<u128, AnyHandle>>> = Mutex::new(None);

/// The most that a server keeps at one time.
const MOST: usize = 65_536;

/// A number that stands for a handle to an object of this process, for a while.
pub(crate) fn issue(object: u64, interface: u64, lifetime: Duration) -> Result<u128, Error> {
    let lease = Lease::here(object);
    if let Place::Nowhere { .. } = lease.place() {
        return Err(gone());
    }
    let mut tickets = tickets();
    let table = tickets.get_or_insert_default();
    if table.len() >= MOST {
        let text = format!("{MOST} tickets of this server wait to be redeemed");
        return Err(Error::new(ErrorKind::Overloaded, text));
    }
    let secret = random_id();
    table.insert(secret, AnyHandle { lease, interface });
    drop(tickets);
    BACKGROUND.run(Box::new(Expiry {
        secret,
        at: Deadline::after(Some(lifetime)),
    }));
    Ok(secret)
}

/// The handle of a ticket, which is of no use afterwards; one of another interface stays valid.
pub(crate) fn redeem(secret: u128, interface: u64) -> Result<Arc<Lease>, Error> {
    let mut tickets = tickets();
    let used = || {
        let text = "the ticket has been used before, or its time is over";
        Error::new(ErrorKind::Gone, text)
    };
    let table = tickets.as_mut().ok_or_else(used)?;
    let ticket = table.get(&secret).ok_or_else(used)?;
    if ticket.interface != interface {
        let text = format!(
            "the ticket is for a {}",
            interface::name_of(ticket.interface)
        );
        return Err(Error::new(ErrorKind::Unknown, text));
    }
    table
        .remove(&secret)
        .map(|ticket| ticket.lease)
        .ok_or_else(used)
}

/// Gives up all of them, for the end of a server.
pub(super) fn clear() {
    let _handles = tickets().take();
}

fn tickets() -> MutexGuard<'static, Option<HashMap<u128, AnyHandle>>> {
    TICKETS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The end of a ticket that nobody brought.
struct Expiry {
    secret: u128,
    at: Deadline,
}

impl Watch for Expiry {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Vec::new()
    }

    /// Of a ticket that has been redeemed: as soon as the background thread comes by.
    fn deadline(&self) -> Deadline {
        match tickets().as_ref() {
            Some(tickets) if tickets.contains_key(&self.secret) => self.at,
            _ => Deadline::after(Some(Duration::ZERO)),
        }
    }

    fn ready(&mut self) -> Next {
        // Dropped after the lock: it may be the last handle.
        let _expired = tickets()
            .as_mut()
            .and_then(|tickets| tickets.remove(&self.secret));
        Next::Done
    }
}
