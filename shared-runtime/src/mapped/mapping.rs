//! `Mapping`: bytes that other processes read and write too, reached in ways that are sound whatever they do.

use std::fmt;
use std::ops::{Bound, RangeBounds};
use std::os::fd::{AsRawFd, BorrowedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use memmap2::{MmapOptions, MmapRaw};

use super::racing;
use crate::error::{Error, ErrorKind};

/// A block of memory that other processes may have mapped too. It stays mapped while this or a clone of it is held, also when its name is gone.
///
/// Everything safe here is sound whatever other threads and processes write at the same time: bytes are copied, and single words are atomic. Two
/// copies at one time may mix: what must be whole needs a word that says so, or a lock, as [`SharedArray`](crate::memory::SharedArray)
/// has one.
///
/// ```
/// use std::sync::atomic::Ordering;
/// use shared_runtime::memory::SharedMemory;
///
/// let memory = SharedMemory::anonymous(4096)?;
/// memory.write_at(100, b"howdy")?;
/// memory.copy_within(100..105, 0)?;
/// let mut bytes = [0; 5];
/// memory.read_at(0, &mut bytes)?;
/// assert_eq!(&bytes, b"howdy");
///
/// let counter = memory.atomic_u64(8)?;
/// counter.store(41, Ordering::Relaxed);
/// assert_eq!(counter.fetch_add(1, Ordering::Relaxed), 41);
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct Mapping(Arc<MmapRaw>);

impl Mapping {
    /// Maps `size` bytes of `file`, which has as many.
    pub(crate) fn of(file: BorrowedFd<'_>, size: usize) -> Result<Self, Error> {
        let mapped = MmapOptions::new().len(size).map_raw(file.as_raw_fd());
        let mapped = mapped.map_err(|error| Error::io("mapping memory", error))?;
        Ok(Self(Arc::new(mapped)))
    }

    /// How many bytes it has.
    #[must_use]
    #[inline]
    pub fn size(&self) -> usize {
        self.0.len()
    }

    /// Copies the bytes from `offset` on into `bytes`.
    ///
    /// # Errors
    ///
    /// `OutOfRange` if there are not as many; nothing is copied then.
    pub fn read_at(&self, offset: usize, bytes: &mut [u8]) -> Result<(), Error> {
        let from = self.place(offset, bytes.len())?;
        // SAFETY: so many bytes are mapped there, and `bytes` is the caller's own.
        unsafe { racing::copy(from, bytes.as_mut_ptr(), bytes.len()) };
        Ok(())
    }

    /// Copies `bytes` to where `offset` is.
    ///
    /// # Errors
    ///
    /// `OutOfRange` if there is not as much room; nothing is copied then.
    pub fn write_at(&self, offset: usize, bytes: &[u8]) -> Result<(), Error> {
        let to = self.place(offset, bytes.len())?;
        // SAFETY: so many bytes are mapped there, and `bytes` is the caller's own: no safe code has a reference into a mapping that
        // is written to.
        unsafe { racing::copy(bytes.as_ptr(), to, bytes.len()) };
        Ok(())
    }

    /// Writes `byte` to every place of `range`: `..` is the whole.
    ///
    /// # Errors
    ///
    /// `OutOfRange` if the range ends behind the last byte, or before it begins; nothing is written then.
    pub fn fill(&self, range: impl RangeBounds<usize>, byte: u8) -> Result<(), Error> {
        let (offset, length) = self.within(range)?;
        let to = self.place(offset, length)?;
        // SAFETY: so many bytes are mapped there.
        unsafe { racing::fill(to, byte, length) };
        Ok(())
    }

    /// Copies the bytes of `range` to where `to` is; the two may overlap.
    ///
    /// # Errors
    ///
    /// `OutOfRange` if one of the two is not within the block; nothing is copied then.
    pub fn copy_within(&self, range: impl RangeBounds<usize>, to: usize) -> Result<(), Error> {
        let (offset, length) = self.within(range)?;
        let (from, to) = (self.place(offset, length)?, self.place(to, length)?);
        // SAFETY: so many bytes are mapped at both places.
        unsafe { racing::shift(from, to, length) };
        Ok(())
    }

    /// The eight bytes at `offset` as an atomic number.
    ///
    /// # Errors
    ///
    /// `OutOfRange`; `InvalidInput` if `offset` is no multiple of eight.
    #[inline]
    pub fn atomic_u64(&self, offset: usize) -> Result<&AtomicU64, Error> {
        self.word(offset)
    }

    /// The eight bytes at `offset` as an atomic number with a sign.
    ///
    /// # Errors
    ///
    /// `OutOfRange`; `InvalidInput` if `offset` is no multiple of eight.
    #[inline]
    pub fn atomic_i64(&self, offset: usize) -> Result<&AtomicI64, Error> {
        self.word(offset)
    }

    /// The four bytes at `offset` as an atomic number.
    ///
    /// # Errors
    ///
    /// `OutOfRange`; `InvalidInput` if `offset` is no multiple of four.
    #[inline]
    pub fn atomic_u32(&self, offset: usize) -> Result<&AtomicU32, Error> {
        self.word(offset)
    }

    /// The byte at `offset`.
    #[inline]
    pub(crate) fn atomic_u8(&self, offset: usize) -> Result<&AtomicU8, Error> {
        self.word(offset)
    }

    /// The two bytes at `offset`.
    #[inline]
    pub(crate) fn atomic_u16(&self, offset: usize) -> Result<&AtomicU16, Error> {
        self.word(offset)
    }

    /// All of its bytes.
    ///
    /// # Safety
    ///
    /// While the slice lives, no thread and no other process may write to the block: not by these methods either.
    #[must_use]
    pub unsafe fn as_slice(&self) -> &[u8] {
        // SAFETY: so many bytes are mapped as long as `self`; nobody writes to them, as the caller promises.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr(), self.0.len()) }
    }

    /// All of its bytes, to be written to.
    ///
    /// # Safety
    ///
    /// While the slice lives, no thread and no other process may read the block or write to it: not by these methods either, and not
    /// through a clone.
    #[must_use]
    #[expect(
        clippy::mut_from_ref,
        reason = "the caller promises that there is no other"
    )]
    pub unsafe fn as_mut_slice(&self) -> &mut [u8] {
        // SAFETY: so many bytes are mapped as long as `self`; nobody else touches them, as the caller promises.
        unsafe { std::slice::from_raw_parts_mut(self.0.as_mut_ptr(), self.0.len()) }
    }

    /// Where the bytes begin: at a page.
    #[inline]
    pub(crate) fn start(&self) -> *mut u8 {
        self.0.as_mut_ptr()
    }

    /// The mapping itself, if this is its only handle.
    pub(crate) fn into_sole(self) -> Result<MmapRaw, Self> {
        Arc::try_unwrap(self.0).map_err(Self)
    }

    #[inline]
    fn word<W: Word>(&self, offset: usize) -> Result<&W, Error> {
        let place = self.place(offset, size_of::<W>())?;
        if !offset.is_multiple_of(align_of::<W>()) {
            return Err(misaligned(offset, align_of::<W>()));
        }
        // SAFETY: within the mapping, which begins at a page, and aligned. Mapped as long as `self`. An atomic word may hold any bytes.
        Ok(unsafe { &*place.cast::<W>() })
    }

    /// Where `offset` is, if so many bytes follow there.
    #[inline]
    fn place(&self, offset: usize, length: usize) -> Result<*mut u8, Error> {
        let end = offset.checked_add(length);
        if end.is_none_or(|end| end > self.size()) {
            return Err(outside(offset, length, self.size()));
        }
        // SAFETY: within the mapping, or where it ends.
        Ok(unsafe { self.start().add(offset) })
    }

    /// Where a range begins, and how many bytes it has.
    fn within(&self, range: impl RangeBounds<usize>) -> Result<(usize, usize), Error> {
        let start = match range.start_bound() {
            Bound::Included(start) => Some(*start),
            Bound::Excluded(before) => before.checked_add(1),
            Bound::Unbounded => Some(0),
        };
        let end = match range.end_bound() {
            Bound::Included(last) => last.checked_add(1),
            Bound::Excluded(end) => Some(*end),
            Bound::Unbounded => Some(self.size()),
        };
        let length = start
            .zip(end)
            .and_then(|(start, end)| end.checked_sub(start));
        start.zip(length).ok_or_else(|| {
            let text = "a range that ends before it begins, or behind every block";
            Error::new(ErrorKind::OutOfRange, text)
        })
    }
}

impl fmt::Debug for Mapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mapping")
            .field("size", &self.size())
            .finish_non_exhaustive()
    }
}

/// An atomic number.
trait Word {}

impl Word for AtomicU8 {}
impl Word for AtomicU16 {}
impl Word for AtomicU32 {}
impl Word for AtomicU64 {}
impl Word for AtomicI64 {}

#[cold]
fn outside(offset: usize, length: usize, size: usize) -> Error {
    let text = format!("{length} bytes from {offset} on are not within a block of {size} bytes");
    Error::new(ErrorKind::OutOfRange, text)
}

#[cold]
fn misaligned(offset: usize, align: usize) -> Error {
    let text = format!(
        "an atomic number of {align} bytes cannot be at {offset}: that is no multiple of {align}"
    );
    Error::new(ErrorKind::InvalidInput, text)
}

#[cfg(test)]
mod tests {
    use crate::memory::SharedMemory;

    #[test]
    fn slices_are_the_memory_itself() {
        let memory = SharedMemory::anonymous(5).unwrap();
        {
            // SAFETY: nobody else has the memory, and this thread uses nothing else of it until the slice is gone.
            let bytes = unsafe { memory.as_mut_slice() };
            assert_eq!(bytes, [0; 5]);
            bytes.copy_from_slice(b"howdy");
        }
        let mut copy = [0; 5];
        memory.read_at(0, &mut copy).unwrap();
        assert_eq!(&copy, b"howdy");
        memory.fill(..1, b'r').unwrap();
        // SAFETY: nobody writes to the memory any more.
        assert_eq!(unsafe { memory.as_slice() }, b"rowdy");
    }
}
