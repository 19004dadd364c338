//! Which threads of a process have locked a range of a file: to the kernel all of them are one, since they share an open file.

use std::os::fd::BorrowedFd;
use std::thread::{self, ThreadId};

use super::record::{Change, Range, change};
use crate::error::Error;

/// How a range is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Shared,
    Exclusive,
}

/// Those who have locked a range: readers, or one writer.
#[derive(Debug)]
pub(super) struct Users {
    range: Range,
    readers: usize,
    writer: Option<ThreadId>,
}

impl Users {
    pub(super) const fn of(range: Range) -> Self {
        Self {
            range,
            readers: 0,
            writer: None,
        }
    }

    /// Locks the range for this thread, if neither the others of this process nor the kernel have anything against it.
    pub(super) fn enter(&mut self, file: BorrowedFd<'_>, access: Access) -> Result<bool, Error> {
        let in_the_way = match access {
            Access::Shared => self.writer.is_some(),
            Access::Exclusive => self.writer.is_some() || self.readers > 0,
        };
        if in_the_way || !change(file, access.change(), self.range)? {
            return Ok(false);
        }
        match access {
            Access::Shared => self.readers += 1,
            Access::Exclusive => self.writer = Some(thread::current().id()),
        }
        Ok(true)
    }

    /// Gives back what this thread has entered.
    pub(super) fn leave(&mut self, file: BorrowedFd<'_>, access: Access) {
        match access {
            Access::Shared => self.readers -= 1,
            Access::Exclusive => self.writer = None,
        }
        if self.readers == 0 {
            // It could only fail for want of memory to split a lock in two, and none is split.
            let _ = change(file, Change::Release, self.range);
        }
    }

    /// Whether this thread is the writer.
    pub(super) fn is_written_here(&self) -> bool {
        self.writer == Some(thread::current().id())
    }
}

impl Access {
    fn change(self) -> Change {
        match self {
            Self::Shared => Change::Share,
            Self::Exclusive => Change::Exclude,
        }
    }
}
