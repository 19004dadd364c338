//! A request for its reply, over a connection that is borrowed for it.

use std::mem::take;
use std::sync::Arc;
use std::time::Duration;

use super::drain;
use super::pool::{Lent, Pooled};
use super::session::{MAX_ERROR, Session, refuse_in_fork};
use crate::codec::Spill;
use crate::error::{Error, ErrorKind, Executed};
use crate::message::{Handles, HeldLock, Reply, Request, ShortCall, Subject, TRAILED};
use crate::os::Deadline;
use crate::transport::{Broken, Connection};

/// A reply as it came: its head, its body, and the connection, which is free again when this is dropped.
pub(crate) struct Exchanged {
    /// None for a value without handles.
    reply: Option<Box<Reply>>,
    body_at: usize,
    connection: Lent,
}

/// A call of a method, but for its arguments.
pub(crate) struct Calling {
    pub(crate) called: ShortCall,
    /// What is left of the caller's time.
    pub(crate) timeout: Option<Duration>,
    pub(crate) held: Vec<HeldLock>,
}

impl Calling {
    /// The head of the call's frame, or its trailer.
    #[inline]
    pub(super) fn write(
        &mut self,
        handles: Option<Box<Handles>>,
        is_trailer: bool,
        head: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let is_plain = self.timeout.is_none() && self.held.is_empty() && handles.is_none();
        if is_plain && !is_trailer && self.called.write(head) {
            return Ok(());
        }
        self.write_long(*handles.unwrap_or_default(), is_trailer, head)
    }

    #[cold]
    fn write_long(
        &mut self,
        handles: Handles,
        is_trailer: bool,
        head: &mut Vec<u8>,
    ) -> Result<(), Error> {
        let ShortCall {
            object,
            interface,
            method,
        } = self.called;
        let request = Request {
            subject: Subject::Method {
                object,
                interface,
                method,
            },
            timeout: self.timeout,
            held: take(&mut self.held),
            handles,
        };
        if is_trailer {
            request.write_trailer(head)
        } else {
            request.write(head)
        }
    }
}

/// Writes the arguments of a call into a buffer, or on into the carrier, and says which handles are in them, if any are.
pub(crate) type Write<'a> =
    &'a mut dyn FnMut(&mut Vec<u8>, &mut dyn Spill) -> Result<Option<Box<Handles>>, Error>;

/// Why there is no reply, and the connection if it must be drained.
pub(crate) enum Failed {
    /// Nothing of it has been sent.
    Unsent(Error),
    Broken(Broken, Lent, Executed),
}

impl From<Error> for Box<Failed> {
    fn from(error: Error) -> Self {
        Self::new(Failed::Unsent(error))
    }
}

impl Session {
    /// Sends a request and waits for its reply. `pins` is what the request's handles need to stay alive until the server has
    /// them: it is kept past a timeout, until the server lets go of the connection.
    ///
    /// # Errors
    ///
    /// `TooLarge`, `Overloaded`, `Disconnected`, `Timeout`; the reply's own error is left in it.
    pub(crate) fn exchange<P: Send + 'static>(
        &self,
        request: &Request,
        body: &[u8],
        pins: P,
        deadline: Deadline,
    ) -> Result<Exchanged, Error> {
        refuse_in_fork()?;
        let mut lent = self.borrow(deadline)?;
        let Pooled {
            connection, head, ..
        } = lent.get();
        request.write(head)?;
        let size = head.len() + body.len();
        if size > self.welcome.max_message {
            return Err(self.too_large(size));
        }
        if let Err(broken) = connection.send(head, body, deadline) {
            return Err(self.failed(broken, lent, pins, Executed::No));
        }
        let replied = self.receive(lent, deadline);
        replied.map_err(|failed| self.end(*failed, pins))
    }

    /// Calls a method and waits for the reply. `write` writes the arguments: straight into the carrier, if they are large.
    #[inline]
    pub(crate) fn call(
        &self,
        calling: &mut Calling,
        deadline: Deadline,
        write: Write<'_>,
    ) -> Result<Exchanged, Box<Failed>> {
        refuse_in_fork()?;
        let mut lent = self.borrow(deadline)?;
        let Pooled {
            connection,
            head,
            body,
            is_half_sent,
            ..
        } = lent.get();
        body.clear();
        let mut stream = Stream {
            connection: &mut **connection,
            is_half_sent,
            limit: self.welcome.max_message,
            deadline: &deadline,
            size: 0,
            broken: None,
        };
        let written = write(body, &mut stream);
        let Stream { size, broken, .. } = stream;
        if let Some(broken) = broken {
            return Err(Box::new(Failed::Broken(broken, lent, Executed::No)));
        }
        // An error leaves the half of a frame behind: the connection closes then.
        let handles = written?;
        calling.write(handles, size > 0, head)?;
        let size = size + head.len() + body.len();
        if size > self.welcome.max_message {
            return Err(self.too_large(size).into());
        }
        let sent = if *is_half_sent {
            connection.send(body, head, deadline)
        } else {
            connection.send(head, body, deadline)
        };
        if let Err(broken) = sent {
            return Err(Box::new(Failed::Broken(broken, lent, Executed::No)));
        }
        *is_half_sent = false;
        self.receive(lent, deadline)
    }

    #[inline]
    fn receive(&self, mut lent: Lent, deadline: Deadline) -> Result<Exchanged, Box<Failed>> {
        let Pooled {
            connection, frame, ..
        } = lent.get();
        let read = match connection.receive(frame, self.reply_limit(), deadline) {
            Ok(()) => Reply::read_any(frame).map_err(|error| Broken::Corrupt(error.to_string())),
            Err(broken) => Err(broken),
        };
        match read {
            Ok((reply, body_at)) => Ok(Exchanged {
                reply,
                body_at,
                connection: lent,
            }),
            Err(broken) => Err(Box::new(Failed::Broken(broken, lent, Executed::Maybe))),
        }
    }

    /// What is to be said of a call without a reply; `pins` are kept as [`exchange`](Self::exchange) says.
    #[cold]
    pub(crate) fn end<P: Send + 'static>(&self, failed: Failed, pins: P) -> Error {
        match failed {
            Failed::Unsent(error) => error,
            Failed::Broken(broken, lent, executed) => self.failed(broken, lent, pins, executed),
        }
    }

    /// The most bytes of a reply.
    pub(super) fn reply_limit(&self) -> usize {
        self.welcome.max_message.max(MAX_ERROR)
    }

    /// What a broken exchange means. A connection that timed out is abandoned: what is still said on it, nobody waits for.
    #[cold]
    fn failed<P: Send + 'static>(
        &self,
        broken: Broken,
        connection: Lent,
        pins: P,
        executed: Executed,
    ) -> Error {
        if !matches!(broken, Broken::TimedOut) {
            drop(connection.take());
            return self.lost(broken).ran(executed).in_process(self.label());
        }
        let releases = Arc::clone(&self.releases);
        drain::abandon(connection.take(), self.reply_limit(), releases, pins);
        let text = match executed {
            Executed::No => "did not take the arguments within the deadline",
            _ => "did not answer within the deadline; the method may go on",
        };
        let text = format!("{} {text}", self.endpoint.name);
        Error::new(ErrorKind::Timeout, text)
            .ran(executed)
            .in_process(self.label())
    }
}

/// Where the arguments of a call go that are too large for a buffer.
struct Stream<'a> {
    connection: &'a mut dyn Connection,
    is_half_sent: &'a mut bool,
    limit: usize,
    deadline: &'a Deadline,
    /// What has come.
    size: usize,
    broken: Option<Broken>,
}

impl Spill for Stream<'_> {
    /// Beyond the limit bytes are only counted: the error says how many there were.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.size += bytes.len();
        if self.size > self.limit {
            return Ok(());
        }
        let first: &[u8] = if *self.is_half_sent { &[] } else { &TRAILED };
        *self.is_half_sent = true;
        let sent = self.connection.send_part(first, bytes, *self.deadline);
        sent.map_err(|broken| {
            self.broken = Some(broken);
            Error::new(ErrorKind::Disconnected, "the arguments could not be sent")
        })
    }
}

impl Exchanged {
    /// The commonest: a value without handles.
    pub(crate) fn is_value(&self) -> bool {
        self.reply.is_none()
    }

    /// What was said beside the value, if anything was.
    pub(crate) fn take_reply(&mut self) -> Option<Reply> {
        self.reply.take().map(|reply| *reply)
    }

    pub(crate) fn body(&self) -> &[u8] {
        &self.connection.see().frame[self.body_at..]
    }

    /// Says that leases of our own stand for the handles of the reply: the server need not keep its own any longer.
    pub(crate) fn confirm(&mut self) {
        let taken = Request {
            subject: Subject::Taken,
            timeout: None,
            held: Vec::new(),
            handles: Handles::default(),
        };
        let Pooled {
            connection, head, ..
        } = self.connection.get();
        if taken.write(head).is_ok() {
            // If it does not arrive the connection is broken, which says the same.
            let _ = connection.send(head, &[], Deadline::NEVER);
        }
    }
}
