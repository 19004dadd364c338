//! One session: the control socket, the pool of connections, and what it means that one of them broke.

use std::collections::HashMap;
use std::fmt;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;

use super::control::{Control, Openings, Releases, Taken};
use super::lane::Lane;
use super::outgoing::Outgoing;
use super::pool::{Lent, Opened, Pool};
use crate::address::Endpoint;
use crate::carriage::{Carriage, Transport};
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::message::{Agreement, CONTROL_LIMIT, Control as Say, MAX_CONNECTIONS, MAX_PIPES, Role};
use crate::os::{
    Deadline, Peer, Received, SendError, Socket, build_id, forked, process_label, wait,
};
use crate::outbox::Outbox;
use crate::transport::{self, Broken};

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
    /// The connections for calls that are on their way at the same time.
    pipes: Pool,
    pub(super) lane: Lane,
    /// The connections of which the server may say that it has none.
    openings: Arc<Openings>,
    /// Whether somebody listens to what the server says on its own.
    hears: Mutex<bool>,
    /// The calls that have a reply and go over the lane.
    pub(super) outgoing: Arc<Outgoing>,
    /// Whether their replies have a connection.
    pub(super) listens: Mutex<bool>,
    pub(super) releases: Arc<Releases>,
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
            pool: Pool::of(MAX_CONNECTIONS),
            pipes: Pool::of(MAX_PIPES),
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
    pub(crate) fn is_open(&self) -> bool {
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

    pub(super) fn too_large(&self, size: usize) -> Error {
        let text = format!(
            "the arguments take {size} bytes, the server {} accepts {} (option `max_message` of its builder)",
            self.endpoint.name, self.welcome.max_message
        );
        Error::new(ErrorKind::TooLarge, text)
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

    pub(super) fn borrow(&self, deadline: Deadline) -> Result<Lent, Error> {
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
        let opened = self.open_connection(Role::Calls, deadline)?;
        Ok(self.pool.seat(place, opened))
    }

    /// Whether calls can be on their way at the same time on a connection without keeping anybody: what does not fit is noticed before
    /// a part of it is sent.
    pub(crate) fn has_pipes(&self) -> bool {
        self.welcome.carriage.transport == Transport::Ring
    }

    /// `None` if there is none to be had.
    pub(super) fn borrow_pipe(&self) -> Option<Lent> {
        if let Some(idle) = self.pipes.take_idle() {
            return Some(idle);
        }
        let place = self.pipes.place()?;
        let opened = self.open_connection(Role::Pipe, Deadline::now()).ok()?;
        Some(self.pipes.seat(place, opened))
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

    pub(super) fn open_connection(&self, role: Role, deadline: Deadline) -> Result<Opened, Error> {
        self.listen_for_notices()?;
        let carriage = match role {
            Role::Calls | Role::Pipe => self.welcome.carriage,
            Role::Lane | Role::Replies => transport::beside_others(self.welcome.carriage),
        };
        let offer = transport::offer(carriage, &self.peer);
        let (connection, theirs) =
            offer.map_err(|error| Error::io("making a connection", error))?;
        let number = self.openings.add(connection.orphan());
        let fds: Vec<_> = theirs.iter().map(OwnedFd::as_fd).collect();
        self.say(&Say::Connect { number, role }, &fds, deadline)?;
        Ok((connection, number))
    }

    /// The file of the memory that the server's process has offered under this number; `None` if it has not.
    ///
    /// A socket of its own brings it: nobody else reads that, and its end says that nothing will come.
    pub(crate) fn memory(&self, number: u64, deadline: Deadline) -> Result<Option<OwnedFd>, Error> {
        refuse_in_fork()?;
        let io = |error| Error::io("asking for memory", error);
        let (ours, theirs) = Socket::pair().map_err(io)?;
        self.say(&Say::Memory { number }, &[theirs.as_fd()], deadline)?;
        drop(theirs);
        let fds = [
            (ours.as_fd(), PollFlags::IN),
            (self.peer.as_fd(), PollFlags::IN),
        ];
        match wait(&fds, deadline).map_err(io)?.as_deref() {
            Some([true, _]) => {
                let received = ours.receive(CONTROL_LIMIT).map_err(io)?;
                let file = |received: Received| received.fds.into_iter().next();
                received
                    .map(|received| file(received).ok_or_else(no_descriptor))
                    .transpose()
            }
            Some(_) => Err(self.disconnected().in_process(self.label())),
            None => Err(self.lost(Broken::TimedOut)),
        }
    }

    /// Sends a message on the control socket, which nobody may keep full.
    fn say(&self, what: &Say, fds: &[BorrowedFd<'_>], deadline: Deadline) -> Result<(), Error> {
        let message = codec::encode(what)?;
        let patience = deadline.earlier(Deadline::after(Some(CONTROL_PATIENCE)));
        match (*self.control).as_ref().send(&message, fds, patience) {
            Ok(()) => Ok(()),
            Err(SendError::Closed) => Err(self.disconnected().in_process(self.label())),
            Err(SendError::Full) => {
                let text = format!(
                    "the server {} takes no connections: is it stopped?",
                    self.endpoint.name
                );
                Err(Error::new(ErrorKind::Timeout, text))
            }
            Err(SendError::Io(error)) => Err(Error::io("sending to a server", error)),
        }
    }
}

/// What was sent could not be received.
fn no_descriptor() -> Error {
    let text =
        "there is no descriptor to spare for memory that was sent: raise the limit (ulimit -n)";
    Error::new(ErrorKind::Overloaded, text)
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("server", &self.endpoint.name)
            .field("pid", &self.peer.pid())
            .finish_non_exhaustive()
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
