//! A lock in shared memory that outlives its holders: its word says who has it, and whoever waits sees when that process has ended.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use rustix::io::Errno;
use rustix::thread::futex;

use crate::context;
use crate::error::{Error, ErrorKind};
use crate::os::{Deadline, Owner};

/// In the word beside the owner: somebody may sleep.
const CONTENDED: u64 = 1 << 31;

/// How often a waiter looks before it sleeps: about as long as a short write takes.
const LOOKS: usize = 200;

/// How long a waiter sleeps before it looks whether the holder lives.
const SLICE: Duration = Duration::from_millis(10);

/// Where the lock is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lock<'a> {
    pub(super) word: &'a AtomicU64,
    /// The half of the word with the id and [`CONTENDED`].
    pub(super) low: &'a AtomicU32,
}

/// The lock, held until this is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    lock: Lock<'a>,
    own: u64,
    /// The last holder has ended with the lock in its hands, and may have been in the middle of something.
    pub(super) is_inherited: bool,
}

impl<'a> Lock<'a> {
    /// Waits for the lock.
    ///
    /// Fails with `Timeout` when `patience` is over; in a method also when its caller waits no more.
    #[inline]
    pub(super) fn hold(self, patience: Duration) -> Result<Held<'a>, Error> {
        let own = Owner::this().word();
        if self.take(0, own) {
            return Ok(Held::new(self, own, false));
        }
        self.wait(own, patience)
    }

    #[cold]
    fn wait(self, own: u64, patience: Duration) -> Result<Held<'a>, Error> {
        for _ in 0..LOOKS {
            std::hint::spin_loop();
            if self.word.load(Ordering::Relaxed) == 0 && self.take(0, own) {
                return Ok(Held::new(self, own, false));
            }
        }
        let deadline = Deadline::after(Some(patience));
        let context = context::current();
        loop {
            let seen = self.word.load(Ordering::Relaxed);
            // Others may sleep beside this thread, whom its release must wake.
            if seen == 0 && self.take(0, own | CONTENDED) {
                return Ok(Held::new(self, own, false));
            }
            let holder = seen | CONTENDED;
            let is_marked = seen != 0 && (seen == holder || self.take(seen, holder));
            if is_marked
                && self.slept(holder)
                && is_gone(holder)
                && self.take(holder, own | CONTENDED)
            {
                return Ok(Held::new(self, own, true));
            }
            context.check_wanted("the lock of a list")?;
            if deadline.passed() {
                return Err(timeout(holder, patience));
            }
        }
    }

    /// Whether the lock was in that state and is in the other one now.
    #[inline]
    fn take(self, from: u64, to: u64) -> bool {
        self.word
            .compare_exchange(from, to, Ordering::Acquire, Ordering::Relaxed)
            .is_ok()
    }

    /// Sleeps while `holder` has the lock: whether it still had it when the slice was over, or a signal came. A process may have signals more often
    /// than that.
    fn slept(self, holder: u64) -> bool {
        let slice = futex::Timespec {
            tv_sec: 0,
            tv_nsec: SLICE.subsec_nanos().into(),
        };
        let low = u32::try_from(holder & u64::from(u32::MAX)).unwrap_or(0);
        // Not a private futex: other processes wake it.
        let slept = futex::wait(self.low, futex::Flags::empty(), low, Some(&slice));
        matches!(slept, Err(Errno::TIMEDOUT | Errno::INTR))
    }
}

impl<'a> Held<'a> {
    #[inline]
    fn new(lock: Lock<'a>, own: u64, is_inherited: bool) -> Self {
        Self {
            lock,
            own,
            is_inherited,
        }
    }

    #[cold]
    fn release_contended(&self) {
        let contended = self.own | CONTENDED;
        let released =
            self.lock
                .word
                .compare_exchange(contended, 0, Ordering::Release, Ordering::Relaxed);
        // If the word is another's, somebody has scribbled into the block: it is not for this thread to release.
        if released.is_ok() {
            let _ = futex::wake(self.lock.low, futex::Flags::empty(), 1);
        }
    }
}

impl Drop for Held<'_> {
    #[inline]
    fn drop(&mut self) {
        let released =
            self.lock
                .word
                .compare_exchange(self.own, 0, Ordering::Release, Ordering::Relaxed);
        if released.is_err() {
            self.release_contended();
        }
    }
}

/// Whether the holder has ended, or the word never named one.
fn is_gone(holder: u64) -> bool {
    let owner = Owner::in_word(holder);
    owner.pid() == 0 || owner.has_ended()
}

fn timeout(holder: u64, patience: Duration) -> Error {
    let text = format!(
        "process {} has had the lock of the list for {} seconds: it is stopped, or runs where its end is not seen from here",
        Owner::in_word(holder).pid(),
        patience.as_secs_f32()
    );
    Error::new(ErrorKind::Timeout, text)
}
