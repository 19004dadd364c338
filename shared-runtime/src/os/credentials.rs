//! Who is at the other end of a socket, as the kernel noted it when the connection was made.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsRawFd, BorrowedFd};

use rustix::process::Uid;

/// The process and the user that connected or listened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Credentials {
    pub(crate) pid: u32,
    pub(crate) uid: Uid,
}

impl Credentials {
    /// Not by `rustix`, where a process always has a number: one of a container around this one has none here.
    pub(super) fn of(socket: BorrowedFd<'_>) -> io::Result<Self> {
        let mut noted = MaybeUninit::<libc::ucred>::zeroed();
        let mut length = libc::socklen_t::try_from(size_of::<libc::ucred>()).unwrap_or_default();
        // SAFETY: there is room for as many bytes as `length` says, and the kernel writes no more.
        let asked = unsafe {
            libc::getsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                libc::SO_PEERCRED,
                noted.as_mut_ptr().cast(),
                &raw mut length,
            )
        };
        if asked != 0 {
            return Err(io::Error::last_os_error());
        }
        // SAFETY: three numbers, of which each may have any value, and all are at least zeroed.
        let noted = unsafe { noted.assume_init() };
        match u32::try_from(noted.pid) {
            Ok(pid) if pid > 0 => Ok(Self {
                pid,
                uid: Uid::from_raw(noted.uid),
            }),
            _ => {
                let text = "the process at the other end cannot be seen from this container";
                Err(io::Error::new(io::ErrorKind::PermissionDenied, text))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::os::fd::AsFd;
    use std::os::unix::net::UnixStream;

    use rustix::process::geteuid;

    use super::*;

    #[test]
    fn the_other_end_is_who_made_it() {
        let (one, _other) = UnixStream::pair().unwrap();
        let itself = Credentials {
            pid: std::process::id(),
            uid: geteuid(),
        };
        assert_eq!(Credentials::of(one.as_fd()).unwrap(), itself);
    }

    #[test]
    fn a_process_around_this_container_is_an_error() {
        let (one, _other) = UnixStream::pair().unwrap();
        // On a thread of its own, since it changes what children of the thread see.
        let seen = std::thread::spawn(move || {
            // SAFETY: concerns later children of this thread alone.
            if unsafe { libc::unshare(libc::CLONE_NEWPID) } != 0 {
                return None;
            }
            // SAFETY: the child asks the kernel, and leaves.
            let pid = unsafe { libc::fork() };
            if pid == 0 {
                let seen = Credentials::of(one.as_fd()).is_ok();
                // SAFETY: ends the child without running anything of the parent's.
                unsafe { libc::_exit(seen.into()) };
            }
            let mut status = 0;
            // SAFETY: waits for the child just made, with room for its status.
            assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
            Some(status)
        });
        match seen.join().unwrap() {
            None => println!("SKIPPED: only root can make a container"),
            Some(status) => assert_eq!(status, 0),
        }
    }
}
