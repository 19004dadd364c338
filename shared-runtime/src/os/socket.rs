//! Unix sockets that carry whole messages and file descriptors, with deadlines; and waiting on several descriptors.

use std::io::{self, IoSlice, IoSliceMut};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{Mode, fchmod};
use rustix::io::Errno;
use rustix::net::sockopt::{Timeout, set_socket_timeout};
use rustix::net::{
    AddressFamily, RecvAncillaryBuffer, RecvAncillaryMessage, RecvFlags, ReturnFlags,
    SendAncillaryBuffer, SendAncillaryMessage, SendFlags, SocketAddrUnix, SocketFlags, SocketType,
    accept_with, bind, connect, listen, recvmsg, sendmsg, socket_with, socketpair,
};

use super::Deadline;
use super::credentials::Credentials;
use super::cut::Cut;

/// The most descriptors one message may carry.
const MAX_FDS: usize = 8;

/// The shortest time a socket can be told to wait.
const SHORTEST: Duration = Duration::from_micros(1);

/// One end of a connection that keeps message boundaries (`SOCK_SEQPACKET`), close-on-exec.
#[derive(Debug)]
pub(crate) struct Socket(OwnedFd);

/// A message and the descriptors that came with it.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) fds: Vec<OwnedFd>,
}

/// Why a message was not sent.
#[derive(Debug)]
pub(crate) enum SendError {
    /// The buffer is full and stayed so until the deadline: the other side does not read.
    Full,
    Closed,
    Io(io::Error),
}

impl Socket {
    pub(crate) fn pair() -> io::Result<(Self, Self)> {
        let (a, b) = socketpair(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        )?;
        Ok((Self(a), Self(b)))
    }

    fn new() -> io::Result<Self> {
        let made = socket_with(
            AddressFamily::UNIX,
            SocketType::SEQPACKET,
            SocketFlags::CLOEXEC,
            None,
        );
        Ok(Self(made?))
    }

    /// Listens at an address. A file that this makes is for its user alone; it must be removed. A name in the abstract namespace vanishes
    /// with the process.
    pub(crate) fn listen(at: &SocketAddrUnix) -> io::Result<Self> {
        let socket = Self::new()?;
        // The file gets the mode of the socket, less the process's mask: from its first moment on.
        fchmod(&socket, Mode::RUSR | Mode::WUSR)?;
        bind(&socket, at)?;
        listen(&socket, 128)?;
        Ok(socket)
    }

    /// Connects, or gives up at the deadline: connecting waits while the other side has many to accept.
    pub(crate) fn connect(to: &SocketAddrUnix, deadline: Deadline) -> io::Result<Self> {
        let socket = Self::new()?;
        loop {
            // Zero would be no limit at all.
            let patience = deadline.remaining().map(|left| left.max(SHORTEST));
            set_socket_timeout(&socket, Timeout::Send, patience)?;
            match connect(&socket, to) {
                Err(Errno::INTR) => {}
                connected => break connected?,
            }
        }
        Ok(socket)
    }

    pub(crate) fn accept(&self) -> io::Result<Self> {
        loop {
            match accept_with(&self.0, SocketFlags::CLOEXEC) {
                Err(Errno::INTR | Errno::CONNABORTED) => {}
                accepted => return Ok(Self(accepted?)),
            }
        }
    }

    /// The user and the process at the other end, as the kernel noted them when the connection was made.
    pub(crate) fn peer(&self) -> io::Result<Credentials> {
        Credentials::of(self.0.as_fd())
    }

    /// Sends a whole message or nothing, without waiting longer than the deadline.
    pub(crate) fn send(
        &self,
        bytes: &[u8],
        fds: &[BorrowedFd<'_>],
        deadline: Deadline,
    ) -> Result<(), SendError> {
        loop {
            let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
            let mut control = SendAncillaryBuffer::new(&mut space);
            if !fds.is_empty() && !control.push(SendAncillaryMessage::ScmRights(fds)) {
                return Err(SendError::Io(io::ErrorKind::InvalidInput.into()));
            }
            let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
            match sendmsg(&self.0, &[IoSlice::new(bytes)], &mut control, flags) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => {
                    let writable = wait(&[(self.0.as_fd(), PollFlags::OUT)], deadline)
                        .map_err(SendError::Io)?;
                    if writable.is_none() {
                        return Err(SendError::Full);
                    }
                }
                Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => {
                    return Err(SendError::Closed);
                }
                Err(error) => return Err(SendError::Io(error.into())),
            }
        }
    }

    /// The next message of at most `limit` bytes; `None` when the other side has closed. Waits only as the socket does:
    /// [`wait`] first. Descriptors for which this process has no room left are missing.
    pub(crate) fn receive(&self, limit: usize) -> io::Result<Option<Received>> {
        let mut bytes = vec![0; limit];
        let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(MAX_FDS))];
        let mut control = RecvAncillaryBuffer::new(&mut space);
        let received = loop {
            let mut buffer = [IoSliceMut::new(&mut bytes)];
            match recvmsg(&self.0, &mut buffer, &mut control, RecvFlags::CMSG_CLOEXEC) {
                Err(Errno::INTR) => {}
                Err(Errno::CONNRESET) => return Ok(None),
                received => break received?,
            }
        };
        let mut fds = Vec::new();
        for message in control.drain() {
            if let RecvAncillaryMessage::ScmRights(rights) = message {
                fds.extend(rights);
            }
        }
        if received.flags.contains(ReturnFlags::TRUNC) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "a message larger than its kind allows",
            ));
        }
        if received.bytes == 0 {
            return Ok(None);
        }
        bytes.truncate(received.bytes);
        Ok(Some(Received { bytes, fds }))
    }

    pub(crate) fn into_fd(self) -> OwnedFd {
        self.0
    }
}

/// The connection ends for both sides.
impl Cut for Socket {
    fn cut(&self) {
        // Already cut is as good.
        let _ = rustix::net::shutdown(&self.0, rustix::net::Shutdown::Both);
    }
}

impl AsFd for Socket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl AsRef<Self> for Socket {
    fn as_ref(&self) -> &Self {
        self
    }
}

impl From<OwnedFd> for Socket {
    fn from(fd: OwnedFd) -> Self {
        Self(fd)
    }
}

/// Which of the descriptors waited for are ready, in their order. Hang-ups and errors count as ready.
pub(crate) type Readiness = Vec<bool>;

/// Waits until one of the descriptors is ready; `None` when the deadline passes first.
pub(crate) fn wait(
    fds: &[(BorrowedFd<'_>, PollFlags)],
    deadline: Deadline,
) -> io::Result<Option<Readiness>> {
    let mut polled: Vec<PollFd<'_>> = fds
        .iter()
        .map(|(fd, flags)| PollFd::from_borrowed_fd(*fd, *flags))
        .collect();
    loop {
        let timeout = deadline.remaining().map(timespec);
        match poll(&mut polled, timeout.as_ref()) {
            Ok(0) => return Ok(None),
            Ok(_) => {
                return Ok(Some(
                    polled.iter().map(|fd| !fd.revents().is_empty()).collect(),
                ));
            }
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
