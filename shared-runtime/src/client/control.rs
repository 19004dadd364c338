//! The control socket of a session at its client: releases and acknowledgements go out on it, news of one-way calls come in.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rustix::event::PollFlags;

use crate::codec;
use crate::message::{CONTROL_LIMIT, Notice};
use crate::order::Outstanding;
use crate::os::{BACKGROUND, Cut, Deadline, Next, Peer, Socket, Watch, forked, wait};
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

    /// Has the background thread tell `calls` which of them have run, and `openings` which of them were refused, until the session or
    /// its server ends.
    pub(super) fn listen(
        &self,
        calls: &Arc<Outstanding>,
        openings: &Arc<Openings>,
        peer: Arc<Peer>,
    ) -> io::Result<()> {
        let news = News {
            socket: self.copy()?,
            peer,
            calls: Arc::clone(calls),
            openings: Arc::clone(openings),
        };
        if BACKGROUND.run(Box::new(news)) {
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

/// The connections that a session has opened, by number: those that the server must refuse by word.
#[derive(Debug, Default)]
pub(super) struct Openings(Mutex<Opened>);

#[derive(Debug, Default)]
struct Opened {
    last: u64,
    open: Vec<(u64, Weak<dyn Cut>)>,
}

impl Openings {
    /// The number of a new connection.
    pub(super) fn add(&self, orphan: Option<Weak<dyn Cut>>) -> u64 {
        let mut opened = self.opened();
        opened.last += 1;
        let number = opened.last;
        opened.open.retain(|(_, orphan)| orphan.strong_count() > 0);
        opened.open.extend(orphan.map(|orphan| (number, orphan)));
        number
    }

    fn refused(&self, number: u64) {
        let opened = self.opened();
        let refused = opened.open.iter().find(|(other, _)| *other == number);
        let refused = refused.and_then(|(_, orphan)| orphan.upgrade());
        drop(opened);
        if let Some(refused) = refused {
            refused.cut();
        }
    }

    fn opened(&self) -> MutexGuard<'_, Opened> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What a server says on its own, of one-way calls and of connections.
struct News {
    openings: Arc<Openings>,
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
            Some(Notice::Refused(number)) => {
                self.openings.refused(number);
                Next::Wait
            }
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
