//! One client process at this server: its handshake, its control socket, and the end of all it held.

use std::collections::BTreeMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;

use super::connection;
use super::listener::max_message;
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::handle::server_id;
use crate::message::{CONTROL_LIMIT, Control, ErrorOnWire, Greeting, Hello, MAGIC, PROTOCOL};
use crate::object::{Cancel, REGISTRY, SessionId};
use crate::os::{Deadline, Peer, Socket, build_id, process_label, wait};

/// How long a client may take to say hello.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// The most connections of one session, as clients know.
const MAX_CONNECTIONS: usize = 256;

/// The sessions of this server.
pub(super) static SESSIONS: Sessions = Sessions {
    last: AtomicU64::new(0),
    open: Mutex::new(BTreeMap::new()),
};

pub(super) struct Sessions {
    last: AtomicU64,
    open: Mutex<BTreeMap<SessionId, Arc<Session>>>,
}

/// A session as the threads of its connections see it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) id: SessionId,
    /// `name (pid 123)`.
    pub(super) label: String,
    pub(super) cancel: Cancel,
    pub(super) peer: Arc<Peer>,
    control: Socket,
    /// What cuts each connection, by number.
    connections: Mutex<BTreeMap<usize, Socket>>,
    last_connection: AtomicUsize,
}

impl Sessions {
    pub(super) fn list(&self) -> Vec<Arc<Session>> {
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .values()
            .cloned()
            .collect()
    }

    pub(super) fn end_all(&self) {
        for session in self.list() {
            session.control.cut();
            session.end();
        }
    }

    fn open(&self, label: String, peer: Peer, control: Socket) -> Arc<Session> {
        let id = SessionId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let session = Arc::new(Session {
            id,
            label,
            cancel: Cancel::default(),
            peer: Arc::new(peer),
            control,
            connections: Mutex::default(),
            last_connection: AtomicUsize::new(0),
        });
        REGISTRY.open_session(id);
        self.open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(id, Arc::clone(&session));
        session
    }
}

/// Serves a client that has just connected, on a thread of its own. Without one to be had the client finds the socket closed.
pub(super) fn begin(client: Socket) {
    let run = move || {
        if let Some(session) = shake_hands(client) {
            session.serve();
            session.end();
        }
    };
    drop(
        std::thread::Builder::new()
            .name("shared-session".into())
            .spawn(run),
    );
}

/// `None` if the client is refused, says nothing, or is gone.
fn shake_hands(client: Socket) -> Option<Arc<Session>> {
    let credentials = client.peer().ok()?;
    if credentials.uid != rustix::process::geteuid() {
        return None;
    }
    let peer = Peer::watch(credentials.pid.as_raw_nonzero().get().cast_unsigned()).ok()?;
    wait(
        &[(client.as_fd(), PollFlags::IN)],
        Deadline::after(Some(HANDSHAKE)),
    )
    .ok()??;
    let message = client.receive(CONTROL_LIMIT).ok()??;
    let hello = codec::decode::<Hello>(&message.bytes)
        .ok()
        .filter(|hello| hello.magic == MAGIC)?;
    let refusal = refusal(&hello);
    let greeting = match &refusal {
        Some(error) => Greeting::Refused(ErrorOnWire(error.clone())),
        None => Greeting::Welcome {
            pid: std::process::id(),
            max_message: max_message(),
        },
    };
    // Before the welcome: what the client asks next finds the session.
    let label = process_label(&hello.name, peer.pid());
    let session = SESSIONS.open(label, peer, client);
    let greeted = codec::encode(&greeting).ok().map(|bytes| {
        session
            .control
            .send(&bytes, &[], Deadline::after(Some(HANDSHAKE)))
    });
    if refusal.is_none() && matches!(greeted, Some(Ok(()))) {
        return Some(session);
    }
    session.end();
    None
}

fn refusal(hello: &Hello) -> Option<Error> {
    if hello.protocol != PROTOCOL || hello.build != build_id() {
        let text = format!(
            "{} was built from another executable than this server",
            hello.name
        );
        return Some(Error::new(ErrorKind::Incompatible, text));
    }
    (hello.server != server_id())
        .then(|| Error::new(ErrorKind::Gone, "another server has this address now"))
}

impl Session {
    /// Runs no user code, so leases come and go whatever methods do.
    fn serve(self: &Arc<Self>) {
        loop {
            let fds = [
                (self.control.as_fd(), PollFlags::IN),
                (self.peer.as_fd(), PollFlags::IN),
            ];
            match wait(&fds, Deadline::NEVER).ok().flatten().as_deref() {
                Some([true, _]) => {}
                // The client's process has ended, though a fork of it may hold the socket open.
                _ => return,
            }
            let Ok(Some(message)) = self.control.receive(CONTROL_LIMIT) else {
                return;
            };
            match codec::decode(&message.bytes) {
                Ok(Control::Connect) => self.connect(message.fds),
                Ok(Control::Release(leases)) => {
                    for (object, count) in leases {
                        REGISTRY.release(object, self.id, count);
                    }
                }
                // What it meant cannot be known, so nothing after it can be trusted.
                Err(_) => return,
            }
        }
    }

    /// A connection that cannot be served is closed, which its client notices.
    fn connect(self: &Arc<Self>, fds: Vec<OwnedFd>) {
        let mut connections = self.connections();
        if connections.len() >= MAX_CONNECTIONS {
            return;
        }
        let number = self.last_connection.fetch_add(1, Ordering::Relaxed);
        let session = Arc::clone(self);
        if let Some(cutter) = connection::begin(session, fds, number) {
            connections.insert(number, Socket::from(cutter));
        }
    }

    pub(super) fn closed(&self, number: usize) {
        self.connections().remove(&number);
    }

    /// Gives back everything the session held. Its running methods go on; nobody gets their answers.
    fn end(&self) {
        self.cancel.cancel();
        for connection in self.connections().values() {
            connection.cut();
        }
        REGISTRY.end_session(self.id);
        SESSIONS
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .remove(&self.id);
    }

    fn connections(&self) -> std::sync::MutexGuard<'_, BTreeMap<usize, Socket>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
