//! Atomic words of the model checker, and sleeping on them.
//!
//! A futex, as the kernel does it: it looks at the word and lies down under one lock, under which others wake it. Nobody is woken for no
//! reason here, and no deadline passes: what depends on either hangs, which the checker tells.

use std::ops::Deref;

use loom::sync::atomic;
pub(super) use loom::sync::atomic::{AtomicBool, AtomicU32, Ordering, fence};
use loom::sync::{Condvar, Mutex};

use crate::os::Deadline;

#[derive(Debug)]
pub(super) struct AtomicU64 {
    word: atomic::AtomicU64,
    lock: Mutex<()>,
    bed: Condvar,
}

impl AtomicU64 {
    pub(super) fn new(value: u64) -> Self {
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
pub(super) fn sleep(word: &AtomicU64, expected: u32, _: Deadline) {
    let lock = word.lock.lock().unwrap();
    if word.load(Ordering::Relaxed) as u32 == expected {
        drop(word.bed.wait(lock).unwrap());
    }
}

pub(super) fn wake(word: &AtomicU64) {
    let _lock = word.lock.lock().unwrap();
    word.bed.notify_all();
}
