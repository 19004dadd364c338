//! The connections of one session: a call borrows one for its length.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use crate::message::MAX_CONNECTIONS;
use crate::transport::Connection;

/// The most connections kept open for the next call.
const MAX_IDLE: usize = 16;

#[derive(Default)]
pub(super) struct Pool {
    idle: Mutex<Vec<Pooled>>,
    /// Idle, lent, or draining.
    open: Arc<AtomicUsize>,
}

/// A connection, counted from before it is made until after it is closed.
pub(super) struct Pooled {
    pub(super) connection: Box<dyn Connection>,
    _place: Place,
}

/// Room for one connection.
pub(super) struct Place(Arc<AtomicUsize>);

impl Pool {
    /// The connection that was used last, whose thread at the server is the likeliest to be awake.
    pub(super) fn take_idle(&self) -> Option<Pooled> {
        self.idle
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    /// Room for one more; `None` if there is none.
    pub(super) fn place(&self) -> Option<Place> {
        let place = Place(Arc::clone(&self.open));
        let others = self.open.fetch_add(1, Ordering::Relaxed);
        (others < MAX_CONNECTIONS).then_some(place)
    }

    /// A connection with nothing left to be read: free for the next call, or closed if enough others are.
    pub(super) fn give_back(&self, connection: Pooled) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        if idle.len() < MAX_IDLE {
            idle.push(connection);
        }
    }
}

impl Place {
    pub(super) fn taken_by(self, connection: Box<dyn Connection>) -> Pooled {
        Pooled {
            connection,
            _place: self,
        }
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}
