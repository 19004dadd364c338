//! Small notes that gather, and that the background thread sends on a control socket: whoever leaves one never waits.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;

use crate::error::Error;
use crate::os::{BACKGROUND, Cut, Deadline, Next, SendError, Socket, Watch, forked};
use crate::transport::FRAMES;

/// So many fit into one message, whatever their numbers.
const BATCH: usize = 500;

/// What is still to be sent on one control socket. Keeps the socket open until it has been.
#[derive(Debug)]
pub(crate) struct Outbox<S: 'static, N: 'static> {
    socket: Arc<S>,
    /// The message that says all of these notes.
    message: fn(Vec<N>) -> Result<Vec<u8>, Error>,
    /// With more than so many that cannot be sent, the peer is not one of ours.
    most: usize,
    pending: Mutex<Pending<N>>,
}

#[derive(Debug)]
struct Pending<N> {
    /// In the order in which they came.
    notes: VecDeque<N>,
    /// Whether the background thread has been told.
    sending: bool,
}

impl<S, N> Outbox<S, N>
where
    S: AsRef<Socket> + Send + Sync,
    N: Clone + Send,
{
    pub(crate) fn on(
        socket: Arc<S>,
        most: usize,
        message: fn(Vec<N>) -> Result<Vec<u8>, Error>,
    ) -> Arc<Self> {
        let pending = Pending {
            notes: VecDeque::new(),
            sending: false,
        };
        Arc::new(Self {
            socket,
            message,
            most,
            pending: Mutex::new(pending),
        })
    }

    /// Sends `note`, soon. Never waits, and never fails: a peer that cannot be told has ended, or ends the session.
    pub(crate) fn post(self: &Arc<Self>, note: N) {
        if forked() {
            return;
        }
        let mut pending = self.pending();
        pending.notes.push_back(note);
        if pending.notes.len() > self.most {
            (*self.socket).as_ref().cut();
            pending.notes.clear();
        }
        if !std::mem::replace(&mut pending.sending, true) {
            drop(pending);
            // Without a background thread, the next note tries again.
            let sending = BACKGROUND.run(Box::new(Sending(Arc::clone(self))));
            self.pending().sending &= sending;
        }
    }

    fn send_some(&self) -> Next {
        let mut pending = self.pending();
        let count = pending.notes.len().min(BATCH);
        let batch = pending.notes.range(..count).cloned().collect();
        let now = Deadline::after(Some(Duration::ZERO));
        let sent =
            (self.message)(batch).map_err(|error| SendError::Io(std::io::Error::other(error)));
        // Before: whoever receives it may look at the count at once.
        FRAMES.count();
        match sent.and_then(|message| (*self.socket).as_ref().send(&message, &[], now)) {
            Ok(()) => drop(pending.notes.drain(..count)),
            Err(SendError::Full) => return Next::Wait,
            // The session has ended, and with it all that could be said; or it ends now, since something is lost.
            Err(SendError::Closed | SendError::Io(_)) => {
                (*self.socket).as_ref().cut();
                pending.notes.clear();
            }
        }
        pending.sending = !pending.notes.is_empty();
        if pending.sending {
            Next::Wait
        } else {
            Next::Done
        }
    }

    fn pending(&self) -> MutexGuard<'_, Pending<N>> {
        self.pending.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// An outbox with something in it.
struct Sending<S: 'static, N: 'static>(Arc<Outbox<S, N>>);

impl<S, N> Watch for Sending<S, N>
where
    S: AsRef<Socket> + Send + Sync,
    N: Clone + Send,
{
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![((*self.0.socket).as_ref().as_fd(), PollFlags::OUT)]
    }

    fn ready(&mut self) -> Next {
        self.0.send_some()
    }
}
