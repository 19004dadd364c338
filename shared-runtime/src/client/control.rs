//! The control socket of a session at its client: releases and acknowledgements go out on it, news of one-way calls come in.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;

use crate::codec;
use crate::message::{CONTROL_LIMIT, Notice};
use crate::order::Outstanding;
use crate::os::{Deadline, Next, Peer, Socket, Watch, forked, run_in_background, wait};
use crate::outbox::Outbox;

/// Leases on their way back: objects, and how many leases of each.
pub(super) type Releases = Outbox<Control, (u64, u64)>;

/// The calls of the lane whose replies' handles have been taken.
pub(super) type Taken = Outbox<Control, u64>;

/// The session ends when the last owner of this goes, whoever else has a copy of the descriptor.
#[derive(Debug)]
pub(super) struct Control(Socket);

impl Control {
    pub(super) fn over(socket: Socket) -> Arc<Self> {
        Arc::new(Self(socket))
    }

    /// Whether the server has ended the session.
    pub(super) fn is_closed(&self) -> bool {
        is_ready(&self.0, PollFlags::RDHUP)
    }

    /// The same socket, without a say about its end.
    pub(super) fn copy(&self) -> io::Result<Socket> {
        Ok(Socket::from(self.0.as_fd().try_clone_to_owned()?))
    }

    /// Has the background thread tell `calls` which of them have run, until the session or its server ends.
    pub(super) fn watch_for(&self, calls: &Arc<Outstanding>, peer: Arc<Peer>) -> io::Result<()> {
        let news = News {
            socket: self.copy()?,
            peer,
            calls: Arc::clone(calls),
        };
        if run_in_background(Box::new(news)) {
            Ok(())
        } else {
            Err(io::Error::other("there is no background thread"))
        }
    }
}

impl AsRef<Socket> for Control {
    fn as_ref(&self) -> &Socket {
        &self.0
    }
}

impl Drop for Control {
    /// A copy in a forked process leaves the socket as it is: the session is its parent's.
    fn drop(&mut self) {
        if !forked() {
            self.0.cut();
        }
    }
}

/// What a server says of the one-way calls of this process.
struct News {
    socket: Socket,
    peer: Arc<Peer>,
    calls: Arc<Outstanding>,
}

impl Watch for News {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![
            (self.socket.as_fd(), PollFlags::IN),
            (self.peer.as_fd(), PollFlags::IN),
        ]
    }

    fn ready(&mut self) -> Next {
        // If only the process has ended there is nothing to receive, though a fork of it may hold the socket open.
        let message = if is_ready(&self.socket, PollFlags::IN) {
            self.socket.receive(CONTROL_LIMIT).ok().flatten()
        } else {
            None
        };
        match message.and_then(|message| codec::decode(&message.bytes).ok()) {
            Some(Notice::Held(numbers)) => {
                self.calls.held(&numbers);
                Next::Wait
            }
            Some(Notice::Done(numbers)) => {
                self.calls.end(&numbers);
                Next::Wait
            }
            // The session has ended, or says what cannot be understood, and then nothing after it can be either.
            None => {
                self.calls.end_all();
                Next::Done
            }
        }
    }
}

fn is_ready(socket: &Socket, flags: PollFlags) -> bool {
    let now = Deadline::after(Some(Duration::ZERO));
    matches!(wait(&[(socket.as_fd(), flags)], now), Ok(Some(_)))
}
