//! Atomic words and sleeping on them: the machine's, or those of the model checker.

#[cfg(not(loom))]
pub(super) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};

#[cfg(loom)]
pub(super) use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};

#[cfg(loom)]
pub(super) use modelled::{AtomicU64, sleep, wake};

#[cfg(not(loom))]
use rustix::io::Errno;
#[cfg(not(loom))]
use rustix::thread::futex;

#[cfg(not(loom))]
use crate::os::Deadline;

/// Sleeps until the low half of `word` is woken or is not `expected` any more, or the deadline passes; or for no reason.
#[cfg(not(loom))]
pub(super) fn sleep(word: &AtomicU64, expected: u32, deadline: Deadline) {
    let timeout = deadline.remaining().map(|left| futex::Timespec {
        tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: left.subsec_nanos().into(),
    });
    // Whatever ends the sleep, the caller looks for itself. A futex cannot fail otherwise: the word is mapped and aligned.
    let slept = futex::wait(
        low_half(word),
        futex::Flags::empty(),
        expected,
        timeout.as_ref(),
    );
    debug_assert!(matches!(
        slept,
        Ok(()) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT)
    ));
}

/// Wakes whoever sleeps on `word`, in any process.
#[cfg(not(loom))]
pub(super) fn wake(word: &AtomicU64) {
    // Nobody need sleep there.
    let _ = futex::wake(low_half(word), futex::Flags::empty(), u32::MAX >> 1);
}

#[cfg(not(loom))]
fn low_half(word: &AtomicU64) -> &AtomicU32 {
    const { assert!(cfg!(target_endian = "little")) };
    let word: *const AtomicU64 = word;
    // SAFETY: the first four bytes of an atomic word of eight, as long as that lives. Only the kernel reads them as a word of their
    // own; Rust code only ever loads and stores the whole.
    unsafe { &*word.cast::<AtomicU32>() }
}

/// A futex, as the kernel does it: it looks at the word and lies down under one lock, under which others wake it. Nobody is woken for no
/// reason here, and no deadline passes: what depends on either hangs, which the checker tells.
#[cfg(loom)]
mod modelled {
    use std::ops::Deref;

    use loom::sync::{Condvar, Mutex, atomic};

    use super::Ordering;
    use crate::os::Deadline;

    #[derive(Debug)]
    pub(in super::super) struct AtomicU64 {
        word: atomic::AtomicU64,
        lock: Mutex<()>,
        bed: Condvar,
    }

    impl AtomicU64 {
        pub(in super::super) fn new(value: u64) -> Self {
            Self {
                word: atomic::AtomicU64::new(value),
                lock: Mutex::new(()),
                bed: Condvar::new(),
            }
        }
    }

    impl Deref for AtomicU64 {
        type Target = atomic::AtomicU64;

        fn deref(&self) -> &Self::Target {
            &self.word
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "the low half is compared")]
    pub(in super::super) fn sleep(word: &AtomicU64, expected: u32, _: Deadline) {
        let lock = word.lock.lock().unwrap();
        if word.load(Ordering::Relaxed) as u32 == expected {
            drop(word.bed.wait(lock).unwrap());
        }
    }

    pub(in super::super) fn wake(word: &AtomicU64) {
        let _lock = word.lock.lock().unwrap();
        word.bed.notify_all();
    }
}
