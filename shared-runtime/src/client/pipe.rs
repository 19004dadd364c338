//! A connection on which calls are on their way at the same time: the server runs them one after the other, and replies in the same order.

use std::sync::Arc;

use super::exchange::Calling;
use super::pool::{Lent, Pooled};
use super::session::Session;
use crate::codec::spare;
use crate::error::{Error, Executed};
use crate::message::{After, Handles, Reply, number_in_pipe};
use crate::os::Deadline;
use crate::transport::Broken;

/// The most bytes of arguments, and of what is said of them, which is much where they have many handles: a frame of these is sent whole or
/// not at all.
const LARGEST: usize = 8 << 10;

/// A pipe out of those of its session, back among them when this is dropped.
#[derive(Debug)]
pub(crate) struct Pipe {
    session: Arc<Session>,
    lent: Lent,
    /// How many of its calls have no reply yet.
    unanswered: u64,
}

/// Why a call was not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotPosted {
    /// There is none at the moment.
    NoRoom,
    /// It is none for a pipe, or the pipe none for any call.
    Never,
}

/// A reply as it came.
pub(crate) struct Piped {
    /// By which the handles of the reply are confirmed.
    pub(crate) number: u64,
    /// None for a value without handles.
    pub(crate) reply: Option<Box<Reply>>,
    pub(crate) frame: Vec<u8>,
    pub(crate) body_at: usize,
}

impl Pipe {
    /// Without waiting: `None` if there is none to be had.
    pub(crate) fn to(session: &Arc<Session>) -> Option<Self> {
        Some(Self {
            lent: session.borrow_pipe()?,
            session: Arc::clone(session),
            unanswered: 0,
        })
    }

    pub(crate) fn session(&self) -> &Arc<Session> {
        &self.session
    }

    /// Sends a call, at once or not at all; not if it is `full`. What comes after it says what is returned.
    #[inline]
    pub(crate) fn post(
        &mut self,
        mut calling: Calling,
        handles: Option<Box<Handles>>,
        body: &[u8],
        full: bool,
    ) -> Result<After, NotPosted> {
        let Pooled { head, .. } = self.lent.get();
        let written = calling.write(handles, false, head);
        let size = head.len() + body.len();
        let is_large = head.len().max(body.len()) > LARGEST;
        if written.is_err() || is_large || size > self.session.welcome.max_message {
            return Err(NotPosted::Never);
        }
        self.post_again(body, full)
    }

    /// Tries once more what has found no room.
    #[inline]
    pub(crate) fn post_again(&mut self, body: &[u8], full: bool) -> Result<After, NotPosted> {
        if full {
            return Err(NotPosted::NoRoom);
        }
        let Pooled {
            connection,
            head,
            number,
            calls,
            ..
        } = self.lent.get();
        match connection.send(head, body, Deadline::now()) {
            Ok(()) => {
                *calls += 1;
                self.unanswered += 1;
                Ok(After {
                    pipe: *number,
                    calls: *calls,
                })
            }
            Err(Broken::TimedOut) => Err(NotPosted::NoRoom),
            Err(_) => Err(NotPosted::Never),
        }
    }

    /// Receives the next reply.
    #[inline]
    pub(crate) fn receive(&mut self, deadline: Deadline) -> Result<Piped, Broken> {
        let Pooled {
            connection,
            frame,
            number,
            calls,
            ..
        } = self.lent.get();
        if frame.capacity() == 0 {
            *frame = spare::take();
        }
        connection.receive(frame, self.session.reply_limit(), deadline)?;
        let read = Reply::read_any(frame);
        let (reply, body_at) = read.map_err(|error| Broken::Corrupt(error.to_string()))?;
        let number = number_in_pipe(*number, *calls + 1 - self.unanswered);
        self.unanswered -= 1;
        Ok(Piped {
            number,
            reply,
            frame: std::mem::take(frame),
            body_at,
        })
    }

    /// Closes it, since it has broken; says what that means for its calls.
    #[cold]
    pub(crate) fn end(self, broken: Broken) -> Error {
        let lost = self.session.lost(broken).in_process(self.session.label());
        lost.ran(Executed::Maybe)
    }
}

impl Drop for Pipe {
    /// What is still to come would be taken for the replies to later calls: it closes, as after half a frame.
    fn drop(&mut self) {
        self.lent.get().is_half_sent |= self.unanswered > 0;
    }
}
