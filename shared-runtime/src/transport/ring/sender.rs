//! The half of an end that sends.

use super::end::End;
use super::layout::{Book, Commit, End as PieceEnd, HEADER, Piece, Progress, RING, SLOT, Slot};
use super::memory::KEPT;
use super::sync::{AtomicU64, Ordering, wake};
use super::waiting::{LARGE, Look, cpu};
use crate::carriage::Waiting;
use crate::os::Deadline;
use crate::transport::connection::Broken;

/// The most bytes of one piece: the receiver copies one out while the next is copied in.
const PIECE: u32 = 16 << 10;

/// Frames up to this size stay in the part of the ring that an idle connection keeps.
const SMALL: usize = 4 << 10;
const SMALL_ROOM: u32 = HEADER + (4 << 10);

/// What may be sent next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// A new frame.
    Between,
    /// The rest of a frame that has been begun.
    Within,
    /// Nothing.
    Closed,
}

pub(super) struct Sender {
    /// The number of the last commit; its low half is in the post.
    sequence: u64,
    /// The last commit all of which the receiver is known to have taken.
    acknowledged: u64,
    /// Where the next piece goes.
    tail: u32,
    /// How far the receiver is known to have read.
    head: u32,
    slot: Slot,
    parity: bool,
    stage: Stage,
    /// The receiver's last sleep that we have ended.
    woken: u32,
    /// Whether the ring has been used beyond what an idle connection keeps.
    spread: bool,
    look: Look,
}

impl Sender {
    pub(super) fn new(waiting: Waiting) -> Self {
        Self {
            sequence: 0,
            acknowledged: 0,
            tail: 0,
            head: 0,
            slot: Slot::Frame(0),
            parity: false,
            stage: Stage::Between,
            woken: 0,
            spread: false,
            look: Look::new(waiting),
        }
    }

    /// As if so much had been sent already.
    #[cfg(all(test, not(loom)))]
    pub(super) fn begin_at(&mut self, position: u32, sequence: u32) {
        (self.tail, self.head) = (position, position);
        (self.sequence, self.acknowledged) = (sequence.into(), sequence.into());
    }

    /// The other side says that it has taken everything up to this commit.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low half is compared")]
    pub(super) fn acknowledge(&mut self, sequence: u32) -> Result<(), Broken> {
        let more = sequence.wrapping_sub(self.acknowledged as u32);
        self.acknowledged += u64::from(more);
        if self.acknowledged > self.sequence {
            return Err(Broken::Corrupt("an acknowledgement of nothing".into()));
        }
        Ok(())
    }

    /// Whether the receiver has taken everything.
    fn is_quiet(&self) -> bool {
        self.acknowledged == self.sequence
    }

    /// Sends a frame. `taken` is the last commit of the other side all of which has been taken here.
    pub(super) fn send(
        &mut self,
        end: &End,
        taken: u32,
        head: &[u8],
        body: &[u8],
        deadline: Deadline,
    ) -> Result<(), Broken> {
        self.refuse_if_closed(end)?;
        let length = head.len() + body.len();
        if length <= SLOT && self.is_quiet() && self.stage == Stage::Between {
            self.put_in_slot(end, head, body);
            self.commit(end, taken);
            return Ok(());
        }
        self.send_pieces(end, taken, (head, body), true, deadline)
    }

    /// Sends the two as pieces of a frame: as the last of it, or not.
    pub(super) fn send_pieces(
        &mut self,
        end: &End,
        taken: u32,
        (first, rest): (&[u8], &[u8]),
        is_end: bool,
        deadline: Deadline,
    ) -> Result<(), Broken> {
        self.refuse_if_closed(end)?;
        let mut left = first.len() + rest.len();
        if self.is_quiet() {
            self.head = self.tail;
            let is_small = is_end && self.stage == Stage::Between && left <= SMALL;
            if is_small && self.tail % RING + SMALL_ROOM > KEPT {
                self.restart(end);
            }
        }
        let mut parts = Parts { first, rest };
        loop {
            let room = self.room(end, left, deadline)?;
            let (first, rest) = parts.take(room as usize);
            let piece = Piece {
                length: room,
                end: if is_end && left == room as usize {
                    PieceEnd::Last
                } else {
                    PieceEnd::More
                },
                left: left as u64,
            };
            left -= room as usize;
            self.put_in_ring(end, piece, first, rest);
            self.stage = match piece.end {
                PieceEnd::Last => Stage::Between,
                PieceEnd::More => Stage::Within,
            };
            self.commit(end, taken);
            if left == 0 {
                return Ok(());
            }
        }
    }

    /// Says that nothing follows.
    pub(super) fn close(&mut self, end: &End, taken: u32) {
        if self.stage != Stage::Closed {
            self.stage = Stage::Closed;
            self.commit(end, taken);
            // Whatever has been written over its flag: nothing more will wake it.
            wake(&end.out().post.commit);
        }
    }

    fn refuse_if_closed(&self, end: &End) -> Result<(), Broken> {
        if self.stage == Stage::Closed || end.is_cut() {
            return Err(Broken::Closed);
        }
        Ok(())
    }

    /// Gives memory back that only large frames need, where nothing is on the way.
    pub(super) fn trim(&mut self, end: &End) {
        let word = end.out().place.head.load(Ordering::Acquire);
        self.read_up_to(Progress::from_word(word).head);
        if self.is_quiet() || self.head == self.tail {
            self.spread = false;
            end.out_ring().trim();
        }
    }

    /// Whether there is anything to give back.
    #[inline]
    pub(super) fn has_spread(&self) -> bool {
        self.spread
    }

    fn put_in_slot(&mut self, end: &End, head: &[u8], body: &[u8]) {
        let mut words = Words {
            slot: end.out().post.slot.iter(),
            word: 0,
            bits: 0,
        };
        words.put(head);
        words.put(body);
        words.end();
        self.slot = Slot::Frame(head.len() + body.len());
        self.parity = !self.parity;
    }

    /// Has the ring read on from its start. The receiver has taken everything, so the slot is free to say so.
    fn restart(&mut self, end: &End) {
        // The next multiple; the last one is the first again.
        self.tail = self.tail.div_ceil(RING).wrapping_mul(RING);
        self.head = self.tail;
        end.out().post.slot[0].store(u64::from(self.tail), Ordering::Relaxed);
        self.slot = Slot::Restart;
        self.parity = !self.parity;
    }

    fn put_in_ring(&mut self, end: &End, piece: Piece, first: &[u8], rest: &[u8]) {
        let ring = end.out_ring();
        let at = self.tail.wrapping_add(HEADER);
        ring.word(self.tail)
            .store(piece.to_word(), Ordering::Relaxed);
        ring.write(at, first);
        let after = piece
            .length
            .saturating_sub(u32::try_from(rest.len()).unwrap_or(piece.length));
        ring.write(at.wrapping_add(after), rest);
        self.spread |= self.tail % RING + Piece::room(piece.length) > KEPT;
        self.tail = self.tail.wrapping_add(Piece::room(piece.length));
    }

    /// Announces what has been put down. The one store of the commit makes all of it seen, or none.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the low half is sent")]
    fn commit(&mut self, end: &End, taken: u32) {
        self.sequence += 1;
        let way = end.out();
        let book = Book {
            tail: self.tail,
            parity: self.parity,
            acknowledged: taken,
        };
        way.post.book.store(book.to_word(), Ordering::Release);
        let commit = Commit::new(self.sequence as u32, self.slot, self.parity, cpu());
        let commit = match self.stage {
            Stage::Closed => commit.closed(),
            _ => commit,
        };
        way.post.commit.store(commit.0, Ordering::Release);
        let (word, bed) = (&way.post.commit, &way.place.parked);
        End::unpark(word, commit.sequence(), bed, &mut self.woken);
    }

    /// How many bytes of a frame of which so many are left go into the next piece. Waits until it is worth while.
    fn room(&mut self, end: &End, left: usize, deadline: Deadline) -> Result<u32, Broken> {
        let wanted = u32::try_from(left).unwrap_or(PIECE).min(PIECE);
        if self.free() >= Piece::room(wanted) {
            return Ok(wanted);
        }
        loop {
            let word = end.out().place.head.load(Ordering::Acquire);
            let progress = Progress::from_word(word);
            self.read_up_to(progress.head);
            if self.free() >= Piece::room(wanted) {
                return Ok(wanted);
            }
            if progress.closed || end.is_cut() {
                return Err(Broken::Closed);
            }
            if deadline.passed() {
                return Err(Broken::TimedOut);
            }
            self.wait(end, word, left, deadline);
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
    fn wait(&mut self, end: &End, word: u64, left: usize, deadline: Deadline) {
        let other = Commit(end.back().post.commit.load(Ordering::Relaxed));
        let (head, starved) = (&end.out().place.head, &end.out().post.starved);
        let same_cpu = other.cpu() == cpu();
        let moved = || head.load(Ordering::Relaxed) != word;
        let sleep = || end.park(head, word as u32, starved, deadline);
        self.look
            .wait(same_cpu, left >= LARGE, false, deadline, moved, sleep);
    }

    fn free(&self) -> u32 {
        RING - self.tail.wrapping_sub(self.head)
    }

    /// What the receiver says may be old, or no truth at all: only what lies between the known head and the tail counts.
    fn read_up_to(&mut self, head: u32) {
        if head.wrapping_sub(self.head) <= self.tail.wrapping_sub(self.head) {
            self.head = head;
        }
    }
}

/// Bytes on their way into the words of a slot, which are put together in a register: what is stored as bytes and loaded as a word at once
/// has to be waited for.
struct Words<'a> {
    slot: std::slice::Iter<'a, AtomicU64>,
    word: u64,
    /// So many bits of the word are there.
    bits: u32,
}

impl Words<'_> {
    #[inline]
    fn put(&mut self, bytes: &[u8]) {
        let (whole, rest) = bytes.as_chunks();
        for bytes in whole {
            self.push(u64::from_le_bytes(*bytes), u64::BITS);
        }
        let last = rest.iter().rev();
        let last = last.fold(0, |last, byte| last << 8 | u64::from(*byte));
        self.push(last, 8 * u32::try_from(rest.len()).unwrap_or_default());
    }

    /// Appends a number of so many bits; the others of it are zero.
    #[inline]
    fn push(&mut self, number: u64, bits: u32) {
        self.word |= number << self.bits;
        self.bits += bits;
        if self.bits >= u64::BITS {
            self.store();
            self.bits -= u64::BITS;
            self.word = number.checked_shr(bits - self.bits).unwrap_or(0);
        }
    }

    #[inline]
    fn end(mut self) {
        if self.bits > 0 {
            self.store();
        }
    }

    #[inline]
    fn store(&mut self) {
        if let Some(word) = self.slot.next() {
            word.store(self.word, Ordering::Relaxed);
        }
    }
}

/// A frame that is cut into pieces.
struct Parts<'a> {
    first: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Parts<'a> {
    fn take(&mut self, length: usize) -> (&'a [u8], &'a [u8]) {
        let (first, later) = self.first.split_at(length.min(self.first.len()));
        let (rest, last) = self.rest.split_at(length - first.len());
        (self.first, self.rest) = (later, last);
        (first, rest)
    }
}
