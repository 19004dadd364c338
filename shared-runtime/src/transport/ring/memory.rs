//! The memory of a connection: made and sealed by one side, checked and mapped by the other, and the only ways to reach it.
//!
//! The other process may write anything into it at any moment. So nothing here gives out a reference to plain bytes: single words are
//! atomic, and bytes are copied by a function that the compiler cannot look into.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};

use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{
    MemfdFlags, SealFlags, fcntl_add_seals, fcntl_get_seals, fstat, ftruncate, memfd_create,
};
use rustix::mm::{Advice, madvise};
use rustix::process::{Resource, getrlimit};

use super::layout::{RING, Ways};
use super::sync::AtomicU64;
use crate::mapped::{copy, is_in_memory};

/// Before the rings.
const CONTROL: usize = 4096;

const SIZE: usize = CONTROL + 2 * RING as usize;

/// So much of a ring stays where it is when a connection falls idle.
pub(super) const KEPT: u32 = 16 << 10;

/// Nobody may change its size, so that a mapped page is always there, nor take that promise back.
const SEALS: SealFlags = SealFlags::SHRINK
    .union(SealFlags::GROW)
    .union(SealFlags::SEAL);

pub(super) struct Memory(MmapRaw);

impl Memory {
    /// New memory, and the file by which the other side gets it.
    pub(super) fn create() -> io::Result<(Self, OwnedFd)> {
        // Beyond this limit the kernel would end the process by a signal.
        let limit = getrlimit(Resource::Fsize).current;
        if limit.is_some_and(|limit| limit < SIZE as u64) {
            return Err(io::Error::other(
                "the limit on the size of files (ulimit -f) is below the 4 MiB of a connection: raise it, or choose \
                 Transport::Channel",
            ));
        }
        let file = memfd_create(
            "shared-ring",
            MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING,
        )?;
        ftruncate(&file, SIZE as u64)?;
        fcntl_add_seals(&file, SEALS)?;
        Ok((Self::map(file.as_fd())?, file))
    }

    /// The memory behind a file that another process has sent.
    pub(super) fn accept(file: BorrowedFd<'_>) -> io::Result<Self> {
        let refuse = |what| Err(io::Error::new(io::ErrorKind::InvalidData, what));
        if !is_in_memory(file)? {
            return refuse("a connection is made of a file in memory");
        }
        if !fcntl_get_seals(file)?.contains(SEALS) {
            return refuse("the memory of a connection must be sealed");
        }
        // After the seals: it cannot change any more.
        if usize::try_from(fstat(file)?.st_size) != Ok(SIZE) {
            return refuse("the memory of a connection has another size");
        }
        Self::map(file)
    }

    fn map(file: BorrowedFd<'_>) -> io::Result<Self> {
        let mapped = MmapOptions::new().len(SIZE).map_raw(file.as_raw_fd())?;
        Ok(Self(mapped))
    }

    pub(super) fn ways(&self) -> &Ways {
        const { assert!(size_of::<Ways>() <= CONTROL) };
        #[expect(clippy::cast_ptr_alignment, reason = "a mapping begins at a page")]
        let ways = self.0.as_ptr().cast::<Ways>();
        // SAFETY: the mapping begins at a page and is longer than `Ways`, which consists of atomic words alone, for which any bytes
        // are valid. It stays mapped as long as `self`, and its file cannot shrink.
        unsafe { &*ways }
    }

    /// The ring of a way.
    pub(super) fn ring(&self, way: usize) -> Ring<'_> {
        // SAFETY: there are two rings, and the mapping has room for both.
        let start = unsafe { self.0.as_mut_ptr().add(CONTROL + (way & 1) * RING as usize) };
        Ring {
            start,
            memory: std::marker::PhantomData,
        }
    }
}

/// The bytes of one way. Positions count up for ever, modulo 2³²; the ring's size divides that.
#[derive(Clone, Copy)]
pub(super) struct Ring<'a> {
    start: *mut u8,
    memory: std::marker::PhantomData<&'a Memory>,
}

impl Ring<'_> {
    /// Where a position stands, and how many bytes follow there until the ring's end.
    fn at(&self, position: u32) -> (*mut u8, usize) {
        let offset = (position % RING) as usize;
        // SAFETY: within the ring.
        let place = unsafe { self.start.add(offset) };
        (place, RING as usize - offset)
    }

    /// The word at a multiple of eight.
    pub(super) fn word(&self, position: u32) -> &AtomicU64 {
        let (place, _) = self.at(position & !7);
        #[expect(clippy::cast_ptr_alignment, reason = "a multiple of eight")]
        let word = place.cast::<AtomicU64>();
        // SAFETY: within the ring, as eight divides its size, and aligned: the ring begins at a page. Mapped as long as the memory is
        // borrowed; an atomic word may hold any bytes.
        unsafe { &*word }
    }

    /// Copies `bytes`, at most the whole ring, into it.
    pub(super) fn write(&self, position: u32, bytes: &[u8]) {
        let (place, room) = self.at(position);
        let (first, rest) = bytes.split_at(bytes.len().min(room));
        // SAFETY: `first` ends where the ring ends at the latest.
        unsafe { copy(first.as_ptr(), place, first.len()) };
        let length = rest.len().min(RING as usize);
        // SAFETY: from the ring's start, and no longer than the ring.
        unsafe { copy(rest.as_ptr(), self.start, length) };
    }

    /// Appends `length` bytes of the ring, at most all of it, to `bytes`.
    pub(super) fn read(&self, position: u32, length: u32, bytes: &mut Vec<u8>) {
        let (place, there) = self.at(position);
        let length = length.min(RING) as usize;
        bytes.reserve(length);
        let spare = &mut bytes.spare_capacity_mut()[..length];
        let (first, rest) = spare.split_at_mut(length.min(there));
        // SAFETY: so many bytes stand between the position and the ring's end.
        unsafe { copy(place, first.as_mut_ptr().cast(), first.len()) };
        // SAFETY: the others stand at the ring's start.
        unsafe { copy(self.start, rest.as_mut_ptr().cast(), rest.len()) };
        // SAFETY: so many have just been written.
        unsafe { bytes.set_len(bytes.len() + length) };
    }

    /// Gives the pages back that large frames have used. For the way's sender, while nothing of its is on the way: what is there is lost.
    pub(super) fn trim(&self) {
        // SAFETY: the part of the ring from `KEPT` on.
        let start = unsafe { self.start.add(KEPT as usize) };
        // SAFETY: a part of a shared mapping of a file in memory, whose bytes nobody in this process refers to. Afterwards they are zero.
        let trimmed = unsafe { madvise(start.cast(), (RING - KEPT) as usize, Advice::LinuxRemove) };
        // Without it the memory stays until the connection closes.
        let _ = trimmed;
    }
}
