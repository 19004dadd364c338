//! What lies where in the memory of a connection. Every field has one writer.
//!
//! A connection is made of two ways, one for each direction. A way has a *post*, which its sender writes, a *place* of its receiver, and a
//! ring of bytes. The post is one cache line: a small frame fits into it, and it is all that a receiver looks at while it waits.

use super::sync::AtomicU64;

/// The most bytes of a frame that travels in the post itself.
pub(super) const SLOT: usize = 48;

/// The bytes of a ring. Large frames rotate through it, so that the sender writes where the receiver's cache holds nothing.
#[cfg(not(loom))]
pub(super) const RING: u32 = 2 << 20;
#[cfg(loom)]
pub(super) const RING: u32 = 32;

/// Written by the sender of a way.
#[repr(C, align(128))]
#[derive(Debug)]
pub(super) struct Post {
    /// A [`Commit`]. Stored last, with release: what it announces is there.
    pub(super) commit: AtomicU64,
    /// A [`Book`].
    pub(super) book: AtomicU64,
    /// The bytes of a small frame.
    pub(super) slot: [AtomicU64; SLOT / 8],
    /// A [`Bed`], where the sender sleeps until there is room in the ring.
    pub(super) starved: AtomicU64,
}

/// Written by the receiver of a way.
#[repr(C, align(128))]
#[derive(Debug)]
pub(super) struct Place {
    /// A [`Progress`]. The word on which the sender sleeps: all that ends its wait changes it.
    pub(super) head: AtomicU64,
    /// A [`Bed`], where the receiver sleeps until there is a commit.
    pub(super) parked: AtomicU64,
}

/// One direction.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Way {
    pub(super) post: Post,
    pub(super) place: Place,
}

/// Both directions: from the side that offered the connection, and back to it.
#[repr(C)]
#[derive(Debug)]
pub(super) struct Ways(pub(super) [Way; 2]);

/// What a post says, in one word. The low half is the sequence number: the word on which the receiver sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Commit(pub(super) u64);

/// What the slot holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// A frame of so many bytes.
    Frame(usize),
    /// The position at which the ring is read on, in the first word.
    Restart,
}

const LENGTH: u32 = 32;
const PARITY: u32 = 38;
const CLOSED: u32 = 39;
const CPU: u32 = 40;
const RESTART: u64 = 63;

impl Commit {
    pub(super) fn new(sequence: u32, slot: Slot, parity: bool, cpu: u8) -> Self {
        let length = match slot {
            Slot::Frame(length) => length as u64,
            Slot::Restart => RESTART,
        };
        Self(
            u64::from(sequence)
                | (length << LENGTH)
                | (u64::from(parity) << PARITY)
                | (u64::from(cpu) << CPU),
        )
    }

    pub(super) fn closed(self) -> Self {
        Self(self.0 | (1 << CLOSED))
    }

    /// Counts up with every commit.
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    pub(super) fn sequence(self) -> u32 {
        self.0 as u32
    }

    /// What the slot holds, if it is new. `None` for what no sender of ours writes.
    pub(super) fn slot(self) -> Option<Slot> {
        match (self.0 >> LENGTH) & 63 {
            RESTART => Some(Slot::Restart),
            length => usize::try_from(length)
                .ok()
                .filter(|length| *length <= SLOT)
                .map(Slot::Frame),
        }
    }

    /// Changes with every new content of the slot.
    pub(super) fn parity(self) -> bool {
        (self.0 >> PARITY) & 1 == 1
    }

    /// Nothing follows.
    pub(super) fn is_closed(self) -> bool {
        (self.0 >> CLOSED) & 1 == 1
    }

    /// The CPU on which the sender ran.
    #[expect(clippy::cast_possible_truncation, reason = "eight bits are meant")]
    pub(super) fn cpu(self) -> u8 {
        (self.0 >> CPU) as u8
    }
}

/// How far the ring has been written, and the last commit of the other way all of which has been taken.
///
/// It is stored before its commit, and may be newer than the commit that was loaded before it. So it has the parity, too: where that has not
/// come with a commit yet, the ring goes on with what stands after the new content of the slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Book {
    pub(super) tail: u32,
    pub(super) parity: bool,
    pub(super) acknowledged: u32,
}

impl Book {
    #[expect(clippy::cast_possible_truncation, reason = "the halves are meant")]
    pub(super) fn from_word(word: u64) -> Self {
        Self {
            tail: word as u32 & !1,
            parity: word & 1 == 1,
            acknowledged: (word >> 32) as u32,
        }
    }

    /// Pieces end at multiples of eight, so the lowest bit of the tail is free.
    pub(super) fn to_word(self) -> u64 {
        u64::from(self.tail) | u64::from(self.parity) | (u64::from(self.acknowledged) << 32)
    }
}

/// How far the ring has been read, and whether the receiver's side has closed: then nobody need read any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Progress {
    pub(super) head: u32,
    pub(super) closed: bool,
}

impl Progress {
    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    pub(super) fn from_word(word: u64) -> Self {
        Self {
            head: word as u32 & !1,
            closed: word & 1 == 1,
        }
    }

    /// Pieces begin at multiples of eight, so the lowest bit is free.
    pub(super) fn to_word(self) -> u64 {
        u64::from(self.head) | u64::from(self.closed)
    }
}

/// Whether somebody sleeps, and on what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Bed {
    /// Counts the sleeps. Odd from just before one until just after it.
    pub(super) turn: u32,
    /// What the word said when it was last looked at. Any other value ends the sleep.
    pub(super) expected: u32,
}

impl Bed {
    #[expect(clippy::cast_possible_truncation, reason = "the halves are meant")]
    pub(super) fn from_word(word: u64) -> Self {
        Self {
            turn: word as u32,
            expected: (word >> 32) as u32,
        }
    }

    pub(super) fn to_word(self) -> u64 {
        u64::from(self.turn) | (u64::from(self.expected) << 32)
    }

    pub(super) fn next_turn(self) -> u32 {
        self.turn.wrapping_add(1) | 1
    }
}

/// What stands before each piece of a frame in the ring, at a multiple of eight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece {
    pub(super) length: u32,
    pub(super) end: End,
    /// So many bytes of the frame follow at least, this piece's included, as far as its sender knows.
    pub(super) left: u64,
}

/// What a piece is to its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Others follow.
    More,
    /// The frame is whole.
    Last,
}

/// What stands before a piece.
pub(super) const HEADER: u32 = 8;

const END: u32 = 22;
const LEFT: u32 = 24;

impl Piece {
    pub(super) fn to_word(self) -> u64 {
        let end = match self.end {
            End::More => 0,
            End::Last => 1,
        };
        u64::from(self.length) | (end << END) | (self.left << LEFT)
    }

    /// `None` for what no sender of ours writes.
    pub(super) fn from_word(word: u64) -> Option<Self> {
        let length = u32::try_from(word & ((1 << END) - 1)).ok()?;
        let end = match (word >> END) & 3 {
            0 => End::More,
            1 => End::Last,
            _ => return None,
        };
        let left = word >> LEFT;
        // Zeros, as memory is that was taken away, are no piece.
        let is_some = length > 0 || end != End::More;
        (length <= RING - HEADER && is_some).then_some(Self { length, end, left })
    }

    /// What it takes in the ring.
    pub(super) fn room(length: u32) -> u32 {
        HEADER + length.next_multiple_of(8)
    }
}

#[cfg(not(loom))]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_post_is_one_cache_line_and_nobody_elses() {
        use std::mem::offset_of;
        assert_eq!(offset_of!(Post, starved), 64);
        assert_eq!(size_of::<Post>(), 128);
        assert_eq!(size_of::<Way>(), 256);
        assert_eq!(size_of::<Ways>(), 512);
    }

    #[test]
    fn words_say_what_was_put_into_them() {
        let commit = Commit::new(7, Slot::Frame(48), true, 255);
        assert_eq!((commit.sequence(), commit.cpu()), (7, 255));
        assert_eq!(commit.slot(), Some(Slot::Frame(48)));
        assert!(commit.parity() && !commit.is_closed() && commit.closed().is_closed());
        assert_eq!(commit.closed().slot(), commit.slot());
        assert_eq!(
            Commit::new(0, Slot::Restart, false, 0).slot(),
            Some(Slot::Restart)
        );
        assert_eq!(Commit(60 << LENGTH).slot(), None);
        let book = Book {
            tail: 24,
            parity: true,
            acknowledged: u32::MAX,
        };
        assert_eq!(Book::from_word(book.to_word()), book);
        let bed = Bed {
            turn: 7,
            expected: u32::MAX,
        };
        assert_eq!(Bed::from_word(bed.to_word()), bed);
        assert_eq!((bed.next_turn(), Bed::from_word(0).next_turn()), (9, 1));
        let progress = Progress {
            head: 16,
            closed: true,
        };
        assert_eq!(Progress::from_word(progress.to_word()), progress);
        let piece = Piece {
            length: RING - HEADER,
            end: End::Last,
            left: 1 << 39,
        };
        assert_eq!(Piece::from_word(piece.to_word()), Some(piece));
        assert_eq!(Piece::from_word(0), None);
        assert_eq!(Piece::from_word(2 << END), None);
        assert_eq!(Piece::from_word(3 << END), None);
        assert_eq!(Piece::from_word(u64::from(RING - 7)), None);
    }
}
