//! The replies to one client's calls of the lane: whoever has one sends it, one at a time, on a connection of their own.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::offer::{Offer, too_large};
use crate::codec;
use crate::error::{Error, Executed};
use crate::handle::Lease;
use crate::interface::Returned;
use crate::message::{LaneReply, MAX_PIPES, MAX_UNDER_WAY};
use crate::object::SessionId;
use crate::os::{Cut, Deadline, Socket};
use crate::transport::{Broken, Connection};

/// With more replies whose handles the client has not taken, it is none of ours: it has no more calls than that under way.
const MOST_UNCONFIRMED: usize = (16 + MAX_PIPES) * MAX_UNDER_WAY;

/// The way back to one client.
pub(super) struct Replies {
    session: SessionId,
    control: Arc<Socket>,
    /// Made by the client's first call that has a reply.
    way: Mutex<Option<Way>>,
    /// The handles of replies to objects of other servers, by the number of the call: ours until the client has its own.
    pins: Mutex<HashMap<u64, Vec<Arc<Lease>>>>,
}

struct Way {
    connection: Arc<Mutex<Box<dyn Connection>>>,
    cutter: Arc<dyn Cut>,
}

impl Replies {
    pub(super) fn new(session: SessionId, control: Arc<Socket>) -> Self {
        Self {
            session,
            control,
            way: Mutex::default(),
            pins: Mutex::default(),
        }
    }

    /// Takes the connection that the client offers; there is one for the length of a session.
    pub(super) fn open(&self, connection: Box<dyn Connection>) {
        let mut way = self.way();
        if way.is_some() {
            return;
        }
        let Ok(cutter) = connection.cutter() else {
            return;
        };
        let connection = Arc::new(Mutex::new(connection));
        *way = Some(Way {
            connection: Arc::clone(&connection),
            cutter,
        });
        // A socket that takes nothing is cut when the session ends, which must not wait for this.
        drop(way);
        let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
        // The client sends no call before it has this. If it does not get it, it has left.
        let _ = connection.send(&[0], &[], Deadline::NEVER);
    }

    /// Sends the reply to a call. A client that cannot be told has ended, or its session ends.
    pub(super) fn send(&self, number: u64, returned: Returned) {
        let Some(connection) = self.connection() else {
            return self.control.cut();
        };
        let sent = match self.try_send(&connection, number, returned) {
            Err(Broken::TooLarge { size }) => {
                let error = too_large("the answer", size).ran(Executed::Yes);
                self.try_send(&connection, number, Err(error))
            }
            sent => sent,
        };
        if sent.is_err() {
            self.control.cut();
        }
    }

    fn try_send(
        &self,
        connection: &Mutex<Box<dyn Connection>>,
        number: u64,
        returned: Returned,
    ) -> Result<(), Broken> {
        let Offer { reply, body, pins } = Offer::to(self.session, returned);
        // Before the reply goes: the client may confirm it at once.
        if !pins.is_empty() && !self.pin(number, pins) {
            return Err(Broken::Closed);
        }
        let reply = LaneReply { number, reply };
        let sent = encode(&reply, &body).and_then(|head| {
            let mut connection = connection.lock().unwrap_or_else(PoisonError::into_inner);
            connection.send(&head, &body, Deadline::NEVER)
        });
        if sent.is_err() {
            Offer::take_back(&reply.reply, self.session);
            self.confirm(&[number]);
        }
        sent
    }

    /// Keeps handles until the client confirms the reply of this number. `false` if there are too many.
    pub(super) fn pin(&self, number: u64, leases: Vec<Arc<Lease>>) -> bool {
        let mut pins = self.pins();
        pins.insert(number, leases);
        pins.len() <= MOST_UNCONFIRMED
    }

    /// The client has handles of its own for these replies, or needs none.
    pub(super) fn confirm(&self, numbers: &[u64]) {
        let mut pins = self.pins();
        let confirmed: Vec<_> = numbers
            .iter()
            .filter_map(|number| pins.remove(number))
            .collect();
        drop(pins);
        drop(confirmed);
    }

    /// The session has ended: whoever sends stops, and nothing is kept for the client any more.
    pub(super) fn end(&self) {
        if let Some(way) = &*self.way() {
            way.cutter.cut();
        }
        let pins = std::mem::take(&mut *self.pins());
        drop(pins);
    }

    fn connection(&self) -> Option<Arc<Mutex<Box<dyn Connection>>>> {
        self.way().as_ref().map(|way| Arc::clone(&way.connection))
    }

    fn way(&self) -> MutexGuard<'_, Option<Way>> {
        self.way.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn pins(&self) -> MutexGuard<'_, HashMap<u64, Vec<Arc<Lease>>>> {
        self.pins.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn encode(reply: &LaneReply, body: &[u8]) -> Result<Vec<u8>, Broken> {
    let head = codec::encode(reply).map_err(|error: Error| Broken::Corrupt(error.to_string()))?;
    Offer::check(&reply.reply, head.len() + body.len())?;
    Ok(head)
}

impl fmt::Debug for Replies {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replies")
            .field("unconfirmed", &self.pins().len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::Peer;
    use crate::transport::ChannelConnection;

    #[test]
    fn a_socket_that_takes_nothing_does_not_keep_the_session_from_ending() {
        let itself = Arc::new(Peer::watch(std::process::id()).unwrap());
        let (control, _client) = Socket::pair().unwrap();
        let replies = Replies::new(SessionId(0), Arc::new(control));
        let (_unread, full) = Socket::pair().unwrap();
        let now = || Deadline::after(Some(std::time::Duration::ZERO));
        while full.send(&[0; 1024], &[], now()).is_ok() {}
        std::thread::scope(|scope| {
            let connection = ChannelConnection::over(full, itself).unwrap();
            let opening = scope.spawn(|| replies.open(Box::new(connection)));
            while !opening.is_finished() {
                replies.end();
                std::thread::yield_now();
            }
        });
    }
}
