//! What stands in for the memory of a connection under the model checker: words of its own, which it can mix up as a machine could.

use std::io;
use std::os::fd::{BorrowedFd, OwnedFd};
use std::sync::Arc;

use super::layout::{Place, Post, RING, Way, Ways};
use super::sync::{AtomicU64, Ordering};

/// All of it.
pub(super) const KEPT: u32 = 16 << 10;

/// Both sides have the same.
#[derive(Clone)]
pub(super) struct Memory(Arc<Shared>);

struct Shared {
    ways: Ways,
    rings: [Vec<AtomicU64>; 2],
}

impl Memory {
    pub(super) fn new() -> Self {
        let way = || Way {
            post: Post {
                commit: AtomicU64::new(0),
                book: AtomicU64::new(0),
                slot: std::array::from_fn(|_| AtomicU64::new(0)),
                starved: AtomicU64::new(0),
            },
            place: Place {
                head: AtomicU64::new(0),
                parked: AtomicU64::new(0),
            },
        };
        let ring = || (0..RING / 8).map(|_| AtomicU64::new(0)).collect();
        Self(Arc::new(Shared {
            ways: Ways([way(), way()]),
            rings: [ring(), ring()],
        }))
    }

    pub(super) fn create() -> io::Result<(Self, OwnedFd)> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn accept(_: BorrowedFd<'_>) -> io::Result<Self> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn ways(&self) -> &Ways {
        &self.0.ways
    }

    pub(super) fn ring(&self, way: usize) -> Ring<'_> {
        Ring(&self.0.rings[way])
    }
}

#[derive(Clone, Copy)]
pub(super) struct Ring<'a>(&'a [AtomicU64]);

impl Ring<'_> {
    pub(super) fn word(&self, position: u32) -> &AtomicU64 {
        &self.0[(position % RING / 8) as usize]
    }

    /// Its sender is the only one who writes, so that it may change a part of a word.
    pub(super) fn write(&self, position: u32, mut bytes: &[u8]) {
        let mut at = position;
        while !bytes.is_empty() {
            let (first, end) = within_word(at, bytes.len());
            let mut word = self.word(at).load(Ordering::Relaxed).to_ne_bytes();
            word[first..end].copy_from_slice(&bytes[..end - first]);
            self.word(at)
                .store(u64::from_ne_bytes(word), Ordering::Relaxed);
            bytes = &bytes[end - first..];
            at += (end - first) as u32;
        }
    }

    pub(super) fn read(&self, position: u32, length: u32, bytes: &mut Vec<u8>) {
        let (mut at, mut left) = (position, length as usize);
        while left > 0 {
            let (first, end) = within_word(at, left);
            let word = self.word(at).load(Ordering::Relaxed).to_ne_bytes();
            bytes.extend_from_slice(&word[first..end]);
            left -= end - first;
            at += (end - first) as u32;
        }
    }

    pub(super) fn trim(&self) {}
}

/// From where to where the next of `left` bytes stand in the word at `position`.
fn within_word(position: u32, left: usize) -> (usize, usize) {
    let first = (position % 8) as usize;
    (first, (first + left).min(8))
}
