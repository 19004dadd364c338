//! Bytes that nobody can write to any more.

use std::os::fd::{AsRawFd, BorrowedFd};

use memmap2::{Mmap, MmapOptions};

use crate::error::Error;

/// A mapping that is read only, of a file that is about to be frozen or is so already.
#[derive(Debug)]
pub(crate) struct Frozen(Mmap);

impl Frozen {
    /// Maps `size` bytes of `file`, which has as many. Whoever calls this freezes the file before anybody sees the bytes.
    pub(crate) fn of(file: BorrowedFd<'_>, size: usize) -> Result<Self, Error> {
        let mut options = MmapOptions::new();
        options.len(size);
        // A private mapping: kernels before 6.7 refuse a shared one of a file that was opened to write and is frozen. As nobody writes, its
        // pages are those of the file.
        //
        // SAFETY: no reference into it is given out before the file's seals forbid to write to it and to change its size, for ever.
        let mapped = unsafe { options.map_copy_read_only(file.as_raw_fd()) };
        mapped
            .map(Self)
            .map_err(|error| Error::io("mapping memory", error))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}
