//! One session: the control socket, the pool of connections, and the exchange of a request for its reply.

use std::collections::HashMap;
use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::control::{Control, Openings, Releases, Taken};
use super::drain;
use super::lane::Lane;
use super::outgoing::Outgoing;
use super::pool::{Lent, Pool, Pooled};
use crate::address::Endpoint;
use crate::codec::{self, Spill};
use crate::error::{Error, ErrorKind, Executed};
use crate::message::{
    Agreement, Control as Say, Handles, HeldLock, MAX_CONNECTIONS, Reply, Request, Role, Subject,
    TRAILED,
};
use crate::os::{Deadline, Peer, SendError, Socket, build_id, forked, process_label};
use crate::outbox::Outbox;
use crate::transport::{Broken, Carriage, Connection};

/// The most bytes of a reply that is an error: a panic has a text and a backtrace, however small the server's limit is.
pub(super) const MAX_ERROR: usize = 1 << 20;

/// How long the control socket may be full before the server counts as stuck.
const CONTROL_PATIENCE: Duration = Duration::from_secs(5);

/// How long after a connection broke the end of its process may take to show.
const END_PATIENCE: Duration = Duration::from_millis(50);

/// This process at one server.
pub(crate) struct Session {
    pub(super) endpoint: Endpoint,
    pub(super) peer: Arc<Peer>,
    pub(super) control: Arc<Control>,
    pub(super) welcome: Welcome,
    pool: Pool,
    pub(super) lane: Lane,
    /// The connections of which the server may say that it has none.
    openings: Arc<Openings>,
    /// Whether somebody listens to what the server says on its own.
    hears: Mutex<bool>,
    /// The calls that have a reply and go over the lane.
    pub(super) outgoing: Arc<Outgoing>,
    /// Whether their replies have a connection.
    pub(super) listens: Mutex<bool>,
    releases: Arc<Releases>,
    pub(super) taken: Arc<Taken>,
    /// What has been agreed with a server from another executable about its interfaces.
    agreements: Mutex<HashMap<u64, Arc<Agreement>>>,
}

/// What a server says about itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Welcome {
    pub(super) build: u128,
    pub(super) max_message: usize,
    pub(super) carriage: Carriage,
}

/// A reply as it came: its head, its body, and the connection, which is free again when this is dropped.
pub(crate) struct Exchanged {
    /// None for a value without handles.
    reply: Option<Reply>,
    body_at: usize,
    connection: Lent,
}

/// A call of a method, but for its arguments.
pub(crate) struct Calling {
    pub(crate) object: u64,
    pub(crate) interface: u64,
    pub(crate) method: u32,
    /// What is left of the caller's time.
    pub(crate) timeout: Option<Duration>,
    pub(crate) held: Vec<HeldLock>,
}

impl Calling {
    /// The head of the call's frame, or its trailer.
    fn write(self, handles: Handles, is_trailer: bool, head: &mut Vec<u8>) -> Result<(), Error> {
        let Self {
            object,
            interface,
            method,
            timeout,
            held,
        } = self;
        let request = Request {
            subject: Subject::Method {
                object,
                interface,
                method,
            },
            timeout,
            held,
            handles,
        };
        if is_trailer {
            request.write_trailer(head)
        } else {
            request.write(head)
        }
    }
}

/// Writes the arguments of a call into a buffer, or on into the carrier, and says which handles are in them.
pub(crate) type Write<'a> =
    &'a mut dyn FnMut(&mut Vec<u8>, &mut dyn Spill) -> Result<Handles, Error>;

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
    pub(super) fn new(
        endpoint: Endpoint,
        peer: Arc<Peer>,
        control: Socket,
        welcome: Welcome,
    ) -> Self {
        let control = Control::over(control);
        Self {
            lane: Lane::new(endpoint.server, welcome.max_message),
            endpoint,
            peer,
            welcome,
            pool: Pool::default(),
            openings: Arc::default(),
            hears: Mutex::default(),
            outgoing: Arc::default(),
            listens: Mutex::default(),
            taken: Outbox::on(Arc::clone(&control), usize::MAX, |numbers| {
                codec::encode(&Say::Taken(numbers))
            }),
            releases: Outbox::on(Arc::clone(&control), usize::MAX, |leases| {
                codec::encode(&Say::Release(leases))
            }),
            agreements: Mutex::default(),
            control,
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// `name (pid 123)`.
    pub(crate) fn label(&self) -> String {
        process_label(&self.endpoint.name, self.peer.pid())
    }

    /// Whether the server still knows this session, as far as has been seen.
    pub(super) fn is_open(&self) -> bool {
        !self.control.is_closed()
    }

    /// Whether the server runs this executable, so that both mean the same by a number.
    pub(crate) fn is_same_build(&self) -> bool {
        self.welcome.build == build_id()
    }

    /// What has been agreed with the server about an interface, once.
    pub(crate) fn agreement(
        &self,
        interface: u64,
        agree: impl FnOnce() -> Result<Agreement, Error>,
    ) -> Result<Arc<Agreement>, Error> {
        let known = || {
            self.agreements
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(agreement) = known().get(&interface) {
            return Ok(Arc::clone(agreement));
        }
        let agreed = Arc::new(agree()?);
        known().insert(interface, Arc::clone(&agreed));
        Ok(agreed)
    }

    /// Gives `count` leases of `object` back, soon. Never waits, and never fails.
    pub(crate) fn release(&self, object: u64, count: u64) {
        self.releases.post((object, count));
    }

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
        calling: Calling,
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
            deadline,
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

    fn reply_limit(&self) -> usize {
        self.welcome.max_message.max(MAX_ERROR)
    }

    pub(super) fn too_large(&self, size: usize) -> Error {
        let text = format!(
            "the arguments take {size} bytes, the server {} accepts {} (option `max_message` of its builder)",
            self.endpoint.name, self.welcome.max_message
        );
        Error::new(ErrorKind::TooLarge, text)
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

    /// What it means that a connection broke.
    pub(super) fn lost(&self, broken: Broken) -> Error {
        match broken {
            Broken::Closed => self.disconnected(),
            Broken::TimedOut => Error::new(
                ErrorKind::Timeout,
                format!("{} did not answer within the deadline", self.endpoint.name),
            ),
            Broken::TooLarge { size } => Error::new(
                ErrorKind::TooLarge,
                format!("the answer takes {size} bytes"),
            ),
            Broken::Corrupt(what) => Error::new(
                ErrorKind::Disconnected,
                format!("the connection to {} carried {what}", self.endpoint.name),
            ),
            Broken::Io(error) => Error::io("the connection to a server failed", error),
        }
    }

    fn disconnected(&self) -> Error {
        let status = self.peer.exit_status(END_PATIENCE);
        let text = match status {
            Some(status) => format!("the server {} has ended: {status}", self.endpoint.name),
            None => format!(
                "the server {} has ended or closed the connection",
                self.endpoint.name
            ),
        };
        Error::new(ErrorKind::Disconnected, text).with_exit(status)
    }

    fn borrow(&self, deadline: Deadline) -> Result<Lent, Error> {
        let idle = self.pool.take_idle();
        idle.map_or_else(|| self.connect(deadline), Ok)
    }

    #[cold]
    fn connect(&self, deadline: Deadline) -> Result<Lent, Error> {
        let place = self.pool.place().ok_or_else(|| {
            let text = format!(
                "{MAX_CONNECTIONS} calls from this process to {} are under way",
                self.endpoint.name
            );
            Error::new(ErrorKind::Overloaded, text)
        })?;
        let connection = self.open_connection(Role::Calls, deadline)?;
        Ok(self.pool.seat(place, connection))
    }

    /// From the first connection on, somebody must hear what the server has to say about it, and about one-way calls.
    fn listen_for_notices(&self) -> Result<(), Error> {
        let mut hears = self.hears.lock().unwrap_or_else(PoisonError::into_inner);
        if !*hears {
            let calls = self.one_way_calls();
            self.control
                .listen(calls, &self.openings, Arc::clone(&self.peer))
                .map_err(|error| Error::io("watching a control socket", error))?;
            *hears = true;
        }
        Ok(())
    }

    pub(super) fn open_connection(
        &self,
        role: Role,
        deadline: Deadline,
    ) -> Result<Box<dyn Connection>, Error> {
        self.listen_for_notices()?;
        let carriage = match role {
            Role::Calls => self.welcome.carriage,
            Role::Lane | Role::Replies => self.welcome.carriage.beside_others(),
        };
        let offer = carriage.offer(&self.peer);
        let (connection, theirs) =
            offer.map_err(|error| Error::io("making a connection", error))?;
        let number = self.openings.add(connection.orphan());
        let message = codec::encode(&Say::Connect { number, role })?;
        let fds: Vec<_> = theirs.iter().map(OwnedFd::as_fd).collect();
        let patience = deadline.earlier(Deadline::after(Some(CONTROL_PATIENCE)));
        match (*self.control).as_ref().send(&message, &fds, patience) {
            Ok(()) => Ok(connection),
            Err(SendError::Closed) => Err(self.disconnected().in_process(self.label())),
            Err(SendError::Full) => {
                let text = format!(
                    "the server {} takes no connections: is it stopped?",
                    self.endpoint.name
                );
                Err(Error::new(ErrorKind::Timeout, text))
            }
            Err(SendError::Io(error)) => Err(Error::io("handing a connection to a server", error)),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("server", &self.endpoint.name)
            .field("pid", &self.peer.pid())
            .finish_non_exhaustive()
    }
}

/// Where the arguments of a call go that are too large for a buffer.
struct Stream<'a> {
    connection: &'a mut dyn Connection,
    is_half_sent: &'a mut bool,
    limit: usize,
    deadline: Deadline,
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
        let sent = self.connection.send_part(first, bytes, self.deadline);
        sent.map_err(|broken| {
            self.broken = Some(broken);
            Error::new(ErrorKind::Disconnected, "the arguments could not be sent")
        })
    }
}

impl Exchanged {
    /// What was said beside the value, if anything was.
    pub(crate) fn take_reply(&mut self) -> Option<Reply> {
        self.reply.take()
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

/// Invariant: a forked process never uses its parent's connections.
pub(crate) fn refuse_in_fork() -> Result<(), Error> {
    if forked() {
        let text = "this process is a fork of the one that the handle belongs to: start processes with a #[task], or exec";
        return Err(Error::new(ErrorKind::Disconnected, text));
    }
    Ok(())
}
