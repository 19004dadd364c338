//! The replies to the calls of a lane, as they come: a thread of the session receives them and hands each to its call. No user code runs
//! here but wakers: a reply is decoded by whoever waits for it.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use super::outgoing::{Outgoing, Replied, Value};
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::message::LaneReply;
use crate::os::{Cut, Deadline, Peer, Socket, process_label};
use crate::transport::{Broken, Connection};

/// How long after the connection broke the end of the server's process may take to show.
const END_PATIENCE: Duration = Duration::from_millis(50);

pub(super) struct Replies {
    pub(super) connection: Box<dyn Connection>,
    pub(super) peer: Arc<Peer>,
    /// What the server is called.
    pub(super) name: String,
    /// The most bytes of a reply.
    pub(super) limit: usize,
    pub(super) outgoing: Arc<Outgoing>,
    /// A copy of the control socket: a session without replies is of no use.
    pub(super) control: Socket,
}

impl Replies {
    /// Starts the thread that receives them, until the session ends.
    pub(super) fn listen(self) -> io::Result<()> {
        std::thread::Builder::new()
            .name("shared-replies".into())
            .spawn(move || self.receive_all())
            .map(drop)
    }

    fn receive_all(mut self) {
        let broken = self.receive();
        let error = match broken {
            Broken::Closed => self.disconnected(),
            broken => {
                self.control.cut();
                self.corrupt(&broken)
            }
        };
        self.outgoing.end_all(&error);
    }

    /// Until nothing more will come.
    fn receive(&mut self) -> Broken {
        let mut frame = Vec::new();
        loop {
            if let Err(broken) = self
                .connection
                .receive(&mut frame, self.limit, Deadline::NEVER)
            {
                return broken;
            }
            if let Err(error) = hand_over(std::mem::take(&mut frame), &self.outgoing) {
                return Broken::Corrupt(error.to_string());
            }
        }
    }
}

/// A number that no call has is that of none of ours: nothing follows from it.
fn hand_over(frame: Vec<u8>, outgoing: &Outgoing) -> Result<(), Error> {
    let (LaneReply { number, reply }, body) = codec::decode_head(&frame)?;
    let body_at = frame.len() - body.len();
    if let Some((call, room)) = outgoing.end(number) {
        let value = Value::new(frame, body_at, room);
        call.answered(Ok(Replied {
            number,
            reply,
            value,
        }));
    }
    Ok(())
}

impl Replies {
    fn disconnected(&self) -> Error {
        let status = self.peer.exit_status(END_PATIENCE);
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
