//! The replies to the calls of a lane, as they come: the background thread receives them and hands each to its call. No user code runs
//! here: a reply is decoded by whoever waits for it.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;

use super::outgoing::{Outgoing, Replied};
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::message::LaneReply;
use crate::os::{Deadline, Next, Peer, Socket, Watch, process_label};
use crate::transport::{Broken, Connection};

/// How long after the connection broke the end of the server's process may take to show.
const END_PATIENCE: Duration = Duration::from_millis(50);

/// So many replies are handed over before the background thread looks at its other duties.
const BATCH: usize = 64;

pub(super) struct Replies {
    pub(super) carrier: Carrier,
    pub(super) peer: Arc<Peer>,
    /// What the server is called.
    pub(super) name: String,
    /// The most bytes of a reply.
    pub(super) limit: usize,
    pub(super) outgoing: Arc<Outgoing>,
    /// A copy of the control socket: a session without replies is of no use.
    pub(super) control: Socket,
}

/// What replies come on.
pub(super) enum Carrier {
    Open(Box<dyn Connection>),
    /// Until this moment the process may still be seen to end, which says why.
    Closed(Deadline),
}

impl Watch for Replies {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let mut fds = vec![(self.peer.as_fd(), PollFlags::IN)];
        if let Carrier::Open(connection) = &self.carrier {
            fds.push((connection.readable(), PollFlags::IN));
        }
        fds
    }

    fn deadline(&self) -> Deadline {
        match self.carrier {
            Carrier::Open(_) => Deadline::NEVER,
            Carrier::Closed(patience) => patience,
        }
    }

    fn ready(&mut self) -> Next {
        let Carrier::Open(connection) = &mut self.carrier else {
            self.outgoing.end_all(&self.disconnected());
            return Next::Done;
        };
        match receive_some(&mut **connection, self.limit, &self.outgoing) {
            Broken::TimedOut => Next::Wait,
            Broken::Closed => {
                self.carrier = Carrier::Closed(Deadline::after(Some(END_PATIENCE)));
                Next::Wait
            }
            broken => {
                self.control.cut();
                self.outgoing.end_all(&self.corrupt(&broken));
                Next::Done
            }
        }
    }
}

/// Until nothing more is there at the moment, or ever.
fn receive_some(connection: &mut dyn Connection, limit: usize, outgoing: &Arc<Outgoing>) -> Broken {
    let now = Deadline::after(Some(Duration::ZERO));
    for _ in 0..BATCH {
        let frame = match connection.receive(limit, now) {
            Ok(frame) => frame,
            Err(broken) => return broken,
        };
        if let Err(error) = hand_over(frame, outgoing) {
            return Broken::Corrupt(error.to_string());
        }
    }
    Broken::TimedOut
}

/// A number that no call has is that of none of ours: nothing follows from it.
fn hand_over(frame: Vec<u8>, outgoing: &Outgoing) -> Result<(), Error> {
    let (LaneReply { number, reply }, body) = codec::decode_head(&frame)?;
    let body_at = frame.len() - body.len();
    if let Some((call, room)) = outgoing.end(number) {
        call.answered(Ok(Replied::new(number, reply, frame, body_at, room)));
    }
    Ok(())
}

impl Replies {
    fn disconnected(&self) -> Error {
        let status = self.peer.exit_status(Duration::ZERO);
        let text = match status {
            Some(status) => format!("the server {} has ended: {status}", self.name),
            None => format!("the server {} has ended or closed the session", self.name),
        };
        Error::new(ErrorKind::Disconnected, text)
            .with_exit(status)
            .in_process(process_label(&self.name, self.peer.pid()))
    }

    fn corrupt(&self, broken: &Broken) -> Error {
        let text = match broken {
            Broken::TooLarge { size } => format!("a reply of {size} bytes from {}", self.name),
            Broken::Corrupt(what) => format!("the replies of {} carried {what}", self.name),
            other => format!(
                "the connection for the replies of {} failed: {other:?}",
                self.name
            ),
        };
        Error::new(ErrorKind::Disconnected, text)
            .in_process(process_label(&self.name, self.peer.pid()))
    }
}
