//! One-way calls on their way to one server: sent in the order in which they are made, one sender at a time.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::message::OneWay;
use crate::order::{Outstanding, Pins, TimedOut};
use crate::os::Deadline;
use crate::transport::{Broken, Connection};

pub(super) struct Lane {
    sending: Mutex<Sending>,
    free: Condvar,
    calls: Arc<Outstanding>,
}

enum Sending {
    /// Not opened yet, or broken in the middle of a frame.
    Closed,
    Free(Box<dyn Connection>),
    /// By another thread.
    Taken,
}

/// Why a one-way call was not sent.
pub(super) enum NotSent {
    TimedOut,
    Broken(Broken),
    Other(Error),
}

impl From<TimedOut> for NotSent {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl Lane {
    pub(super) fn new() -> Self {
        Self {
            sending: Mutex::new(Sending::Closed),
            free: Condvar::new(),
            calls: Outstanding::new(),
        }
    }

    pub(super) fn calls(&self) -> &Arc<Outstanding> {
        &self.calls
    }

    /// Sends a call and returns its number; `pins` are kept until it has run. `open` makes the connection if there is none.
    pub(super) fn send(
        &self,
        mut call: OneWay,
        body: &[u8],
        pins: Pins,
        deadline: Deadline,
        open: impl FnOnce() -> Result<Box<dyn Connection>, Error>,
    ) -> Result<u64, NotSent> {
        let mut turn = self.turn(deadline)?;
        if turn.connection.is_none() {
            // What was sent on a connection that broke since must not be overtaken.
            self.calls.wait_for_all(deadline)?;
            turn.connection = Some(open().map_err(NotSent::Other)?);
        }
        call.number = self.calls.begin(pins, deadline)?;
        let sent = turn.send(&call, body, deadline);
        if let Err(not_sent) = sent {
            // A frame of which the server has a part cannot be followed by another.
            turn.connection = None;
            self.calls.end(&[call.number]);
            return Err(not_sent);
        }
        Ok(call.number)
    }

    /// The connection, for this thread alone.
    fn turn(&self, deadline: Deadline) -> Result<Turn<'_>, TimedOut> {
        let mut sending = self.sending();
        loop {
            let connection = match std::mem::replace(&mut *sending, Sending::Taken) {
                Sending::Free(connection) => Some(connection),
                Sending::Closed => None,
                Sending::Taken => {
                    sending = match deadline.remaining() {
                        Some(left) if left.is_zero() => return Err(TimedOut),
                        Some(left) => {
                            let waited = self.free.wait_timeout(sending, left);
                            waited.unwrap_or_else(PoisonError::into_inner).0
                        }
                        None => self
                            .free
                            .wait(sending)
                            .unwrap_or_else(PoisonError::into_inner),
                    };
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
    fn send(&mut self, call: &OneWay, body: &[u8], deadline: Deadline) -> Result<(), NotSent> {
        let head = codec::encode(call).map_err(NotSent::Other)?;
        let Some(connection) = &mut self.connection else {
            let error = Error::new(ErrorKind::Disconnected, "there is no connection");
            return Err(NotSent::Other(error));
        };
        match connection.send(&head, body, deadline) {
            Ok(()) => Ok(()),
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
