//! Connections whose caller has given up: kept until the server lets go of them, so that nothing on them is lost.

use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;

use super::control::Releases;
use super::pool::Pooled;
use crate::message::{Claim, Reply};
use crate::os::{BACKGROUND, Deadline, Next, Watch};
use crate::transport::Broken;

/// How soon the connection is looked at first, and how seldom at last: the method may go on for hours.
const FIRST: Duration = Duration::from_millis(1);
const SELDOM: Duration = Duration::from_millis(100);

/// Closes our half, which tells the server that nobody waits, and hands the rest to the background thread.
///
/// The server may be stopped in the middle of taking over the handles in the request, and a late reply may carry leases
/// for us. So `pins` live until the server closes its half or dies, and leases that still arrive are given back. A reply of more than
/// `limit` bytes is none of ours: with it, the connection goes.
pub(super) fn abandon<P: Send + 'static>(
    mut pooled: Pooled,
    limit: usize,
    releases: Arc<Releases>,
    pins: P,
) {
    pooled.connection.close_sending();
    BACKGROUND.run(Box::new(Drain {
        pooled,
        limit,
        releases,
        pause: FIRST,
        next: Deadline::after(Some(FIRST)),
        _pins: pins,
    }));
}

struct Drain<P> {
    pooled: Pooled,
    limit: usize,
    releases: Arc<Releases>,
    pause: Duration,
    next: Deadline,
    _pins: P,
}

impl<P: Send> Watch for Drain<P> {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Vec::new()
    }

    fn deadline(&self) -> Deadline {
        self.next
    }

    /// A frame that does not fit into what is on the way already breaks off at the server, which finds our half closed and takes its leases
    /// back. What it had sent whole may still come, and completes what the caller had received.
    fn ready(&mut self) -> Next {
        let Pooled {
            connection, frame, ..
        } = &mut self.pooled;
        let now = Deadline::after(Some(Duration::ZERO));
        match connection.receive(frame, self.limit, now) {
            Ok(()) => {
                if let Ok((reply, _)) = Reply::read(&self.pooled.frame) {
                    self.give_back(&reply);
                }
            }
            Err(Broken::TimedOut) => {
                self.pause = SELDOM.min(2 * self.pause);
                self.next = Deadline::after(Some(self.pause));
            }
            Err(_) => return Next::Done,
        }
        Next::Wait
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

#[cfg(test)]
mod tests {
    use super::super::control::Control;
    use super::super::pool::Pool;
    use super::*;
    use crate::carriage::Carriage;
    use crate::codec;
    use crate::message::Control as Say;
    use crate::os::{Peer, Socket};
    use crate::outbox::Outbox;
    use crate::transport;

    #[test]
    fn a_reply_beyond_the_limit_is_not_waited_for() {
        let itself = Arc::new(Peer::watch(std::process::id()).unwrap());
        let carriage = Carriage::usual().unwrap();
        let (ours, theirs) = transport::offer(carriage, &itself).unwrap();
        let mut theirs = transport::accept(carriage, theirs, &itself).unwrap();
        let (control, _server) = Socket::pair().unwrap();
        let releases = Outbox::on(Control::over(control), 1, |leases| {
            codec::encode(&Say::Release(leases))
        });
        let pool = Pool::of(1);
        let pooled = pool.seat(pool.place().unwrap(), (ours, 1)).take();
        let pins = Arc::new(());
        let kept = Arc::downgrade(&pins);
        abandon(pooled, 1000, releases, pins);
        theirs.send(&[1; 1001], &[], Deadline::NEVER).unwrap();
        // Its own half is still open, so nothing else ends this.
        while kept.strong_count() > 0 {
            std::thread::sleep(FIRST);
        }
    }
}
