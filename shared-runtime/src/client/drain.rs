//! Connections whose caller has given up: kept until the server lets go of them, so that nothing on them is lost.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;

use rustix::event::PollFlags;

use super::control::Releases;
use super::pool::Pooled;
use crate::codec;
use crate::message::{Claim, Reply};
use crate::os::{Deadline, Next, Peer, Watch, run_in_background};
use crate::transport::Broken;

/// Closes our half, which tells the server that nobody waits, and hands the rest to the background thread.
///
/// The server may be stopped in the middle of taking over the handles in the request, and a late reply may carry leases
/// for us. So `pins` live until the server closes its half or dies, and leases that still arrive are given back.
pub(super) fn abandon<P: Send + 'static>(
    mut pooled: Pooled,
    releases: Arc<Releases>,
    peer: Arc<Peer>,
    pins: P,
) {
    pooled.connection.close_sending();
    run_in_background(Box::new(Drain {
        pooled,
        releases,
        peer,
        _pins: pins,
    }));
}

struct Drain<P> {
    pooled: Pooled,
    releases: Arc<Releases>,
    peer: Arc<Peer>,
    _pins: P,
}

impl<P: Send> Watch for Drain<P> {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![
            (self.pooled.connection.readable(), PollFlags::IN),
            (self.peer.as_fd(), PollFlags::IN),
        ]
    }

    /// A piece that is not the last of its frame cannot be acknowledged on a half-closed connection: the server breaks the frame
    /// off and takes its leases back. A last piece may still come, and completes what the caller had received.
    fn ready(&mut self) -> Next {
        match self.pooled.connection.receive(usize::MAX, Deadline::NEVER) {
            Ok(frame) => {
                if let Ok((reply, _)) = codec::decode_head::<Reply>(&frame) {
                    self.give_back(&reply);
                }
                Next::Wait
            }
            Err(Broken::TimedOut) => Next::Wait,
            Err(_) => Next::Done,
        }
    }
}

impl<P> Drain<P> {
    fn give_back(&self, reply: &Reply) {
        for claim in &reply.handles.claims {
            if let Claim::Granted { object } = claim {
                self.releases.post((*object, 1));
            }
        }
    }
}
