//! The clients of this server, and the end of all they held.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

use super::pipes::Pipes;
use super::replies::Replies;
use crate::codec;
use crate::message::{MAX_CONNECTIONS, MAX_PIPES, MAX_UNDER_WAY, Notice, Role};
use crate::object::{Caller, Queue, REGISTRY, SessionId};
use crate::os::{Cut, Peer, Socket};
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
    /// Tells the client for which of its one-way calls nothing more is needed of it.
    pub(super) one_way_held: Arc<Outbox<Socket, u64>>,
    /// Tells the client which of its one-way calls have run.
    pub(super) one_way_done: Arc<Outbox<Socket, u64>>,
    /// The way of the replies to the calls of its lane.
    pub(super) replies: Replies,
    /// How far its pipes have come.
    pub(super) pipes: Pipes,
    connections: Mutex<Connections>,
    lanes: Mutex<Lanes>,
}

#[derive(Debug, Default)]
struct Connections {
    last: u64,
    /// What each of them is for, and what cuts it off.
    open: BTreeMap<u64, (Role, Arc<dyn Cut>)>,
}

/// A client has one lane at a time. What it sent on an earlier one, which broke in the middle of a frame, is read to its end before the
/// next.
#[derive(Debug, Default)]
struct Lanes {
    queue: Option<Arc<Queue>>,
    newest: Option<Lane>,
    /// Counts the readers that have not ended.
    readers: Arc<()>,
    closed: bool,
}

/// What cuts a lane off, and the thread that reads it.
#[derive(Debug)]
pub(super) struct Lane {
    pub(super) cutter: Arc<dyn Cut>,
    pub(super) reader: JoinHandle<()>,
}

/// What a new lane is begun with.
pub(super) struct Beginning {
    pub(super) queue: Arc<Queue>,
    /// To be waited for before anything is read.
    pub(super) previous: Option<JoinHandle<()>>,
    /// To be kept until the reader ends.
    pub(super) counted: Arc<()>,
}

/// The most lanes of a session that are still read.
const MAX_READERS: usize = 4;

impl Sessions {
    pub(super) fn open(&self, label: String, peer: Peer, control: Socket) -> Arc<Session> {
        let id = SessionId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let (peer, control) = (Arc::new(peer), Arc::new(control));
        let session = Arc::new(Session {
            caller: Caller::new(id, label, peer.pid()),
            replies: Replies::new(id, Arc::clone(&control)),
            peer,
            one_way_held: Outbox::on(Arc::clone(&control), MAX_UNDER_WAY, |numbers| {
                codec::encode(&Notice::Held(numbers))
            }),
            one_way_done: Outbox::on(Arc::clone(&control), MAX_UNDER_WAY, |numbers| {
                codec::encode(&Notice::Done(numbers))
            }),
            control,
            pipes: Pipes::default(),
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

    /// Reads what all clients have sent one-way up to now.
    pub(super) fn close_lanes(&self) {
        for session in self.list() {
            session.close_lane();
        }
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
    /// Has a connection begun, under a number of its own, unless there are enough of its kind. It cannot report its end before it is known
    /// here.
    pub(super) fn add_connection(
        &self,
        role: Role,
        begin: impl FnOnce(u64) -> Option<Arc<dyn Cut>>,
    ) {
        let mut connections = self.connections();
        let most = if role == Role::Pipe {
            // Threads of those that a client has just closed may not have noticed.
            2 * MAX_PIPES
        } else {
            MAX_CONNECTIONS
        };
        let alike = connections.open.values().filter(|open| open.0 == role);
        if alike.count() >= most {
            return;
        }
        connections.last += 1;
        let number = connections.last;
        if let Some(cutter) = begin(number) {
            connections.open.insert(number, (role, cutter));
        }
    }

    pub(super) fn remove_connection(&self, number: u64) {
        self.connections().open.remove(&number);
    }

    /// Has a lane begun in the place of the one before, into the queue of the session, which is opened with the first. A client whose
    /// lane cannot be begun finds it closed.
    pub(super) fn add_lane(&self, begin: impl FnOnce(Beginning) -> Option<Lane>) {
        let mut lanes = self.lanes();
        if lanes.closed || Arc::strong_count(&lanes.readers) > MAX_READERS {
            return;
        }
        if lanes.queue.is_none() {
            lanes.queue = Queue::open().ok();
        }
        let Some(queue) = lanes.queue.clone() else {
            return;
        };
        let previous = lanes.newest.take().map(|lane| {
            lane.cutter.cut();
            lane.reader
        });
        lanes.newest = begin(Beginning {
            queue,
            previous,
            counted: Arc::clone(&lanes.readers),
        });
    }

    /// Reads what the client has sent one-way up to now, so that it runs; no more is taken.
    pub(super) fn close_lane(&self) {
        let mut lanes = self.lanes();
        lanes.closed = true;
        let (queue, newest) = (lanes.queue.clone(), lanes.newest.take());
        drop(lanes);
        if let Some(queue) = queue {
            queue.lift_limit();
        }
        if let Some(Lane { cutter, reader }) = newest {
            // What is in the socket already is still read.
            cutter.cut();
            // A reader that panicked has read what it could.
            let _ = reader.join();
        }
    }

    /// Gives back everything the session held. Its running methods go on; nobody gets their answers. One-way calls that the client
    /// had sent run, and those it wanted a reply to do not; what is to be done at the end of the session is done after them.
    pub(super) fn end(&self) {
        // First: a one-way call may wait for an object that a method holds which waits to be cancelled.
        self.caller.gone.cancel();
        for (_, connection) in self.connections().open.values() {
            connection.cut();
        }
        self.replies.end();
        self.close_lane();
        self.control.cut();
        REGISTRY.end_session(self.caller.session);
        SESSIONS.table().remove(&self.caller.session);
        let caller = Arc::clone(&self.caller);
        let queue = self.lanes().queue.take();
        match queue {
            Some(queue) => queue.close(move || caller.end()),
            None => caller.end(),
        }
    }

    #[cfg(test)]
    pub(super) fn open_connections(&self) -> usize {
        self.connections().open.len()
    }

    fn lanes(&self) -> MutexGuard<'_, Lanes> {
        self.lanes.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        let connections = self.connections.lock();
        connections.unwrap_or_else(PoisonError::into_inner)
    }
}
