//! The channel between a process and its owner: messages cut into packets, each of which goes as a whole or not at all. So neither side waits in
//! the middle of one for the other to read, and both may talk at the same time. The end of the other side's process ends every wait, though a fork
//! of it may hold the channel open.

use std::io::IoSlice;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use rustix::buffer::spare_capacity;
use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{RecvFlags, SendAncillaryBuffer, SendFlags, recv, sendmsg};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::Error;
use crate::os::{Deadline, Socket, wait};
use crate::transport::Broken;

/// The most bytes of a message in one packet. Two of them have room in a socket of the usual size, so that one is on its way while the other
/// is read; and memory of this size is not given back to the system and fetched again for each.
const PACKET: usize = 48 * 1024;

/// The last byte of a packet: whether more of its message follows.
const MORE: u8 = 0;
const LAST: u8 = 1;

/// One end of a channel.
pub(super) struct Line {
    socket: Arc<Socket>,
    /// The process at the other end: readable once it has ended.
    other: Arc<dyn AsFd + Send + Sync>,
    /// What has come of the next message.
    came: Vec<u8>,
}

impl Line {
    pub(super) fn over(socket: Socket, other: Arc<dyn AsFd + Send + Sync>) -> Self {
        Self {
            socket: Arc::new(socket),
            other,
            came: Vec::new(),
        }
    }

    /// Readable when the other side has said something, or has closed it.
    pub(super) fn socket(&self) -> &Arc<Socket> {
        &self.socket
    }

    /// The next whole message. What has come of it when the deadline passes is kept for the next look.
    pub(super) fn receive(&mut self, deadline: Deadline) -> Result<Message, Broken> {
        // A process that ended before it had read all leaves an error, which comes once, before what it said.
        let mut reset = false;
        loop {
            self.came.reserve(PACKET + 1);
            let room = spare_capacity(&mut self.came);
            match recv(&self.socket, room, RecvFlags::DONTWAIT) {
                Ok((0, _)) => return Err(Broken::Closed),
                Ok(_) => match self.came.pop() {
                    Some(LAST) => return Ok(self.take()),
                    Some(MORE) => {}
                    _ => return Err(Broken::Corrupt("a packet of no known kind".into())),
                },
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::IN, deadline)?,
                Err(Errno::CONNRESET) if !reset => reset = true,
                Err(Errno::CONNRESET) => return Err(Broken::Closed),
                Err(error) => return Err(Broken::Io(error.into())),
            }
        }
    }

    /// What has come. A small message does not keep the room for a large one.
    fn take(&mut self) -> Message {
        let bytes = if self.came.len() <= PACKET {
            let bytes = self.came.as_slice().to_vec();
            self.came.clear();
            bytes
        } else {
            std::mem::take(&mut self.came)
        };
        Message { bytes, start: 0 }
    }

    /// Sends a packet, which is not larger than there is room for in an empty socket.
    fn send_packet(&self, parts: [&[u8]; 3], deadline: Deadline) -> Result<(), Broken> {
        let parts = parts.map(IoSlice::new);
        let flags = SendFlags::DONTWAIT | SendFlags::NOSIGNAL;
        loop {
            let mut nothing = SendAncillaryBuffer::default();
            match sendmsg(&self.socket, &parts, &mut nothing, flags) {
                Ok(_) => return Ok(()),
                Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => self.wait(PollFlags::OUT, deadline)?,
                Err(Errno::PIPE | Errno::CONNRESET | Errno::NOTCONN) => return Err(Broken::Closed),
                Err(error) => return Err(Broken::Io(error.into())),
            }
        }
    }

    fn wait(&self, flags: PollFlags, deadline: Deadline) -> Result<(), Broken> {
        let socket = (self.socket.as_fd(), flags);
        let both = [socket, ((*self.other).as_fd(), PollFlags::IN)];
        match wait(&both, deadline)?.as_deref() {
            None => Err(Broken::TimedOut),
            // Only the process has ended. What it sent just before may have come between the two looks.
            Some([false, true]) => {
                let now = Deadline::after(Some(Duration::ZERO));
                wait(&[socket], now)?.map(drop).ok_or(Broken::Closed)
            }
            Some(_) => Ok(()),
        }
    }
}

/// A message on its way.
pub(super) struct Outgoing<B> {
    head: Vec<u8>,
    body: B,
    sent: usize,
}

impl<B: AsRef<[u8]>> Outgoing<B> {
    pub(super) fn new(head: &impl Serialize, body: B) -> Result<Self, Error> {
        Ok(Self {
            head: codec::encode(head)?,
            body,
            sent: 0,
        })
    }

    /// Whether any of it has gone.
    pub(super) fn has_begun(&self) -> bool {
        self.sent > 0
    }

    /// Sends what the other side has room for until the deadline. After `TimedOut` the rest can be sent later.
    pub(super) fn send(&mut self, line: &Line, deadline: Deadline) -> Result<(), Broken> {
        let (head, body) = (&self.head, self.body.as_ref());
        let whole = head.len() + body.len();
        while self.sent < whole {
            let end = whole.min(self.sent + PACKET);
            let kind = if end == whole { LAST } else { MORE };
            // Either of the two may be cut, or may have gone.
            let within = |start: usize, part: &[u8]| {
                let place = |at: usize| at.saturating_sub(start).min(part.len());
                place(self.sent)..place(end)
            };
            let head_now = &head[within(0, head)];
            let body_now = &body[within(head.len(), body)];
            line.send_packet([head_now, body_now, &[kind]], deadline)?;
            self.sent = end;
        }
        Ok(())
    }
}

/// A message, or what is left of it, where it came in.
#[derive(Debug, Default)]
pub(super) struct Message {
    bytes: Vec<u8>,
    start: usize,
}

impl Message {
    /// The head, and the message without it.
    pub(super) fn open<T: for<'de> Deserialize<'de>>(mut self) -> Result<(T, Self), Error> {
        let (head, body) = codec::decode_head(self.body())?;
        self.start = self.bytes.len() - body.len();
        Ok((head, self))
    }

    pub(super) fn body(&self) -> &[u8] {
        &self.bytes[self.start..]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::own_pidfd;

    fn line(socket: Socket) -> Line {
        Line::over(socket, Arc::new(own_pidfd().unwrap()))
    }

    fn pair() -> (Line, Line) {
        let (ours, theirs) = Socket::pair().unwrap();
        (line(ours), line(theirs))
    }

    fn now() -> Deadline {
        Deadline::after(Some(Duration::ZERO))
    }

    fn say(line: &Line, text: &str) {
        let mut message = Outgoing::new(&text, []).unwrap();
        message.send(line, Deadline::NEVER).unwrap();
    }

    fn heard(line: &mut Line) -> String {
        let message = line.receive(Deadline::NEVER).unwrap();
        message.open().unwrap().0
    }

    /// More than the sockets hold, both ways, by one thread: nobody waits for anybody.
    #[test]
    fn what_has_no_room_yet_goes_on_later_and_what_came_is_kept() {
        let (mut ours, mut theirs) = pair();
        let body: Vec<u8> = (0..=250).cycle().take(3_000_000).collect();
        let mut there = Outgoing::new(&1, body.clone()).unwrap();
        let mut back = Outgoing::new(&2, body.clone()).unwrap();
        let (mut at_them, mut at_us) = (None, None);
        let mut rounds = 0;
        while at_them.is_none() || at_us.is_none() {
            let _ = there.send(&ours, now());
            let _ = back.send(&theirs, now());
            at_them = at_them.or_else(|| theirs.receive(now()).ok());
            at_us = at_us.or_else(|| ours.receive(now()).ok());
            rounds += 1;
        }
        assert!(rounds > 2, "it took several looks: {rounds}");
        for (message, head) in [(at_them, 1), (at_us, 2)] {
            let (found, message) = message.unwrap().open::<i32>().unwrap();
            assert_eq!(found, head);
            assert!(message.body() == body);
        }
    }

    /// The kernel says first that something was left unread, and only then what was sent.
    #[test]
    fn the_last_words_of_one_who_has_not_read_all_are_heard() {
        let (mut ours, theirs) = pair();
        say(&ours, "unread");
        say(&theirs, "last");
        drop(theirs);
        assert_eq!(heard(&mut ours), "last");
        let end = ours.receive(Deadline::NEVER);
        assert!(matches!(end, Err(Broken::Closed)), "{end:?}");
        let sent = Outgoing::new(&1, []).unwrap().send(&ours, Deadline::NEVER);
        assert!(matches!(sent, Err(Broken::Closed)), "{sent:?}");
    }

    /// As where a fork of the other process holds the channel.
    #[test]
    fn the_end_of_the_process_is_the_end_though_the_channel_is_open() {
        let (ours, theirs) = Socket::pair().unwrap();
        let (process, its_end) = Socket::pair().unwrap();
        let mut ours = Line::over(ours, Arc::new(process));
        let theirs = line(theirs);
        say(&theirs, "last");
        drop(its_end);
        assert_eq!(heard(&mut ours), "last");
        let end = ours.receive(Deadline::NEVER);
        assert!(matches!(end, Err(Broken::Closed)), "{end:?}");
        let much = Outgoing::new(&(), vec![0; 3_000_000])
            .unwrap()
            .send(&ours, Deadline::NEVER);
        assert!(matches!(much, Err(Broken::Closed)), "{much:?}");
    }
}
