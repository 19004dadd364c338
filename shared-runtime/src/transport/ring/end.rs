//! One end of a connection, as its sender, its receiver and whoever cuts it off share it.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::sync::{Arc, Weak};
use std::time::Duration;

use rustix::event::PollFlags;

use super::layout::{Bed, Place, Post, Way};
use super::memory::{Memory, Ring};
use super::sync::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence, sleep, wake};
use crate::os::{Cut, Deadline, MONITOR, Next, Watch};

/// How often those who sleep on a connection that was cut off are woken until they have noticed.
const AGAIN: Duration = Duration::from_millis(1);

/// Which side of the memory is ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Side {
    /// The one that made it.
    Offers,
    Accepts,
}

pub(super) struct End {
    this: Weak<Self>,
    memory: Memory,
    side: Side,
    /// Whoever is in or about to enter a sleep.
    sleepers: AtomicU32,
    cut: AtomicBool,
}

impl End {
    pub(super) fn new(memory: Memory, side: Side) -> Arc<Self> {
        Arc::new_cyclic(|this| Self {
            this: Weak::clone(this),
            memory,
            side,
            sleepers: AtomicU32::new(0),
            cut: AtomicBool::new(false),
        })
    }

    fn way(&self, out: bool) -> (usize, &Way) {
        let index = usize::from(out != (self.side == Side::Offers));
        (index, &self.memory.ways().0[index])
    }

    /// What we write and the other side reads.
    pub(super) fn out(&self) -> &Way {
        self.way(true).1
    }

    /// What the other side writes and we read.
    pub(super) fn back(&self) -> &Way {
        self.way(false).1
    }

    pub(super) fn out_ring(&self) -> Ring<'_> {
        self.memory.ring(self.way(true).0)
    }

    pub(super) fn back_ring(&self) -> Ring<'_> {
        self.memory.ring(self.way(false).0)
    }

    /// The other side's process has ended, or the connection was cut off here.
    pub(super) fn is_cut(&self) -> bool {
        self.cut.load(Ordering::Acquire)
    }

    /// Sleeps until the low half of `word`, which the other side writes, is not `expected` any more; or for no reason. `bed` is ours, and
    /// tells the other side that it must wake us.
    ///
    /// Who posts stores the word, then looks at the bed; we set the bed, then look at the word. The fences keep each from doing the second
    /// before the first, so one of us sees the other.
    pub(super) fn park(
        &self,
        word: &AtomicU64,
        expected: u32,
        bed: &AtomicU64,
        deadline: Deadline,
    ) {
        let turn = Bed::from_word(bed.load(Ordering::Relaxed)).next_turn();
        bed.store(Bed { turn, expected }.to_word(), Ordering::Relaxed);
        fence(Ordering::SeqCst);
        #[expect(clippy::cast_possible_truncation, reason = "the low half is meant")]
        if word.load(Ordering::Relaxed) as u32 == expected {
            // Counted before the look: whoever cuts looks the other way round.
            self.sleepers.fetch_add(1, Ordering::Relaxed);
            fence(Ordering::SeqCst);
            if !self.is_cut() {
                sleep(word, expected, deadline);
            }
            self.sleepers.fetch_sub(1, Ordering::Release);
        }
        let turn = turn.wrapping_add(1);
        bed.store(Bed { turn, expected }.to_word(), Ordering::Relaxed);
    }

    /// Wakes the other side if it sleeps on `word`, whose low half has just become `posted`. `woken` is the sleep that has been ended
    /// already.
    ///
    /// Who has seen `posted` before it lay down waits for more. To wake it for this would be for nothing, and to note it as woken would be
    /// wrong: it may not be asleep yet, and would not be woken for the next.
    pub(super) fn unpark(word: &AtomicU64, posted: u32, bed: &AtomicU64, woken: &mut u32) {
        fence(Ordering::SeqCst);
        let Bed { turn, expected } = Bed::from_word(bed.load(Ordering::Relaxed));
        if turn & 1 == 1 && turn != *woken && expected != posted {
            *woken = turn;
            wake(word);
        }
    }

    /// Whoever sleeps here may be between its look at the mark and its sleep: it must be woken until it has gone.
    pub(super) fn mark_cut(&self) {
        self.cut.store(true, Ordering::Release);
        fence(Ordering::SeqCst);
        self.wake_all();
    }

    pub(super) fn wake_all(&self) {
        let Post { commit, .. } = &self.back().post;
        let Place { head, .. } = &self.out().place;
        wake(commit);
        wake(head);
    }

    pub(super) fn is_asleep(&self) -> bool {
        self.sleepers.load(Ordering::Acquire) > 0
    }
}

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("End")
            .field("side", &self.side)
            .field("cut", &self.is_cut())
            .finish_non_exhaustive()
    }
}

impl Cut for End {
    fn cut(&self) {
        self.mark_cut();
        let Some(end) = self.this.upgrade() else {
            return;
        };
        let next = Deadline::after(Some(AGAIN));
        if self.is_asleep() && !MONITOR.run(Box::new(Waking { end, next })) {
            while self.is_asleep() {
                std::thread::sleep(AGAIN);
                self.wake_all();
            }
        }
    }
}

/// Wakes the sleepers of an end that was cut off.
struct Waking {
    end: Arc<End>,
    next: Deadline,
}

impl Watch for Waking {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Vec::new()
    }

    fn deadline(&self) -> Deadline {
        self.next
    }

    fn ready(&mut self) -> Next {
        self.end.wake_all();
        self.next = Deadline::after(Some(AGAIN));
        if self.end.is_asleep() {
            Next::Wait
        } else {
            Next::Done
        }
    }
}
