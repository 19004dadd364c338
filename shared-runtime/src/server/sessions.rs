//! The clients of this server, and the end of all they held.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use crate::codec;
use crate::message::Notice;
use crate::object::{Caller, Queue, REGISTRY, SessionId};
use crate::os::{Peer, Socket};
use crate::outbox::Outbox;

/// The sessions of this server.
pub(super) static SESSIONS: Sessions = Sessions {
    last: AtomicU64::new(0),
    open: Mutex::new(BTreeMap::new()),
};

pub(super) struct Sessions {
    last: AtomicU64,
    open: Mutex<BTreeMap<SessionId, Arc<Session>>>,
}

/// One client process, as the threads that serve it see it.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) caller: Arc<Caller>,
    pub(super) peer: Arc<Peer>,
    pub(super) control: Arc<Socket>,
    /// Tells the client which of its one-way calls have run.
    pub(super) one_way_done: Arc<Outbox<Socket, u64>>,
    connections: Mutex<Connections>,
    lanes: Mutex<Lanes>,
}

#[derive(Debug, Default)]
struct Connections {
    last: u64,
    /// What cuts each of them off, by number.
    open: BTreeMap<u64, Socket>,
}

/// A client has one lane at a time; what it sent on an earlier one, which broke, is read to its end all the same.
#[derive(Debug, Default)]
struct Lanes {
    queue: Option<Arc<Queue>>,
    open: Vec<Lane>,
}

/// What cuts a lane off, and the thread that reads it.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) cutter: Socket,
    pub(super) reader: JoinHandle<()>,
}

/// The most lanes a client may open in the course of a session: each broke in the middle of a frame.
const MAX_LANES: usize = 256;

impl Sessions {
    pub(super) fn open(&self, label: String, peer: Peer, control: Socket) -> Arc<Session> {
        let id = SessionId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let control = Arc::new(control);
        let session = Arc::new(Session {
            caller: Caller::new(id, label, peer.pid()),
            peer: Arc::new(peer),
            one_way_done: Outbox::on(Arc::clone(&control), |numbers| {
                codec::encode(&Notice::Done(numbers))
            }),
            control,
            connections: Mutex::default(),
            lanes: Mutex::default(),
        });
        REGISTRY.open_session(id);
        self.table().insert(id, Arc::clone(&session));
        session
    }

    /// In the order of their arrival.
    pub(super) fn list(&self) -> Vec<Arc<Session>> {
        self.table().values().cloned().collect()
    }

    pub(super) fn end_all(&self) {
        for session in self.list() {
            session.end();
        }
    }

    fn table(&self) -> MutexGuard<'_, BTreeMap<SessionId, Arc<Session>>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Session {
    /// Has a connection begun, under a number of its own, unless there are `most` of them. It cannot report its end before it is
    /// known here.
    pub(super) fn add_connection(&self, most: usize, begin: impl FnOnce(u64) -> Option<OwnedFd>) {
        let mut connections = self.connections();
        if connections.open.len() >= most {
            return;
        }
        connections.last += 1;
        let number = connections.last;
        if let Some(cutter) = begin(number) {
            connections.open.insert(number, Socket::from(cutter));
        }
    }

    pub(super) fn remove_connection(&self, number: u64) {
        self.connections().open.remove(&number);
    }

    /// Has one more lane begun, into the queue of the session, which is opened with the first.
    pub(super) fn add_lane(&self, begin: impl FnOnce(Arc<Queue>) -> Option<Lane>) {
        let mut lanes = self.lanes();
        if lanes.open.len() >= MAX_LANES {
            return;
        }
        if lanes.queue.is_none() {
            lanes.queue = Queue::open().ok();
        }
        let lane = lanes.queue.clone().and_then(begin);
        lanes.open.extend(lane);
    }

    /// Gives back everything the session held. Its running methods go on; nobody gets their answers. One-way calls that the client
    /// had sent run; what is to be done at the end of the session is done after them.
    pub(super) fn end(&self) {
        self.caller.gone.cancel();
        for connection in self.connections().open.values() {
            connection.cut();
        }
        let Lanes { queue, open } = std::mem::take(&mut *self.lanes());
        if let Some(queue) = &queue {
            queue.lift_limit();
        }
        for Lane { cutter, reader } in open {
            // What the client had committed before it ended is still read.
            cutter.cut();
            // A reader that panicked has read what it could.
            let _ = reader.join();
        }
        self.control.cut();
        REGISTRY.end_session(self.caller.session);
        SESSIONS.table().remove(&self.caller.session);
        let caller = Arc::clone(&self.caller);
        match queue {
            Some(queue) => queue.close(move || caller.end()),
            None => caller.end(),
        }
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        let connections = self.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }
}
