//! One session: the control socket, the pool of connections, and the exchange of a request for its reply.

use std::fmt;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::dial::refuse_in_fork;
use super::drain;
use super::release::Releases;
use crate::address::Endpoint;
use crate::codec;
use crate::error::{Error, ErrorKind, Executed};
use crate::message::{Control, Handles, Reply, Request, Subject};
use crate::os::{Deadline, Peer, SendError, Socket, process_label};
use crate::transport::{Broken, Channel, Connection, Transport};

/// The most connections, and so calls at one time, of a session.
const MAX_CONNECTIONS: usize = 256;

/// The most connections kept open for the next call.
const MAX_IDLE: usize = 16;

/// How long the control socket may be full before the server counts as stuck.
const CONTROL_PATIENCE: Duration = Duration::from_secs(5);

/// How long after a connection broke the end of its process may take to show.
const END_PATIENCE: Duration = Duration::from_millis(50);

/// This process at one server.
pub(crate) struct Session {
    endpoint: Endpoint,
    peer: Arc<Peer>,
    control: Socket,
    max_message: usize,
    idle: Mutex<Vec<Box<dyn Connection>>>,
    /// Connections in the pool, lent, or draining.
    open: AtomicUsize,
    releases: Releases,
}

/// A reply as it came: its head, its body, and the connection, which is free again when this is dropped.
pub(crate) struct Exchanged {
    pub(crate) reply: Reply,
    frame: Vec<u8>,
    body_at: usize,
    connection: Lent,
}

impl Session {
    pub(super) fn new(
        endpoint: Endpoint,
        peer: Arc<Peer>,
        control: Socket,
        max_message: usize,
    ) -> Self {
        Self {
            endpoint,
            peer,
            control,
            max_message,
            idle: Mutex::default(),
            open: AtomicUsize::new(0),
            releases: Releases::default(),
        }
    }

    pub(crate) fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// `name (pid 123)`.
    pub(crate) fn label(&self) -> String {
        process_label(&self.endpoint.name, self.peer.pid())
    }

    pub(super) fn peer(&self) -> &Peer {
        &self.peer
    }

    pub(super) fn control(&self) -> &Socket {
        &self.control
    }

    pub(super) fn releases(&self) -> &Releases {
        &self.releases
    }

    /// Sends a request and waits for its reply. `pins` is what the request's handles need to stay alive until the server has
    /// them: it is kept past a timeout, until the server lets go of the connection.
    ///
    /// # Errors
    ///
    /// `TooLarge`, `Overloaded`, `Disconnected`, `Timeout`; the reply's own error is left in it.
    pub(crate) fn exchange<P: Send + 'static>(
        self: &Arc<Self>,
        request: &Request,
        body: &[u8],
        pins: P,
        deadline: Deadline,
    ) -> Result<Exchanged, Error> {
        refuse_in_fork()?;
        let head = codec::encode(request)?;
        self.check_size(head.len() + body.len())?;
        let mut connection = self.borrow()?;
        if let Err(broken) = connection.get().send(&head, body, deadline) {
            return Err(self.failed(broken, connection, pins, Executed::No));
        }
        let frame = match connection.get().receive(usize::MAX, deadline) {
            Ok(frame) => frame,
            Err(broken) => return Err(self.failed(broken, connection, pins, Executed::Maybe)),
        };
        let (reply, body) =
            codec::decode_head::<Reply>(&frame).map_err(|error| error.ran(Executed::Maybe))?;
        let body_at = frame.len() - body.len();
        Ok(Exchanged {
            reply,
            frame,
            body_at,
            connection,
        })
    }

    fn check_size(&self, size: usize) -> Result<(), Error> {
        if size <= self.max_message {
            return Ok(());
        }
        let text = format!(
            "the arguments take {size} bytes, the server {} accepts {} (option `max_message` of its builder)",
            self.endpoint.name, self.max_message
        );
        Err(Error::new(ErrorKind::TooLarge, text))
    }

    /// What a broken exchange means. A connection that timed out is abandoned: what is still said on it, nobody waits for.
    fn failed<P: Send + 'static>(
        self: &Arc<Self>,
        broken: Broken,
        connection: Lent,
        pins: P,
        executed: Executed,
    ) -> Error {
        let error = match broken {
            Broken::TimedOut => {
                drain::abandon(self, connection.take(), pins);
                let text = format!(
                    "no answer from {} within the deadline; the method may go on",
                    self.endpoint.name
                );
                return Error::new(ErrorKind::Timeout, text)
                    .ran(executed)
                    .in_process(self.label());
            }
            Broken::Closed => self.disconnected(),
            Broken::TooLarge { size } => Error::new(
                ErrorKind::TooLarge,
                format!("the answer takes {size} bytes"),
            ),
            Broken::Corrupt(what) => Error::new(
                ErrorKind::Disconnected,
                format!("the connection to {} carried {what}", self.endpoint.name),
            ),
            Broken::Io(error) => Error::io("the connection to a server failed", error),
        };
        drop(connection.take());
        self.open.fetch_sub(1, Ordering::Relaxed);
        error.ran(executed).in_process(self.label())
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

    fn borrow(self: &Arc<Self>) -> Result<Lent, Error> {
        let idle = self
            .idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop();
        let connection = match idle {
            Some(connection) => connection,
            None => self.connect()?,
        };
        Ok(Lent {
            session: Arc::clone(self),
            connection: Some(connection),
        })
    }

    fn connect(&self) -> Result<Box<dyn Connection>, Error> {
        if self.open.fetch_add(1, Ordering::Relaxed) >= MAX_CONNECTIONS {
            self.open.fetch_sub(1, Ordering::Relaxed);
            let text = format!(
                "{MAX_CONNECTIONS} calls from this process to {} are under way",
                self.endpoint.name
            );
            return Err(Error::new(ErrorKind::Overloaded, text));
        }
        let connected = self.open_connection();
        if connected.is_err() {
            self.open.fetch_sub(1, Ordering::Relaxed);
        }
        connected
    }

    fn open_connection(&self) -> Result<Box<dyn Connection>, Error> {
        let offer = Channel.offer(Arc::clone(&self.peer));
        let (connection, theirs) =
            offer.map_err(|error| Error::io("making a connection", error))?;
        let message = codec::encode(&Control::Connect)?;
        let fds: Vec<_> = theirs.iter().map(OwnedFd::as_fd).collect();
        match self
            .control
            .send(&message, &fds, Deadline::after(Some(CONTROL_PATIENCE)))
        {
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

    /// A connection whose last frame was read is free for the next call, or closed if enough others are.
    fn give_back(&self, connection: Box<dyn Connection>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        } else {
            drop(idle);
            self.closed_one();
        }
    }

    /// A connection of this session has been closed.
    pub(super) fn closed_one(&self) {
        self.open.fetch_sub(1, Ordering::Relaxed);
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

impl Exchanged {
    pub(crate) fn body(&self) -> &[u8] {
        &self.frame[self.body_at..]
    }

    /// Says that leases of our own stand for the handles of the reply: the server need not keep its own any longer.
    pub(crate) fn confirm(&mut self) {
        let taken = Request {
            subject: Subject::Taken,
            timeout: None,
            held: Vec::new(),
            handles: Handles::default(),
        };
        if let Ok(head) = codec::encode(&taken) {
            // If it does not arrive the connection is broken, which says the same.
            let _ = self.connection.get().send(&head, &[], Deadline::NEVER);
        }
    }
}

/// A connection out of the pool.
struct Lent {
    session: Arc<Session>,
    connection: Option<Box<dyn Connection>>,
}

impl Lent {
    fn get(&mut self) -> &mut dyn Connection {
        self.connection
            .as_deref_mut()
            .expect("only `take` empties it, and consumes it")
    }

    /// Keeps the connection from going back.
    fn take(mut self) -> Box<dyn Connection> {
        self.connection
            .take()
            .expect("only `take` empties it, and consumes it")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.session.give_back(connection);
        }
    }
}
