//! The way from every process of a tree to its root: one socket that all of them write to and the root reads, a file with the levels that
//! the root wants, and a bell that rings when they change. Each process hands it on to those that it starts, so nobody relays for others.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::OnceLock;

use rustix::event::{EventfdFlags, eventfd};
use rustix::fs::{MemfdFlags, memfd_create};

use crate::os::Socket;

/// What a process gets of it, in this order.
pub(crate) const DESCRIPTORS: usize = 3;

/// As a process below the root has it, and as the root hands it on.
#[derive(Debug)]
pub(super) struct Line {
    /// Keeps the borders of messages, so that many may write to it.
    pub(super) records: Socket,
    /// Two bytes: see `levels`.
    pub(super) levels: OwnedFd,
    /// Counted up and never read: who watches it by its edges hears of each change.
    pub(super) bell: OwnedFd,
}

static LINE: OnceLock<Line> = OnceLock::new();

/// That of this process, if it has one yet.
pub(super) fn line() -> Option<&'static Line> {
    LINE.get()
}

/// Sets that of this process, once.
pub(super) fn set(line: Line) -> Option<&'static Line> {
    LINE.set(line).ok().and_then(|()| LINE.get())
}

impl Line {
    /// A new one, and the end of it that the root reads.
    pub(super) fn make() -> std::io::Result<(Self, Socket)> {
        let (read, records) = Socket::pair()?;
        // Its own side alone: those who write wait where they must.
        rustix::io::ioctl_fionbio(&read, true)?;
        let line = Self {
            records,
            levels: memfd_create("shared-levels", MemfdFlags::CLOEXEC)?,
            bell: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)?,
        };
        Ok((line, read))
    }

    /// The one that this process's owner handed on.
    pub(super) fn inherited([records, levels, bell]: [OwnedFd; DESCRIPTORS]) -> Self {
        Self {
            records: Socket::from(records),
            levels,
            bell,
        }
    }

    pub(super) fn descriptors(&self) -> [BorrowedFd<'_>; DESCRIPTORS] {
        [self.records.as_fd(), self.levels.as_fd(), self.bell.as_fd()]
    }
}
