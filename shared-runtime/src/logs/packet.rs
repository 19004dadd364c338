//! Records as they cross: many in one message, with their process said once; a large one in pieces, between which others may come.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::entry::Entry;
use crate::codec;
use crate::os::{Deadline, SendError, Socket};

/// The most bytes of records in one message.
pub(super) const PACKET: usize = 32 * 1024;

/// The most bytes of a message: its head is a name and some numbers.
const MESSAGE: usize = PACKET + 4096;

/// The longest name of a process that a head has room for.
const NAME: usize = 1024;

#[derive(Debug, Serialize, Deserialize)]
struct Head<'a> {
    pid: u32,
    #[serde(borrow)]
    process: Cow<'a, str>,
    what: Content,
}

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Content {
    /// So many records.
    Whole(u32),
    /// A piece of one, which has so many bytes before it.
    Piece { before: u32, last: bool },
}

/// A message with records of one process.
#[derive(Debug)]
pub(super) struct Packet(Box<[u8]>);

/// A packet with its head read.
#[derive(Clone, Debug)]
pub(super) struct Opened<'a> {
    pub(super) pid: u32,
    pub(super) process: Cow<'a, str>,
    pub(super) what: Content,
    pub(super) body: &'a [u8],
}

/// What came of sending.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Sent {
    Yes,
    /// Nobody has read what was sent before.
    NoRoom,
    /// Nobody will ever read.
    Closed,
    /// This cannot be sent.
    Refused,
}

/// Sends a message, if there is room right now.
pub(super) fn send(socket: &Socket, what: Content, body: &[u8]) -> Sent {
    let name = crate::program::name();
    let head = Head {
        pid: std::process::id(),
        process: Cow::Borrowed(&name[..name.floor_char_boundary(NAME)]),
        what,
    };
    let Ok(mut message) = codec::encode(&head) else {
        return Sent::Refused;
    };
    message.extend_from_slice(body);
    let now = Deadline::after(Some(std::time::Duration::ZERO));
    match socket.send(&message, &[], now) {
        Ok(()) => Sent::Yes,
        Err(SendError::Full) => Sent::NoRoom,
        Err(SendError::Closed) => Sent::Closed,
        Err(SendError::Io(_)) => Sent::Refused,
    }
}

/// The next message; an error when there is none.
pub(super) fn receive(socket: &Socket) -> std::io::Result<Packet> {
    let came = socket.receive(MESSAGE)?;
    let came = came.ok_or(std::io::ErrorKind::UnexpectedEof)?;
    // Not the room for the longest one.
    Ok(Packet(came.bytes.into()))
}

impl Packet {
    /// The bytes it takes.
    pub(super) fn size(&self) -> usize {
        self.0.len()
    }

    /// `None` for what is no packet.
    pub(super) fn open(&self) -> Option<Opened<'_>> {
        let (head, body): (Head<'_>, _) = codec::decode_head(&self.0).ok()?;
        Some(Opened {
            pid: head.pid,
            process: head.process,
            what: head.what,
            body,
        })
    }

    /// How many records end in it, by its own word.
    pub(super) fn count(&self) -> u64 {
        match self.open().map(|opened| opened.what) {
            Some(Content::Whole(count)) => count.into(),
            Some(Content::Piece { last, .. }) => last.into(),
            None => 1,
        }
    }
}

/// `count` records, one after the other; after one that cannot be read there is none, and how many are missing is the last of them.
pub(super) fn records(
    mut bytes: &[u8],
    count: u32,
) -> impl Iterator<Item = Result<Entry<'_>, u64>> {
    let mut left = count;
    std::iter::from_fn(move || {
        left = left.checked_sub(1)?;
        match codec::decode_head(bytes) {
            Ok((entry, rest)) => {
                bytes = rest;
                Some(Ok(entry))
            }
            Err(_) => Some(Err(u64::from(std::mem::take(&mut left)) + 1)),
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logs::entry::notice;

    #[test]
    fn records_cross_in_one_message() {
        let (a, b) = Socket::pair().unwrap();
        let two = [notice("one").unwrap(), notice("two").unwrap()].concat();
        assert_eq!(send(&a, Content::Whole(2), &two), Sent::Yes);
        let packet = receive(&b).unwrap();
        let opened = packet.open().unwrap();
        assert_eq!(opened.pid, std::process::id());
        assert_eq!(opened.process, crate::program::name());
        assert_eq!(opened.what, Content::Whole(2));
        let messages: Vec<_> = records(opened.body, 2)
            .map(|entry| entry.unwrap().message)
            .collect();
        assert_eq!(messages, ["one", "two"]);
        assert_eq!(packet.count(), 2);
    }

    #[test]
    fn a_full_socket_and_a_closed_one_are_told_apart() {
        let (a, b) = Socket::pair().unwrap();
        let record = notice("one").unwrap();
        let send = || send(&a, Content::Whole(1), &record);
        while send() == Sent::Yes {}
        assert_eq!(send(), Sent::NoRoom);
        drop(b);
        assert_eq!(send(), Sent::Closed);
    }

    #[test]
    fn what_is_no_packet_or_no_record_is_counted() {
        let (a, b) = Socket::pair().unwrap();
        a.send(&[255; 9], &[], Deadline::NEVER).unwrap();
        let packet = receive(&b).unwrap();
        assert!(packet.open().is_none());
        assert_eq!(packet.count(), 1);

        let mut bytes = notice("one").unwrap();
        bytes.extend_from_slice(&[255; 9]);
        for count in [2, u32::MAX] {
            let found: Vec<_> = records(&bytes, count).collect();
            assert!(found[0].is_ok());
            assert_eq!(*found[1].as_ref().unwrap_err(), u64::from(count) - 1);
            assert_eq!(found.len(), 2);
        }
    }
}
