//! Makes ipc-channel endpoints out of sockets of our own.
//!
//! ipc-channel hands an endpoint from process to process only inside one of its own messages, and a first channel between
//! two processes only through a one-shot server: a socket in `$TMPDIR` whose `accept` cannot time out, and which a killed
//! process leaves behind. Our processes already share a Unix socket that carries descriptors, so endpoints come that way.
//!
//! To turn a descriptor into an endpoint, the library is given a message that it would have written itself. Once per
//! process, an endpoint is sent through a channel whose descriptors we found, and the bytes are kept as they went by.
//! To adopt a descriptor, the same bytes are sent again with that descriptor attached. Nothing here depends on
//! what the bytes mean, only on the library's practice of attaching one descriptor for one endpoint.

use std::io;
use std::os::fd::BorrowedFd;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, OnceLock, PoisonError};

use ipc_channel::ipc::{self, IpcReceiver, IpcSender};
use rustix::net::RecvFlags;
use serde::{Deserialize, Serialize};

use super::packet::Packet;
use crate::os::{Deadline, SendError, Socket};

/// Longer than any message that carries one endpoint and nothing else.
const TEMPLATE_LIMIT: usize = 4096;

/// A copy of `socket`, one end of a pair, as the sending end of a channel.
pub(super) fn sender(socket: BorrowedFd<'_>) -> io::Result<IpcSender<Packet>> {
    static LANE: Lane<IpcSender<Packet>> = Lane::new();
    LANE.adopt(socket, || ipc::channel().map(|(sender, _)| sender))
}

/// A copy of `socket`, one end of a pair, as the receiving end of a channel.
pub(super) fn receiver(socket: BorrowedFd<'_>) -> io::Result<IpcReceiver<Packet>> {
    static LANE: Lane<IpcReceiver<Packet>> = Lane::new();
    LANE.adopt(socket, || ipc::channel().map(|(_, receiver)| receiver))
}

/// A channel within this process that is fed from outside the library.
struct Lane<T>(OnceLock<Mutex<Fed<T>>>);

struct Fed<T> {
    /// The lane's sending end, as the socket it is.
    entry: Socket,
    exit: IpcReceiver<T>,
    /// What the library writes to hand over one endpoint.
    template: Vec<u8>,
}

impl<T: Serialize + for<'de> Deserialize<'de> + Send> Lane<T> {
    const fn new() -> Self {
        Self(OnceLock::new())
    }

    fn adopt(
        &self,
        socket: BorrowedFd<'_>,
        sample: impl FnOnce() -> io::Result<T>,
    ) -> io::Result<T> {
        if self.0.get().is_none() {
            // Two threads may both build one; the second is dropped.
            let _ = self.0.set(Mutex::new(Fed::build(sample()?)?));
        }
        let fed = self
            .0
            .get()
            .ok_or(io::ErrorKind::NotFound)?
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        fed.entry
            .send(&fed.template, &[socket], Deadline::NEVER)
            .map_err(|error| match error {
                SendError::Io(error) => error,
                SendError::Full | SendError::Closed => io::ErrorKind::BrokenPipe.into(),
            })?;
        // Without room for one more descriptor it does not arrive, and the library misses it in its own way.
        catch_unwind(AssertUnwindSafe(|| fed.exit.recv()))
            .map_err(|_| io::Error::other("no descriptor could be taken over"))?
            .map_err(io::Error::other)
    }
}

impl<T: Serialize + for<'de> Deserialize<'de>> Fed<T> {
    fn build(sample: T) -> io::Result<Self> {
        let (entry, exit) = ipc::channel::<T>()?;
        let raw_exit = find_receiver(&entry)?;
        let next = || {
            raw_exit
                .receive(TEMPLATE_LIMIT)?
                .ok_or_else(|| io::Error::from(io::ErrorKind::UnexpectedEof))
        };

        entry.send(sample).map_err(io::Error::other)?;
        let template = next()?.bytes;

        entry
            .clone()
            .to_opaque()
            .to::<IpcSender<T>>()
            .send(entry)
            .map_err(io::Error::other)?;
        let raw_entry = next()?.fds.pop().ok_or(io::ErrorKind::UnexpectedEof)?;
        Ok(Self {
            entry: Socket::from(raw_entry),
            exit,
            template,
        })
    }
}

/// The receiving socket of the channel that `entry` sends into: the one in which a number nobody else knows can be seen.
fn find_receiver<T: Serialize>(entry: &IpcSender<T>) -> io::Result<Socket> {
    let mark = crate::os::random_id().to_ne_bytes();
    entry
        .clone()
        .to_opaque()
        .to::<[u8; 16]>()
        .send(mark)
        .map_err(io::Error::other)?;
    for open in std::fs::read_dir("/proc/self/fd")? {
        let Some(number) = open?
            .file_name()
            .to_str()
            .and_then(|name| name.parse().ok())
        else {
            continue;
        };
        // SAFETY: the number was open a moment ago. If another thread has closed it since, or put something else in its
        // place, the peek below fails or looks at that without changing it; only the socket that holds the mark, which
        // `entry`'s caller keeps open, is used further.
        let fd = unsafe { BorrowedFd::borrow_raw(number) };
        let mut seen = [0; 128];
        let Ok((length, _)) =
            rustix::net::recv(fd, &mut seen, RecvFlags::PEEK | RecvFlags::DONTWAIT)
        else {
            continue;
        };
        if seen[..length]
            .windows(mark.len())
            .any(|window| window == mark)
        {
            let socket = Socket::from(fd.try_clone_to_owned()?);
            socket.receive(TEMPLATE_LIMIT)?;
            return Ok(socket);
        }
    }
    Err(io::Error::new(
        io::ErrorKind::NotFound,
        "the new channel is not among this process's descriptors in /proc",
    ))
}
