//! Leases on their way back. Dropping a handle only notes it; the background thread sends what has gathered.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;

use crate::codec;
use crate::message::Control;
use crate::os::{Deadline, Next, SendError, Socket, Watch, forked, run_in_background};
use crate::transport::FRAMES;

/// So many fit into one message on the control socket, whatever their numbers.
const BATCH: usize = 500;

/// What one session has still to give back. Keeps the control socket open until it has.
#[derive(Debug)]
pub(super) struct Releases {
    control: Arc<Socket>,
    pending: Mutex<Pending>,
}

#[derive(Debug, Default)]
struct Pending {
    /// Objects, and how many leases of each.
    leases: Vec<(u64, u64)>,
    /// Whether the background thread has been told.
    sending: bool,
}

impl Releases {
    pub(super) fn on(control: Arc<Socket>) -> Arc<Self> {
        Arc::new(Self {
            control,
            pending: Mutex::default(),
        })
    }

    /// Gives `count` leases of `object` back, soon. Never waits, and never fails: a server that cannot be told has ended, or
    /// ends this session.
    pub(super) fn release(self: &Arc<Self>, object: u64, count: u64) {
        if forked() {
            return;
        }
        let mut pending = self.pending.lock().unwrap_or_else(PoisonError::into_inner);
        pending.leases.push((object, count));
        if !std::mem::replace(&mut pending.sending, true) {
            drop(pending);
            run_in_background(Box::new(Send(Arc::clone(self))));
        }
    }
}

struct Send(Arc<Releases>);

impl Watch for Send {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![(self.0.control.as_fd(), PollFlags::OUT)]
    }

    fn ready(&mut self) -> Next {
        let mut pending = self
            .0
            .pending
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        let start = pending.leases.len().saturating_sub(BATCH);
        let batch = pending.leases[start..].to_vec();
        let Ok(message) = codec::encode(&Control::Release(batch)) else {
            return Next::Done;
        };
        match self
            .0
            .control
            .send(&message, &[], Deadline::after(Some(Duration::ZERO)))
        {
            Ok(()) => {
                FRAMES.count_sent();
                pending.leases.truncate(start);
            }
            Err(SendError::Full) => return Next::Wait,
            // The session has ended, and all its leases with it.
            Err(SendError::Closed | SendError::Io(_)) => pending.leases.clear(),
        }
        pending.sending = !pending.leases.is_empty();
        if pending.sending {
            Next::Wait
        } else {
            Next::Done
        }
    }
}
