//! One session: the control socket, the pool of connections, and the exchange of a request for its reply.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use super::control::{Control, Releases, Taken};
use super::drain;
use super::lane::{Lane, NotSent};
use super::outgoing::{Outgoing, Room, TwoWay, Way};
use super::pool::{Pool, Pooled};
use super::replies::{Carrier, Replies};
use crate::address::Endpoint;
use crate::codec;
use crate::error::{Error, ErrorKind, Executed};
use crate::message::{
    CONTROL_LIMIT, Control as Say, Functions, Handles, LaneCall, MAX_CONNECTIONS, Reply, Request,
    Subject,
};
use crate::order::{Outstanding, Pins};
use crate::os::{
    Deadline, Peer, SendError, Socket, build_id, forked, process_label, run_in_background,
};
use crate::outbox::Outbox;
use crate::transport::{Broken, Channel, Connection, Transport};

/// The most bytes of a reply that is an error: a panic has a text and a backtrace, however small the server's limit is.
const MAX_ERROR: usize = 1 << 20;

/// How long the control socket may be full before the server counts as stuck.
const CONTROL_PATIENCE: Duration = Duration::from_secs(5);

/// How long after a connection broke the end of its process may take to show.
const END_PATIENCE: Duration = Duration::from_millis(50);

/// This process at one server.
pub(crate) struct Session {
    endpoint: Endpoint,
    peer: Arc<Peer>,
    control: Arc<Control>,
    welcome: Welcome,
    pool: Pool,
    lane: Lane,
    /// Whether somebody listens for them.
    news: Mutex<bool>,
    /// The calls that have a reply and go over the lane.
    outgoing: Arc<Outgoing>,
    /// Whether their replies have a connection.
    listens: Mutex<bool>,
    releases: Arc<Releases>,
    taken: Arc<Taken>,
    /// What a server from another executable says about its interfaces.
    functions: Mutex<HashMap<u64, Arc<Functions>>>,
}

/// What a server says about itself.
#[derive(Clone, Copy, Debug)]
pub(super) struct Welcome {
    pub(super) build: u128,
    pub(super) max_message: usize,
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
        welcome: Welcome,
    ) -> Self {
        let control = Control::over(control);
        Self {
            lane: Lane::new(endpoint.server, welcome.max_message),
            endpoint,
            peer,
            welcome,
            pool: Pool::default(),
            news: Mutex::default(),
            outgoing: Arc::default(),
            listens: Mutex::default(),
            taken: Outbox::on(Arc::clone(&control), usize::MAX, |numbers| {
                codec::encode(&Say::Taken(numbers))
            }),
            releases: Outbox::on(Arc::clone(&control), usize::MAX, |leases| {
                codec::encode(&Say::Release(leases))
            }),
            functions: Mutex::default(),
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

    /// What the server says about an interface, asked for once.
    pub(crate) fn functions(
        &self,
        interface: u64,
        ask: impl FnOnce() -> Result<Functions, Error>,
    ) -> Result<Arc<Functions>, Error> {
        let known = || {
            self.functions
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        };
        if let Some(functions) = known().get(&interface) {
            return Ok(Arc::clone(functions));
        }
        let asked = Arc::new(ask()?);
        known().insert(interface, Arc::clone(&asked));
        Ok(asked)
    }

    /// Gives `count` leases of `object` back, soon. Never waits, and never fails.
    pub(crate) fn release(&self, object: u64, count: u64) {
        self.releases.post((object, count));
    }

    /// The one-way calls that this process has sent and that have not run yet.
    pub(crate) fn one_way_calls(&self) -> &Arc<Outstanding> {
        self.lane.calls()
    }

    /// Sends a call that has no reply; its number is returned. `pins` is kept until it has run.
    ///
    /// # Errors
    ///
    /// `TooLarge`, `Disconnected`; `Timeout` if the server does not take it before the deadline. The call is lost then.
    pub(crate) fn send_one_way(
        &self,
        call: LaneCall,
        body: &[u8],
        pins: Pins,
        deadline: Deadline,
    ) -> Result<u64, Error> {
        refuse_in_fork()?;
        let open = || self.open_lane(deadline);
        let sent = self.lane.send(call, body, pins, deadline, open);
        sent.map_err(|not_sent| self.not_sent(not_sent))
    }

    /// Has a call sent, soon, that will have a reply. Never waits.
    pub(crate) fn send_later(self: &Arc<Self>, call: Arc<dyn TwoWay>) {
        self.outgoing.push(call, Arc::clone(self) as Arc<dyn Way>);
    }

    /// Says that the handles in the reply to this call of the lane have been taken, or that nobody takes them.
    pub(crate) fn confirm_later(&self, number: u64) {
        self.taken.post(number);
    }

    fn not_sent(&self, not_sent: NotSent) -> Error {
        match not_sent {
            NotSent::GivenUp => {
                Error::new(ErrorKind::Cancelled, "nobody waits for the call any more")
            }
            NotSent::TimedOut => {
                let text = format!(
                    "{} did not take the one-way call within the deadline: earlier ones wait to run",
                    self.endpoint.name
                );
                Error::new(ErrorKind::Timeout, text).in_process(self.label())
            }
            NotSent::Broken(broken) => self.lost(broken).in_process(self.label()),
            NotSent::TooLarge { size } => self.too_large(size),
            NotSent::Other(error) => error,
        }
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
        let size = head.len() + body.len();
        if size > self.welcome.max_message {
            return Err(self.too_large(size));
        }
        let mut connection = self.borrow(deadline)?;
        if let Err(broken) = connection.get().send(&head, body, deadline) {
            return Err(self.failed(broken, connection, pins, Executed::No));
        }
        let limit = self.welcome.max_message.max(MAX_ERROR);
        let frame = match connection.get().receive(limit, deadline) {
            Ok(frame) => frame,
            Err(broken) => return Err(self.failed(broken, connection, pins, Executed::Maybe)),
        };
        let (reply, body) = match codec::decode_head::<Reply>(&frame) {
            Ok(decoded) => decoded,
            Err(error) => {
                let broken = Broken::Corrupt(error.to_string());
                return Err(self.failed(broken, connection, pins, Executed::Maybe));
            }
        };
        let body_at = frame.len() - body.len();
        Ok(Exchanged {
            reply,
            frame,
            body_at,
            connection,
        })
    }

    fn too_large(&self, size: usize) -> Error {
        let text = format!(
            "the arguments take {size} bytes, the server {} accepts {} (option `max_message` of its builder)",
            self.endpoint.name, self.welcome.max_message
        );
        Error::new(ErrorKind::TooLarge, text)
    }

    /// What a broken exchange means. A connection that timed out is abandoned: what is still said on it, nobody waits for.
    fn failed<P: Send + 'static>(
        self: &Arc<Self>,
        broken: Broken,
        connection: Lent,
        pins: P,
        executed: Executed,
    ) -> Error {
        if !matches!(broken, Broken::TimedOut) {
            drop(connection.take());
            return self.lost(broken).ran(executed).in_process(self.label());
        }
        let (releases, peer) = (Arc::clone(&self.releases), Arc::clone(&self.peer));
        drain::abandon(connection.take(), releases, peer, pins);
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
    fn lost(&self, broken: Broken) -> Error {
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

    fn borrow(self: &Arc<Self>, deadline: Deadline) -> Result<Lent, Error> {
        let idle = self.pool.take_idle();
        let pooled = idle.map_or_else(|| self.connect(deadline), Ok)?;
        Ok(Lent {
            session: Arc::clone(self),
            pooled: Some(pooled),
        })
    }

    fn connect(&self, deadline: Deadline) -> Result<Pooled, Error> {
        let place = self.pool.place().ok_or_else(|| {
            let text = format!(
                "{MAX_CONNECTIONS} calls from this process to {} are under way",
                self.endpoint.name
            );
            Error::new(ErrorKind::Overloaded, text)
        })?;
        Ok(place.taken_by(self.open_connection(&Say::Connect, deadline)?))
    }

    fn open_lane(&self, deadline: Deadline) -> Result<Box<dyn Connection>, Error> {
        self.watch_for_news()
            .map_err(|error| Error::io("watching a control socket", error))?;
        let mut lane = self.open_connection(&Say::ConnectLane, deadline)?;
        // A lane that nobody reads would swallow what is sent on it.
        match lane.receive(CONTROL_LIMIT, deadline) {
            Ok(_) => Ok(lane),
            Err(broken) => Err(self.lost(broken).in_process(self.label())),
        }
    }

    /// Before the first call of the lane that has a reply, the server must know where to send it.
    fn listen_for_replies(&self) -> Result<(), Error> {
        let mut listens = self.listens.lock().unwrap_or_else(PoisonError::into_inner);
        if *listens {
            return Ok(());
        }
        let mut connection = self.open_connection(&Say::ConnectReplies, Deadline::NEVER)?;
        if let Err(broken) = connection.receive(CONTROL_LIMIT, Deadline::NEVER) {
            return Err(self.lost(broken).in_process(self.label()));
        }
        let control = self.control.copy();
        let replies = Replies {
            carrier: Carrier::Open(connection),
            peer: Arc::clone(&self.peer),
            name: self.endpoint.name.clone(),
            limit: self.welcome.max_message.max(MAX_ERROR),
            outgoing: Arc::clone(&self.outgoing),
            control: control.map_err(|error| Error::io("watching a control socket", error))?,
        };
        if !run_in_background(Box::new(replies)) {
            return Err(Error::io(
                "listening for replies",
                "there is no background thread",
            ));
        }
        *listens = true;
        Ok(())
    }

    /// From the first one-way call on, somebody must hear that it has run.
    fn watch_for_news(&self) -> io::Result<()> {
        let mut watched = self.news.lock().unwrap_or_else(PoisonError::into_inner);
        if !*watched {
            self.control
                .watch_for(self.one_way_calls(), Arc::clone(&self.peer))?;
            *watched = true;
        }
        Ok(())
    }

    fn open_connection(&self, say: &Say, deadline: Deadline) -> Result<Box<dyn Connection>, Error> {
        let offer = Channel.offer(Arc::clone(&self.peer));
        let (connection, theirs) =
            offer.map_err(|error| Error::io("making a connection", error))?;
        let message = codec::encode(say)?;
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

impl Way for Session {
    fn send(&self, call: &Arc<dyn TwoWay>, room: Room) {
        if let Err(error) = self.listen_for_replies() {
            return Arc::clone(call).answered(Err(error));
        }
        let (mut request, body) = match call.request() {
            Some(Ok(request)) => request,
            Some(Err(error)) => return Arc::clone(call).answered(Err(error)),
            None => return,
        };
        request.number = match self.outgoing.begin(call, room) {
            Ok(number) => number,
            Err(lost) => return Arc::clone(call).answered(Err(lost)),
        };
        let open = || self.open_lane(Deadline::NEVER);
        let sent = self
            .lane
            .send_numbered(&request, &body, open, || call.commit());
        if let Err(not_sent) = sent
            && let Some((call, _room)) = self.outgoing.end(request.number)
            && !matches!(not_sent, NotSent::GivenUp)
        {
            call.answered(Err(self.not_sent(not_sent)));
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
    pooled: Option<Pooled>,
}

impl Lent {
    fn get(&mut self) -> &mut dyn Connection {
        let pooled = self.pooled.as_mut();
        &mut *pooled
            .expect("only `take` empties it, and consumes it")
            .connection
    }

    /// Keeps the connection from going back.
    fn take(mut self) -> Pooled {
        self.pooled
            .take()
            .expect("only `take` empties it, and consumes it")
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        if let Some(pooled) = self.pooled.take() {
            self.session.pool.give_back(pooled);
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
