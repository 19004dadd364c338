//! Atomic words, and sleeping on them. The model checker has its own, in `modelled`.

pub(super) use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering, fence};

use rustix::io::Errno;
use rustix::thread::futex;

use crate::os::Deadline;

/// Sleeps until the low half of `word` is woken or is not `expected` any more, or the deadline passes; or for no reason.
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
pub(super) fn wake(word: &AtomicU64) {
    // Nobody need sleep there.
    let _ = futex::wake(low_half(word), futex::Flags::empty(), u32::MAX >> 1);
}

fn low_half(word: &AtomicU64) -> &AtomicU32 {
    const { assert!(cfg!(target_endian = "little")) };
    let word: *const AtomicU64 = word;
    // SAFETY: the first four bytes of an atomic word of eight, as long as that lives. Only the kernel reads them as a word of their
    // own; Rust code only ever loads and stores the whole.
    unsafe { &*word.cast::<AtomicU32>() }
}
