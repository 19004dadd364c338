//! Carriers of frames. A transport knows neither messages nor calls: bytes go in on one side and come out on the other,
//! whole and in order, or the connection is broken.

mod bridge;
mod channel;
mod packet;

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

pub(crate) use channel::Channel;

use crate::os::{Deadline, Peer};

/// One end of a connection.
pub(crate) trait Connection: Send {
    /// Sends `head` and `body` as one frame. An error means that the other side will not get it.
    fn send(&mut self, head: &[u8], body: &[u8], deadline: Deadline) -> Result<(), Broken>;

    /// The next frame, of at most `limit` bytes. The peer's death ends the wait even where the connection stays open in
    /// a process it forked; what it had sent before is delivered first.
    fn receive(&mut self, limit: usize, deadline: Deadline) -> Result<Vec<u8>, Broken>;

    /// Says that no more frames will be sent: the other side's `receive` ends with `Closed`. Receiving goes on.
    fn close_sending(&mut self);

    /// Becomes readable when `receive` would find something.
    fn readable(&self) -> BorrowedFd<'_>;

    /// What ends this connection from another thread.
    fn cutter(&self) -> io::Result<OwnedFd>;
}

/// A way of making connections. The side that offers sends the descriptors to the side that accepts.
pub(crate) trait Transport {
    fn offer(&self, peer: Arc<Peer>) -> io::Result<(Box<dyn Connection>, Vec<OwnedFd>)>;

    fn accept(&self, fds: Vec<OwnedFd>, peer: Arc<Peer>) -> io::Result<Box<dyn Connection>>;
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
    sent: AtomicU64::new(0),
    received: AtomicU64::new(0),
};

#[derive(Debug)]
pub(crate) struct Frames {
    sent: AtomicU64,
    received: AtomicU64,
}

impl Frames {
    pub(crate) fn count_sent(&self) {
        self.sent.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_received(&self) {
        self.received.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn total(&self) -> u64 {
        self.sent.load(Ordering::Relaxed) + self.received.load(Ordering::Relaxed)
    }
}
