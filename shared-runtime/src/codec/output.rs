//! Where the bytes of a value go: into a buffer, and what is too large for one on to a carrier, while the value is still being
//! written.

use postcard::ser_flavors::Flavor;

use crate::error::Error;

/// How many bytes a number of 64 bits takes at most.
const NUMBER: usize = 10;

/// How much is copied at once. More than that `memcpy` may leave to one instruction (`rep movsb`), which on some processors is
/// 15 times as slow where the target stands a little further in its page than the source in its own: as it does where both
/// are at the start of a mapping and the target begins with the length.
const PIECE: usize = 512;

/// A value of as many bytes spills.
pub(crate) const SPILL_FROM: usize = 4096;

/// Takes what is too large for a buffer.
pub(crate) trait Spill {
    /// Takes the bytes that come next. They are void if the value turns out not to be writable.
    ///
    /// # Errors
    ///
    /// Its own, which ends the writing and is what the writer returns.
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error>;
}

/// What a value is written to. Dropped before a whole value has [ended](Self::end), it takes back what it has put into the
/// buffer.
pub(super) struct Output<'o> {
    buffer: &'o mut Vec<u8>,
    /// How long the buffer was before.
    start: usize,
    /// How many bytes the buffer may not come to hold: more than any vector can where nothing spills.
    limit: usize,
    overflow: Option<&'o mut Overflow<'o>>,
    is_whole: bool,
}

/// What is spilled of a value.
pub(super) struct Overflow<'o> {
    spill: &'o mut dyn Spill,
    spilled: usize,
    /// Why the spill takes no more. Whoever writes a value might not pass the error on.
    failed: Option<Error>,
}

impl<'o> Overflow<'o> {
    pub(super) fn new(spill: &'o mut dyn Spill) -> Self {
        Self {
            spill,
            spilled: 0,
            failed: None,
        }
    }

    /// Hands over `bytes`, unless something is lost already.
    fn take(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if self.failed.is_none() && !bytes.is_empty() {
            self.failed = self.spill.take(bytes).err();
            self.spilled += bytes.len();
        }
        match self.failed {
            None => Ok(()),
            Some(_) => Err(postcard::Error::SerializeBufferFull),
        }
    }
}

impl<'o> Output<'o> {
    #[inline]
    pub(super) fn new(buffer: &'o mut Vec<u8>, overflow: Option<&'o mut Overflow<'o>>) -> Self {
        Self {
            start: buffer.len(),
            buffer,
            limit: match overflow {
                Some(_) => SPILL_FROM,
                None => usize::MAX,
            },
            overflow,
            is_whole: false,
        }
    }

    /// How many bytes have come, those that were there before included.
    #[inline]
    pub(super) fn size(&self) -> usize {
        self.spilled() + self.buffer.len()
    }

    #[inline]
    fn spilled(&self) -> usize {
        self.overflow
            .as_ref()
            .map_or(0, |overflow| overflow.spilled)
    }

    /// Ends a value, which stays if it `is_whole` and no part of it is lost.
    #[inline]
    pub(super) fn end(&mut self, is_whole: bool) -> Result<(), Error> {
        if let Some(overflow) = &mut self.overflow
            && let Some(error) = overflow.failed.take()
        {
            return Err(error);
        }
        self.is_whole = is_whole;
        Ok(())
    }

    /// A number as short as postcard makes it: seven bits in a byte, the lowest first, and an eighth that says whether more
    /// follow. Here because one check of the room for all of them takes half the time of postcard's way.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "the other bits follow")]
    pub(super) fn number(&mut self, mut number: u64) -> postcard::Result<()> {
        if self.is_too_much(NUMBER) {
            return self.number_at_limit(number);
        }
        self.buffer.reserve(NUMBER);
        let room = &mut self.buffer.spare_capacity_mut()[..NUMBER];
        let mut last = 0;
        while number >= 0x80 && last < NUMBER - 1 {
            room[last].write(number as u8 | 0x80);
            number >>= 7;
            last += 1;
        }
        room[last].write(number as u8);
        let size = self.buffer.len() + last + 1;
        // SAFETY: the bytes up to and with `last` have been written behind those that there were, where there was room for them.
        unsafe { self.buffer.set_len(size) };
        Ok(())
    }

    #[cold]
    #[expect(clippy::cast_possible_truncation, reason = "the other bits follow")]
    fn number_at_limit(&mut self, mut number: u64) -> postcard::Result<()> {
        while number >= 0x80 {
            self.try_push(number as u8 | 0x80)?;
            number >>= 7;
        }
        self.try_push(number as u8)
    }

    /// Neither length is more than half of what a `usize` holds.
    #[inline]
    fn is_too_much(&self, more: usize) -> bool {
        self.buffer.len() + more >= self.limit
    }

    #[inline(never)]
    fn extend_by_pieces(&mut self, bytes: &[u8]) {
        self.buffer.reserve(bytes.len());
        for piece in bytes.chunks(PIECE) {
            self.buffer.extend_from_slice(piece);
        }
    }

    /// Hands over what the buffer holds, and puts `bytes` there instead; or hands them over too, if they are many.
    #[cold]
    fn spill(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        let Some(overflow) = &mut self.overflow else {
            return Err(postcard::Error::SerializeBufferFull);
        };
        overflow.take(self.buffer)?;
        self.buffer.clear();
        if bytes.len() >= self.limit {
            return overflow.take(bytes);
        }
        self.buffer.extend_from_slice(bytes);
        Ok(())
    }
}

impl Drop for Output<'_> {
    #[inline]
    fn drop(&mut self) {
        if !self.is_whole {
            let before = if self.spilled() == 0 { self.start } else { 0 };
            self.buffer.truncate(before);
        }
    }
}

impl Flavor for Output<'_> {
    type Output = ();

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        if self.is_too_much(1) {
            return self.spill(&[byte]);
        }
        self.buffer.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        if self.is_too_much(bytes.len()) {
            return self.spill(bytes);
        }
        if bytes.len() > PIECE {
            self.extend_by_pieces(bytes);
        } else {
            self.buffer.extend_from_slice(bytes);
        }
        Ok(())
    }

    fn finalize(self) -> postcard::Result<()> {
        Ok(())
    }
}
