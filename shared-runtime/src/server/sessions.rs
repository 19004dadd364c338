//! The clients of this server, and the end of all they held.

use std::collections::BTreeMap;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::object::{Cancel, REGISTRY, SessionId};
use crate::os::{Peer, Socket};

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
    pub(super) id: SessionId,
    /// `name (pid 123)`.
    pub(super) label: String,
    pub(super) cancel: Cancel,
    pub(super) peer: Arc<Peer>,
    pub(super) control: Socket,
    connections: Mutex<Connections>,
}

#[derive(Debug, Default)]
struct Connections {
    last: u64,
    /// What cuts each of them off, by number.
    open: BTreeMap<u64, Socket>,
}

impl Sessions {
    pub(super) fn open(&self, label: String, peer: Peer, control: Socket) -> Arc<Session> {
        let id = SessionId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let session = Arc::new(Session {
            id,
            label,
            cancel: Cancel::default(),
            peer: Arc::new(peer),
            control,
            connections: Mutex::default(),
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
            session.control.cut();
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

    /// Gives back everything the session held. Its running methods go on; nobody gets their answers.
    pub(super) fn end(&self) {
        self.cancel.cancel();
        for connection in self.connections().open.values() {
            connection.cut();
        }
        REGISTRY.end_session(self.id);
        SESSIONS.table().remove(&self.id);
    }

    fn connections(&self) -> MutexGuard<'_, Connections> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}
