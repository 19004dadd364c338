//! The way of calls that are not waited for on the spot to one server: sent in the order in which they are made, one sender at a time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::address::ServerId;
use crate::codec;
use crate::error::Error;
use crate::message::LaneCall;
use crate::order::{NotBegun, Outstanding, Pins, TimedOut};
use crate::os::Deadline;
use crate::transport::{Broken, Connection};

pub(super) struct Lane {
    server: ServerId,
    /// The most bytes of a frame.
    limit: usize,
    sending: Mutex<Sending>,
    free: Condvar,
    /// The one-way calls. Those with a reply have a table of their own.
    calls: Arc<Outstanding>,
}

enum Sending {
    /// Not opened yet, or broken in the middle of a frame.
    Closed,
    Free(Box<dyn Connection>),
    /// By another thread.
    Taken,
}

/// Why a call was not sent.
pub(super) enum NotSent {
    /// Nobody wants it any more.
    GivenUp,
    TimedOut,
    Broken(Broken),
    TooLarge {
        size: usize,
    },
    Other(Error),
}

impl From<TimedOut> for NotSent {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl From<NotBegun> for NotSent {
    fn from(reason: NotBegun) -> Self {
        match reason {
            NotBegun::TimedOut => Self::TimedOut,
            NotBegun::Ended => Self::Broken(Broken::Closed),
        }
    }
}

impl Lane {
    pub(super) fn new(server: ServerId, limit: usize) -> Self {
        Self {
            server,
            limit,
            sending: Mutex::new(Sending::Closed),
            free: Condvar::new(),
            calls: Outstanding::new(),
        }
    }

    pub(super) fn calls(&self) -> &Arc<Outstanding> {
        &self.calls
    }

    /// Sends a one-way call and returns its number; `pins` are kept until it has run. `open` makes the connection if there is none.
    pub(super) fn send(
        &self,
        mut call: LaneCall,
        body: &[u8],
        pins: Pins,
        deadline: Deadline,
        open: impl FnOnce() -> Result<Box<dyn Connection>, Error>,
    ) -> Result<u64, NotSent> {
        let mut turn = self.turn(deadline)?;
        turn.open(open)?;
        let claims = &call.handles.claims;
        let unheld = claims
            .iter()
            .any(|claim| claim.elsewhere(self.server).is_some());
        call.number = self.calls.begin(pins, unheld, deadline)?;
        let sent = turn.send(&call, body, deadline);
        if let Err(not_sent) = sent {
            self.calls.end(&[call.number]);
            return Err(not_sent);
        }
        Ok(call.number)
    }

    /// Sends a call that has its number, however long that takes: it has a reply, and its deadline is kept elsewhere. `commit` says, at
    /// the last moment, whether it is still wanted.
    pub(super) fn send_numbered(
        &self,
        call: &LaneCall,
        body: &[u8],
        open: impl FnOnce() -> Result<Box<dyn Connection>, Error>,
        commit: impl FnOnce() -> bool,
    ) -> Result<(), NotSent> {
        let mut turn = self.turn(Deadline::NEVER)?;
        turn.open(open)?;
        if !commit() {
            return Err(NotSent::GivenUp);
        }
        turn.send(call, body, Deadline::NEVER)
    }

    /// The connection, for this thread alone.
    fn turn(&self, deadline: Deadline) -> Result<Turn<'_>, TimedOut> {
        let mut sending = self.sending();
        loop {
            let connection = match std::mem::replace(&mut *sending, Sending::Taken) {
                Sending::Free(connection) => Some(connection),
                Sending::Closed => None,
                Sending::Taken => {
                    if deadline.passed() {
                        return Err(TimedOut);
                    }
                    sending = deadline.wait_on(&self.free, sending);
                    continue;
                }
            };
            return Ok(Turn {
                lane: self,
                connection,
            });
        }
    }

    fn sending(&self) -> MutexGuard<'_, Sending> {
        self.sending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The right to send, given on when this is dropped.
struct Turn<'a> {
    lane: &'a Lane,
    connection: Option<Box<dyn Connection>>,
}

impl Turn<'_> {
    fn open(
        &mut self,
        open: impl FnOnce() -> Result<Box<dyn Connection>, Error>,
    ) -> Result<(), NotSent> {
        if self.connection.is_none() {
            self.connection = Some(open().map_err(NotSent::Other)?);
        }
        Ok(())
    }

    /// A frame of which the server may have a part cannot be followed by another: then the connection goes.
    fn send(&mut self, call: &LaneCall, body: &[u8], deadline: Deadline) -> Result<(), NotSent> {
        let head = codec::encode(call).map_err(NotSent::Other)?;
        let size = head.len() + body.len();
        if size > self.lane.limit {
            return Err(NotSent::TooLarge { size });
        }
        let Some(mut connection) = self.connection.take() else {
            return Err(NotSent::Broken(Broken::Closed));
        };
        match connection.send(&head, body, deadline) {
            Ok(()) => {
                self.connection = Some(connection);
                Ok(())
            }
            Err(Broken::TimedOut) => Err(NotSent::TimedOut),
            Err(broken) => Err(NotSent::Broken(broken)),
        }
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        let next = self
            .connection
            .take()
            .map_or(Sending::Closed, Sending::Free);
        *self.lane.sending() = next;
        self.lane.free.notify_one();
    }
}
