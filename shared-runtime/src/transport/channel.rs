//! The carrier over ipc-channel: a bytes channel each way on one socket pair.
//!
//! `IpcSender::send` blocks when the other side does not read, and cannot be interrupted. So a frame travels in pieces
//! small enough never to fill the socket, each but the last acknowledged before the next: waiting happens only where
//! there is a deadline. Peers are trusted to be of the same user and build: malformed pieces are caught, not priced.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use ipc_channel::IpcError;
use ipc_channel::ipc::{IpcReceiver, IpcSender};
use rustix::event::PollFlags;

use super::bridge;
use super::connection::{Broken, Connection, FRAMES, only};
use super::packet::{Packet, Piece};
use crate::os::{Cut, Deadline, Peer, Socket, wait};

/// The most bytes of a frame in one piece: less than a socket holds by default (208 KiB), so that an empty one always
/// has room.
const PIECE: usize = 128 * 1024;

pub(crate) struct ChannelConnection {
    sender: IpcSender<Packet>,
    receiver: IpcReceiver<Packet>,
    /// The socket under both, to wait on and to close by half.
    socket: Socket,
    peer: Arc<Peer>,
    /// The parts of a frame that is not whole yet.
    parts: Vec<u8>,
    /// The pieces of a frame that has not arrived whole yet.
    partial: Vec<u8>,
}

impl ChannelConnection {
    /// A connection over a socket that both sides have an end of.
    pub(crate) fn over(socket: Socket, peer: Arc<Peer>) -> io::Result<Self> {
        require_seqpacket(&socket)?;
        let sender = bridge::sender(socket.as_fd())?;
        let receiver = bridge::receiver(socket.as_fd())?;
        Ok(Self {
            sender,
            receiver,
            socket,
            peer,
            parts: Vec::new(),
            partial: Vec::new(),
        })
    }

    /// A connection over a socket that the other side has sent.
    pub(super) fn accept(fds: Vec<OwnedFd>, peer: Arc<Peer>) -> io::Result<Self> {
        Self::over(Socket::from(only(fds)?), peer)
    }

    /// Sends what `packet` makes, when there is room for it, and again where a signal came in between.
    ///
    /// A socket counts as writable while three quarters of its buffer are free, so the library's own `send` never waits: that
    /// could not be interrupted.
    fn send_packet(&self, packet: impl Fn() -> Packet, deadline: Deadline) -> Result<(), Broken> {
        let room = wait(
            &[
                (self.socket.as_fd(), PollFlags::OUT),
                (self.peer.as_fd(), PollFlags::IN),
            ],
            deadline,
        )?;
        match room.as_deref() {
            None => return Err(Broken::TimedOut),
            Some([false, _]) => return Err(Broken::Closed),
            Some(_) => {}
        }
        loop {
            // ipc-channel has thread-locals of its own, which are gone in a late destructor of a thread.
            let sent = catch_unwind(AssertUnwindSafe(|| self.sender.send(packet())))
                .map_err(|_| Broken::Io(io::Error::other("this thread is ending")))?;
            match sent {
                Err(IpcError::Io(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                sent => return sent.map_err(broken),
            }
        }
    }

    fn receive_packet(&self, deadline: Deadline) -> Result<Packet, Broken> {
        let waited = wait(
            &[
                (self.socket.as_fd(), PollFlags::IN),
                (self.peer.as_fd(), PollFlags::IN),
            ],
            deadline,
        )?;
        match waited.as_deref() {
            None => return Err(Broken::TimedOut),
            // Only the process has ended: it sends nothing more, though a fork of it may hold the socket open. A packet
            // sent just before the end may have come between the two looks.
            Some([false, true]) => {
                let last = wait(
                    &[(self.socket.as_fd(), PollFlags::IN)],
                    Deadline::after(Some(Duration::ZERO)),
                )?;
                if last.is_none() {
                    return Err(Broken::Closed);
                }
            }
            Some(_) => {}
        }
        loop {
            // ipc-channel panics at messages it cannot have written.
            let received = catch_unwind(AssertUnwindSafe(|| self.receiver.recv()))
                .map_err(|_| Broken::Corrupt("not a message of ipc-channel".into()))?;
            match received {
                Err(IpcError::Io(error)) if error.kind() == io::ErrorKind::Interrupted => {}
                received => return received.map_err(broken),
            }
        }
    }
}

impl Connection for ChannelConnection {
    fn send_part(&mut self, first: &[u8], bytes: &[u8], _deadline: Deadline) -> Result<(), Broken> {
        self.parts.extend_from_slice(first);
        self.parts.extend_from_slice(bytes);
        Ok(())
    }

    fn send(&mut self, head: &[u8], body: &[u8], deadline: Deadline) -> Result<(), Broken> {
        let parts = std::mem::take(&mut self.parts);
        let frame = [&parts, head, body].concat();
        let size = frame.len() as u64;
        let mut pieces = frame.chunks(PIECE).peekable();
        while let Some(piece) = pieces.next() {
            let packet = || Packet::Piece {
                size,
                bytes: Piece(piece.to_vec()),
            };
            self.send_packet(packet, deadline)?;
            if pieces.peek().is_some() {
                match self.receive_packet(deadline)? {
                    Packet::Next => {}
                    Packet::Piece { .. } => {
                        return Err(Broken::Corrupt(
                            "a piece in place of an acknowledgement".into(),
                        ));
                    }
                }
            }
        }
        FRAMES.count();
        Ok(())
    }

    /// What has been received of a frame when the deadline passes is kept for the next look: it has been acknowledged.
    fn receive(
        &mut self,
        frame: &mut Vec<u8>,
        limit: usize,
        deadline: Deadline,
    ) -> Result<(), Broken> {
        loop {
            let Packet::Piece { size, bytes } = self.receive_packet(deadline)? else {
                return Err(Broken::Corrupt("an acknowledgement of nothing".into()));
            };
            let size = usize::try_from(size).unwrap_or(usize::MAX);
            if size > limit {
                return Err(Broken::TooLarge { size });
            }
            self.partial.extend_from_slice(&bytes.0);
            if self.partial.len() == size {
                FRAMES.count();
                *frame = std::mem::take(&mut self.partial);
                return Ok(());
            }
            if bytes.0.is_empty() || self.partial.len() > size {
                return Err(Broken::Corrupt("pieces that do not add up".into()));
            }
            // Whatever the deadline: a piece that is kept and not acknowledged would end the frame.
            self.send_packet(|| Packet::Next, Deadline::NEVER)?;
        }
    }

    fn close_sending(&mut self) {
        // A connection that is already closed needs nothing.
        let _ = rustix::net::shutdown(&self.socket, rustix::net::Shutdown::Write);
    }

    fn cutter(&self) -> io::Result<Arc<dyn Cut>> {
        Ok(Arc::new(Socket::from(
            self.socket.as_fd().try_clone_to_owned()?,
        )))
    }
}

/// ipc-channel takes any other descriptor for a memory block.
fn require_seqpacket(socket: &Socket) -> io::Result<()> {
    match rustix::net::sockopt::socket_type(socket)? {
        rustix::net::SocketType::SEQPACKET => Ok(()),
        _ => Err(io::Error::new(
            io::ErrorKind::InvalidData,
            "not a socket that keeps message boundaries",
        )),
    }
}

/// Peer death has three spellings in ipc-channel.
fn broken(error: IpcError) -> Broken {
    match error {
        IpcError::Disconnected => Broken::Closed,
        IpcError::Io(error)
            if matches!(
                error.kind(),
                io::ErrorKind::BrokenPipe
                    | io::ErrorKind::ConnectionReset
                    | io::ErrorKind::NotConnected
            ) =>
        {
            Broken::Closed
        }
        IpcError::Io(error) => Broken::Io(error),
        IpcError::SerializationError(error) => Broken::Corrupt(error.to_string()),
    }
}
