//! The half of an end that receives. Nothing that it reads is believed.

use super::apart::Apart;
use super::end::End;
use super::layout::{Book, Commit, End as PieceEnd, HEADER, Piece, Progress, RING, SLOT, Slot};
use super::memory::KEPT;
use super::sync::{Ordering, wake};
use super::waiting::{LARGE, Look, cpu};
use crate::carriage::Waiting;
use crate::os::Deadline;
use crate::transport::connection::Broken;

/// The place is published after so many bytes, and whenever there is nothing to read.
const PUBLISHED: u32 = RING / 8;

/// No frame is believed to be larger than this before it has come.
const BELIEVED: usize = 64 << 20;

/// So many parts of a frame, about a ring of them, are taken between two looks at the clock.
const PATIENCE: u32 = 128;

pub(super) struct Receiver {
    /// The last commit that was looked at.
    seen: Commit,
    /// The book that was read with it.
    book: Book,
    /// The last commit all of which has been taken.
    taken: u32,
    /// What the other side said it had taken of ours, when it was last looked at.
    acknowledged: u32,
    /// Where the next piece is read.
    head: u32,
    /// The head that the sender knows.
    published: u32,
    /// Our side has closed.
    closed: bool,
    parity: bool,
    /// The pieces of a frame that has not arrived whole.
    partial: Vec<u8>,
    /// Set when the end was found cut off: what the post said by then is still read.
    last: Option<(Commit, Book)>,
    pace: Pace,
    look: Look,
    /// Of a server's thread.
    apart: Option<Apart>,
}

/// How frames have been coming.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    Singly,
    /// Several at a time.
    Together,
    Large,
}

/// What was found.
enum Found {
    Frame,
    /// A part of one.
    Some,
    Nothing,
    Closed,
}

impl Receiver {
    /// `may_move`: its thread may be moved away from the CPU of the other side.
    pub(super) fn new(waiting: Waiting, may_move: bool) -> Self {
        Self {
            seen: Commit(0),
            book: Book::from_word(0),
            taken: 0,
            acknowledged: 0,
            head: 0,
            published: 0,
            closed: false,
            parity: false,
            partial: Vec::new(),
            last: None,
            pace: Pace::Singly,
            look: Look::new(waiting),
            apart: (may_move && waiting == Waiting::Adaptive).then(Apart::default),
        }
    }

    /// As if so much had come already.
    #[cfg(all(test, not(loom)))]
    pub(super) fn begin_at(&mut self, position: u32, sequence: u32) {
        (self.head, self.published) = (position, position);
        self.book.tail = position;
        (self.taken, self.seen) = (sequence, Commit(sequence.into()));
    }

    /// As if so much of ours had been taken already.
    #[cfg(all(test, not(loom)))]
    pub(super) fn was_acknowledged(&mut self, sequence: u32) {
        self.acknowledged = sequence;
    }

    /// The last commit all of which has been taken.
    #[inline]
    pub(super) fn taken(&self) -> u32 {
        self.taken
    }

    /// What the other side has taken.
    #[inline]
    pub(super) fn acknowledged(&self) -> u32 {
        self.acknowledged
    }

    /// Puts the next frame into `frame`, in the place of what it held, if it is there.
    #[inline]
    pub(super) fn receive_now(
        &mut self,
        end: &End,
        frame: &mut Vec<u8>,
        limit: usize,
    ) -> Result<bool, Broken> {
        if !self.partial.is_empty() {
            return Ok(false);
        }
        frame.clear();
        loop {
            match self.take(end, frame, limit)? {
                Found::Frame => {
                    self.note(frame.len());
                    return Ok(true);
                }
                Found::Some if frame.is_empty() => {}
                Found::Some => {
                    // The rest of a large frame is waited for.
                    std::mem::swap(frame, &mut self.partial);
                    return Ok(false);
                }
                Found::Nothing => return Ok(false),
                Found::Closed => return Err(Broken::Closed),
            }
        }
    }

    /// Puts the next frame into `frame`, in the place of what it held.
    #[inline]
    pub(super) fn receive(
        &mut self,
        end: &End,
        frame: &mut Vec<u8>,
        limit: usize,
        deadline: Deadline,
    ) -> Result<(), Broken> {
        if self.partial.is_empty() {
            frame.clear();
        } else {
            std::mem::swap(frame, &mut self.partial);
            self.partial.clear();
        }
        let mut parts = 0u32;
        loop {
            let nothing = match self.take(end, frame, limit)? {
                Found::Frame => {
                    self.note(frame.len());
                    return Ok(());
                }
                Found::Some => false,
                Found::Closed => return Err(Broken::Closed),
                Found::Nothing => true,
            };
            // What is there is taken even when it is late. But a sender could always have more.
            parts = parts.wrapping_add(1);
            if (nothing || parts.is_multiple_of(PATIENCE)) && deadline.passed() {
                // What has come of a frame is kept for the next look.
                std::mem::swap(frame, &mut self.partial);
                return Err(Broken::TimedOut);
            }
            if nothing {
                self.wait(end, frame.len(), deadline);
            }
        }
    }

    /// Notes that a frame of so many bytes has come.
    #[inline]
    fn note(&mut self, length: usize) {
        if length >= LARGE {
            self.pace = Pace::Large;
        } else if self.pace == Pace::Large {
            self.pace = Pace::Singly;
        }
    }

    /// Takes what is there.
    #[inline]
    fn take(&mut self, end: &End, frame: &mut Vec<u8>, limit: usize) -> Result<Found, Broken> {
        let is_new = !self.has_more();
        if is_new {
            (self.seen, self.book) = self.last.unwrap_or_else(|| Self::look_at(end));
            self.acknowledged = self.book.acknowledged;
        }
        let (seen, book) = (self.seen, self.book);
        // A frame in the slot came before what is in the ring: its sender had seen the ring empty. If only the book tells of it, its commit
        // is about to come.
        let found = if seen.parity() != self.parity {
            self.parity = seen.parity();
            // The sender had seen the ring empty.
            self.pace = Pace::Singly;
            self.take_slot(end, book.tail, frame, limit)?
        } else if book.tail != self.head && book.parity == self.parity {
            let found = self.take_piece(end, book.tail, frame, limit)?;
            let several = !is_new || book.tail != self.head;
            self.pace = if several {
                Pace::Together
            } else {
                Pace::Singly
            };
            found
        } else if seen.is_closed() || self.last.is_some() {
            return Ok(Found::Closed);
        } else if end.is_cut() {
            // It may have written between the two looks.
            self.last = Some(Self::look_at(end));
            return Ok(Found::Some);
        } else {
            return Ok(Found::Nothing);
        };
        if book.tail == self.head {
            self.taken = seen.sequence();
        }
        Ok(found)
    }

    /// Whether the last look told of pieces that have not been taken: they are there, whatever has come since. To look again for each of
    /// them is to ask for the line that the sender writes.
    #[inline]
    fn has_more(&self) -> bool {
        let is_known = self.seen.parity() == self.parity && self.book.parity == self.parity;
        is_known && self.book.tail != self.head
    }

    /// The commit first: the book is as new at least.
    #[inline]
    fn look_at(end: &End) -> (Commit, Book) {
        let post = &end.back().post;
        let commit = Commit(post.commit.load(Ordering::Acquire));
        (commit, Book::from_word(post.book.load(Ordering::Acquire)))
    }

    #[inline]
    fn take_slot(
        &mut self,
        end: &End,
        tail: u32,
        frame: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Found, Broken> {
        let slot = &end.back().post.slot;
        match self.seen.slot() {
            Some(Slot::Frame(length)) if frame.is_empty() => {
                if length > limit {
                    return Err(Broken::TooLarge { size: length });
                }
                frame.reserve(SLOT);
                for word in &slot[..length.div_ceil(8)] {
                    frame.extend_from_slice(&word.load(Ordering::Relaxed).to_le_bytes());
                }
                frame.truncate(length);
                Ok(Found::Frame)
            }
            Some(Slot::Restart) => self.restart(slot[0].load(Ordering::Relaxed), tail),
            _ => Err(Broken::Corrupt("a slot that no frame fills".into())),
        }
    }

    #[cold]
    fn restart(&mut self, start: u64, tail: u32) -> Result<Found, Broken> {
        let start = u32::try_from(start).ok().filter(|start| {
            start % RING == 0
                && start.wrapping_sub(self.head) <= RING
                && tail.wrapping_sub(*start) <= RING
        });
        self.head = start.ok_or_else(|| Broken::Corrupt("a ring that restarts nowhere".into()))?;
        Ok(Found::Some)
    }

    fn take_piece(
        &mut self,
        end: &End,
        tail: u32,
        frame: &mut Vec<u8>,
        limit: usize,
    ) -> Result<Found, Broken> {
        let ring = end.back_ring();
        let there = tail.wrapping_sub(self.head);
        let piece = Piece::from_word(ring.word(self.head).load(Ordering::Relaxed));
        let Some(piece) = piece.filter(|piece| {
            there <= RING && self.head.is_multiple_of(8) && Piece::room(piece.length) <= there
        }) else {
            return Err(Broken::Corrupt("a piece that is not in the ring".into()));
        };
        let size = frame
            .len()
            .saturating_add(usize::try_from(piece.left).unwrap_or(usize::MAX));
        let size = size.max(frame.len() + piece.length as usize);
        if size > limit {
            return Err(Broken::TooLarge { size });
        }
        if piece.end == PieceEnd::More && frame.is_empty() {
            // Without it the frame grows as it comes.
            let _ = frame.try_reserve_exact(size.min(BELIEVED));
        }
        ring.read(self.head.wrapping_add(HEADER), piece.length, frame);
        self.head = self.head.wrapping_add(Piece::room(piece.length));
        if self.head.wrapping_sub(self.published) >= PUBLISHED {
            self.publish(end);
        }
        match piece.end {
            PieceEnd::More => Ok(Found::Some),
            PieceEnd::Last => Ok(Found::Frame),
        }
    }

    /// Tells the sender how far the ring is free.
    #[cold]
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half is what it sleeps on"
    )]
    fn publish(&mut self, end: &End) {
        self.published = self.head;
        let way = end.back();
        let progress = Progress {
            head: self.head,
            closed: self.closed,
        };
        let posted = progress.to_word();
        way.place.head.store(posted, Ordering::Release);
        // The sender sleeps again and again while it waits for room, and never twice in one sleep.
        End::unpark(&way.place.head, posted as u32, &way.post.starved, &mut 0);
    }

    /// Nothing comes for a while: says how far the ring has been read, and keeps no large buffer.
    pub(super) fn rest(&mut self, end: &End, frame: &mut Vec<u8>) {
        if self.published != self.head {
            self.publish(end);
        }
        for buffer in [frame, &mut self.partial] {
            if buffer.is_empty() && buffer.capacity() > KEPT as usize {
                *buffer = Vec::new();
            }
        }
    }

    /// Says that whoever waits for room waits for nothing. What comes is still received.
    pub(super) fn close(&mut self, end: &End) {
        if !self.closed {
            self.closed = true;
            self.publish(end);
            // Whatever has been written over its flag: nothing else may wake it.
            wake(&end.back().place.head);
        }
    }

    #[inline]
    fn wait(&mut self, end: &End, come: usize, deadline: Deadline) {
        if self.published != self.head {
            self.publish(end);
        }
        let (commit, parked) = (&end.back().post.commit, &end.back().place.parked);
        let seen = self.seen;
        let cpu = cpu();
        let same_cpu = seen.cpu() == cpu && seen.sequence() != 0;
        if let Some(apart) = &mut self.apart {
            apart.note(same_cpu, cpu);
        }
        let large = self.pace == Pace::Large || come >= LARGE;
        let moved = || commit.load(Ordering::Relaxed) != seen.0;
        let sleep = || end.park(commit, seen.sequence(), parked, deadline);
        let lazily = self.pace == Pace::Together;
        self.look
            .wait(same_cpu, large, lazily, deadline, moved, sleep);
    }
}
