//! The floor's cache lines, and nobody spins: each waits in the kernel until the other wakes it. What every call that sleeps costs.

use std::sync::atomic::{AtomicU32, Ordering};

use rustix::thread::futex;

use crate::child;
use crate::contender::{Contender, Result, Running, Setup, Work};
use crate::floor::start;
use crate::lines::{Lines, Wait};

pub(crate) struct Futex;

struct Sleep;

impl Wait for Sleep {
    fn until(word: &AtomicU32, number: u32) {
        loop {
            let now = word.load(Ordering::Acquire);
            if now == number {
                return;
            }
            // Not private: the other one is another process. Whatever it returns, the word is read again.
            let _ = futex::wait(word, futex::Flags::empty(), now, None);
        }
    }

    fn wake(word: &AtomicU32) {
        // There is at most one that waits.
        let _ = futex::wake(word, futex::Flags::empty(), 1);
    }
}

impl Contender for Futex {
    fn name(&self) -> &'static str {
        "futex"
    }

    fn does(&self, work: Work, threads: usize) -> bool {
        threads == 1 && matches!(work, Work::Add | Work::Echo(_))
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        start::<Sleep>(self.name(), setup)
    }

    fn serve(&self, _: &str) -> Result<()> {
        Lines::<Sleep>::map(child::handed_over()?)?.serve()
    }
}
