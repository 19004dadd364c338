//! What every carrier makes: a connection, whole frames in order, or none any more.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};

use crate::os::{Cut, Deadline};

/// One end of a connection.
pub(crate) trait Connection: Send {
    /// Sends `head` and `body` as one frame, which is not empty. An error means that the other side will not get it.
    fn send(&mut self, head: &[u8], body: &[u8], deadline: Deadline) -> Result<(), Broken>;

    /// Sends `first` and `bytes` as a part of a frame, which the next [`send`](Self::send) ends.
    fn send_part(&mut self, first: &[u8], bytes: &[u8], deadline: Deadline) -> Result<(), Broken>;

    /// Puts the next frame, of at most `limit` bytes, into `frame` in the place of what it held. The peer's death ends the wait even where the
    /// connection stays open in a process it forked; what it had sent before is delivered first.
    fn receive(
        &mut self,
        frame: &mut Vec<u8>,
        limit: usize,
        deadline: Deadline,
    ) -> Result<(), Broken>;

    /// Says that no more frames will be sent: the other side's `receive` ends with `Closed`. Receiving goes on.
    fn close_sending(&mut self);

    /// It will not be used for a while: what it can do without it gives back.
    fn rest(&mut self) {}

    /// What must be cut where the other side says by other means that it has no end of this: the carrier does not notice by itself.
    fn orphan(&self) -> Option<Weak<dyn Cut>> {
        None
    }

    /// What ends this connection from another thread.
    fn cutter(&self) -> io::Result<Arc<dyn Cut>>;
}

/// The one descriptor that a connection is made of.
pub(super) fn only(mut fds: Vec<OwnedFd>) -> io::Result<OwnedFd> {
    match (fds.pop(), fds.is_empty()) {
        (Some(fd), true) => Ok(fd),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "a connection is made of one descriptor",
        )),
    }
}

/// Why a frame was not sent or did not come.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The other side has closed, or its process has ended.
    Closed,
    TimedOut,
    /// The frame exceeds the limit of the receiver.
    TooLarge {
        size: usize,
    },
    /// What arrived is not a frame.
    Corrupt(String),
    Io(io::Error),
}

impl From<io::Error> for Broken {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// Frames this process has sent and received over all its connections, for tests that count round trips.
pub(crate) static FRAMES: Frames = Frames {
    counting: AtomicBool::new(false),
    frames: AtomicU64::new(0),
};

#[derive(Debug)]
pub(crate) struct Frames {
    counting: AtomicBool,
    frames: AtomicU64,
}

impl Frames {
    #[inline]
    pub(crate) fn count(&self) {
        if self.counting.load(Ordering::Relaxed) {
            self.frames.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// So many since this was first asked: the first answer is zero.
    pub(crate) fn total(&self) -> u64 {
        self.counting.store(true, Ordering::Relaxed);
        self.frames.load(Ordering::Relaxed)
    }
}
