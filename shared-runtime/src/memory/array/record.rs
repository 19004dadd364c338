//! Locks of the kernel on a file, of the kind that belongs to an open file and goes with it, however its process ends.
//!
//! CPython's `fcntl.lockf` takes locks of the other kind, which belong to a process; the two kinds wait for each other.

use std::os::fd::{AsRawFd, BorrowedFd, OwnedFd};

use rustix::fs::{Mode, OFlags};

use crate::error::Error;

/// What is locked: from the first byte up to the second, without it. Nothing of the file need be there.
pub(super) type Range = (i64, i64);

#[derive(Clone, Copy, Debug)]
pub(super) enum Change {
    Share,
    Exclude,
    Release,
}

/// The same file, opened anew: its locks are its own. Those of `file` may be those of another process, which has sent it.
pub(super) fn reopened(file: BorrowedFd<'_>) -> Result<OwnedFd, Error> {
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    rustix::fs::open(path, OFlags::RDWR | OFlags::CLOEXEC, Mode::empty()).map_err(|errno| {
        let cause = std::io::Error::from(errno);
        Error::io("opening an array for its lock (needs /proc)", cause)
    })
}

/// Makes the change if nobody has to be waited for. What this open file has locked there already takes the new form.
pub(super) fn change(file: BorrowedFd<'_>, change: Change, range: Range) -> Result<bool, Error> {
    let kind = match change {
        Change::Share => libc::F_RDLCK,
        Change::Exclude => libc::F_WRLCK,
        Change::Release => libc::F_UNLCK,
    };
    #[expect(
        clippy::cast_possible_truncation,
        reason = "small constants of the system"
    )]
    let lock = libc::flock {
        l_type: kind as i16,
        l_whence: libc::SEEK_SET as i16,
        l_start: range.0,
        l_len: range.1 - range.0,
        l_pid: 0,
    };
    // SAFETY: the descriptor is open, and the record outlives the call, which only reads it.
    let result = unsafe { libc::fcntl(file.as_raw_fd(), libc::F_OFD_SETLK, &raw const lock) };
    if result == 0 {
        return Ok(true);
    }
    let error = std::io::Error::last_os_error();
    match error.raw_os_error() {
        Some(libc::EAGAIN | libc::EACCES) => Ok(false),
        _ => Err(Error::io("locking an array", error)),
    }
}
