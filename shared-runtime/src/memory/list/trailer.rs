//! What our lists have behind CPython's layout: the words that keep readers and writers apart.
//!
//! ```text
//!   0  magic      8  sequence                                   read by everybody
//!  64  lock      72  marker  80  format  88  code  96  length   written by who has the lock
//! 128  bytes of the journal: as many as the largest slot has
//! ```
//!
//! It begins at the next cache line, and is there if the block has just the size that it then has, and the magic.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use super::layout::Layout;
use crate::error::Error;
use crate::mapped::Mapping;

/// Raised with every change of what lies where.
const MAGIC: u64 = u64::from_ne_bytes(*b"shareab1");

const LINE: usize = 64;
const HEAD: usize = 2 * LINE;

/// Where it begins.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trailer(usize);

impl Trailer {
    /// The bytes of a block with a list and its trailer.
    pub(super) fn size_with(layout: &Layout) -> usize {
        Self::behind(layout).0 + HEAD + layout.largest()
    }

    fn behind(layout: &Layout) -> Self {
        Self(layout.size().next_multiple_of(LINE))
    }

    /// In a block of the size for it.
    pub(super) fn make(block: &Mapping, layout: &Layout) -> Result<Self, Error> {
        let trailer = Self::behind(layout);
        block.atomic_u64(trailer.0)?.store(MAGIC, Ordering::Release);
        Ok(trailer)
    }

    pub(super) fn find(block: &Mapping, layout: &Layout) -> Result<Option<Self>, Error> {
        if block.size() != Self::size_with(layout) {
            return Ok(None);
        }
        let trailer = Self::behind(layout);
        let magic = block.atomic_u64(trailer.0)?.load(Ordering::Acquire);
        Ok((magic == MAGIC).then_some(trailer))
    }

    /// Odd while somebody writes.
    #[inline]
    pub(super) fn sequence(self, block: &Mapping) -> Result<&AtomicU64, Error> {
        block.atomic_u64(self.0 + 8)
    }

    /// The word of the lock, and the half of it that is slept on.
    #[inline]
    pub(super) fn lock(self, block: &Mapping) -> Result<(&AtomicU64, &AtomicU32), Error> {
        const { assert!(cfg!(target_endian = "little")) };
        let at = self.0 + LINE;
        Ok((block.atomic_u64(at)?, block.atomic_u32(at)?))
    }

    /// One more than the index of the item that is being written; zero if none is.
    #[inline]
    pub(super) fn marker(self, block: &Mapping) -> Result<&AtomicU64, Error> {
        block.atomic_u64(self.0 + LINE + 8)
    }

    /// Its format, code, and the length of its text.
    #[inline]
    pub(super) fn written(self, block: &Mapping) -> Result<[&AtomicU64; 3], Error> {
        let at = self.0 + LINE + 16;
        Ok([
            block.atomic_u64(at)?,
            block.atomic_u64(at + 8)?,
            block.atomic_u64(at + 16)?,
        ])
    }

    /// Where its bytes are.
    #[inline]
    pub(super) fn bytes(self) -> usize {
        self.0 + HEAD
    }
}
