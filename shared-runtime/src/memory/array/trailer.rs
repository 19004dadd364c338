//! What arrays of ours have behind their elements: their shape, what they hold, and whether somebody is writing them back.
//!
//! Nothing stands before the elements, so that other programs find an array where they expect one. The trailer is the last 256 bytes of the block,
//! 32 words in the order of the machine; its magic is written last. It is copied out once and only the copy believed, as far as it fits
//! the block: anybody may have written it.
//!
//! | word | content |
//! |---|---|
//! | 0 | magic |
//! | 1 | 1 while a whole array is copied back, else 0 |
//! | 2 | bytes of an element |
//! | 3 | how many dimensions |
//! | 4–11 | their lengths |
//! | 12 | bytes of the name that follows |
//! | 13–31 | the end of the name of the element's type |

use std::sync::atomic::Ordering;
use std::time::Duration;

use bytemuck::{Pod, bytes_of, bytes_of_mut, cast_slice, cast_slice_mut};

use super::element;
use super::shape::{DIMENSIONS, Shape};
use crate::error::{Error, ErrorKind};
use crate::mapped::Mapping;
use crate::os::Deadline;

/// `SharArr1`, as text.
const MAGIC: u64 = u64::from_le_bytes(*b"SharArr1");

const WORDS: usize = 32;
const BYTES: usize = WORDS * size_of::<u64>();

/// It begins at a cache line of its own.
const LINE: usize = 64;

/// How long a block may be without a magic: its creator writes one right after it has made the block.
const BEING_MADE: Duration = Duration::from_secs(1);

const NAME: usize = 13;
const LONGEST_NAME: usize = (WORDS - NAME) * size_of::<u64>();

type Words = [u64; WORDS];

/// The trailer of a block that has one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Trailer {
    /// Where the word is that says that somebody writes.
    writing: usize,
}

/// How many bytes a block for such an array has.
pub(super) fn block_size<T: Pod>(shape: &Shape) -> Result<usize, Error> {
    size_with(shape, size_of::<T>())
}

/// The same for elements of so many bytes, with which the shape was made.
fn size_with(shape: &Shape, element: usize) -> Result<usize, Error> {
    let elements = shape.count() * element;
    let begins = elements.checked_next_multiple_of(LINE);
    let size = begins.and_then(|begins| begins.checked_add(BYTES));
    size.ok_or_else(|| Error::new(ErrorKind::InvalidInput, "an array larger than any memory"))
}

impl Trailer {
    /// Writes that of a new array to the end of its block.
    pub(super) fn write<T: Pod>(mapping: &Mapping, shape: &Shape) -> Result<Self, Error> {
        element::check_room::<T>(shape, mapping.size())?;
        let start = start(mapping).ok_or_else(none)?;
        let mut words = described::<T>(shape);
        words[0] = 0;
        mapping.write_at(start, bytes_of(&words))?;
        // Release: whoever finds the magic finds the rest.
        mapping.atomic_u64(start)?.store(MAGIC, Ordering::Release);
        Ok(Self::at(start))
    }

    /// What the block says of itself, if that are elements of this type.
    pub(super) fn read<T: Pod>(mapping: &Mapping) -> Result<(Self, Shape), Error> {
        let start = start(mapping).ok_or_else(none)?;
        wait_until_made(mapping, start)?;
        let words = copied(mapping, start)?;
        if words[0] != MAGIC {
            return Err(none());
        }
        check_elements::<T>(&words)?;
        let shape = shape(&words, size_of::<T>())?;
        if block_size::<T>(&shape)? != mapping.size() {
            return Err(wrong("it is of another size than it says"));
        }
        element::check_room::<T>(&shape, mapping.size())?;
        Ok((Self::at(start), shape))
    }

    /// The trailer, if the block has one: whatever its elements are taken for, it says whether somebody writes them.
    pub(super) fn find(mapping: &Mapping) -> Option<Self> {
        let start = start(mapping)?;
        let words = copied(mapping, start).ok()?;
        let element = usize::try_from(words[2]).ok()?;
        let size = size_with(&shape(&words, element).ok()?, element).ok()?;
        (words[0] == MAGIC && size == mapping.size()).then(|| Self::at(start))
    }

    fn at(start: usize) -> Self {
        Self {
            writing: start + size_of::<u64>(),
        }
    }

    /// Says that the elements are about to be written, or all have been.
    pub(super) fn set_writing(self, mapping: &Mapping, writing: bool) -> Result<(), Error> {
        // Both ways around: no element is written before the word is, and none after it is taken back.
        let word = mapping.atomic_u64(self.writing)?;
        word.swap(writing.into(), Ordering::SeqCst);
        Ok(())
    }

    /// Whether somebody began to write and never said that it was done.
    pub(super) fn is_writing(self, mapping: &Mapping) -> Result<bool, Error> {
        let word = mapping.atomic_u64(self.writing)?;
        Ok(word.load(Ordering::SeqCst) != 0)
    }
}

/// The words of an array that nobody writes to.
fn described<T: Pod>(shape: &Shape) -> Words {
    let mut words = [0; WORDS];
    words[0] = MAGIC;
    words[2] = size_of::<T>() as u64;
    words[3] = shape.lengths().len() as u64;
    for (word, length) in words[4..].iter_mut().zip(shape.lengths()) {
        *word = *length as u64;
    }
    let name = element::name::<T>().as_bytes();
    let name = &name[name.len().saturating_sub(LONGEST_NAME)..];
    words[12] = name.len() as u64;
    cast_slice_mut::<u64, u8>(&mut words[NAME..])[..name.len()].copy_from_slice(name);
    words
}

/// Where the trailer is, if the block has room for one.
fn start(mapping: &Mapping) -> Option<usize> {
    let start = mapping.size().checked_sub(BYTES)?;
    start.is_multiple_of(LINE).then_some(start)
}

fn copied(mapping: &Mapping, start: usize) -> Result<Words, Error> {
    let mut words = [0; WORDS];
    // Acquire: with the magic comes the rest.
    if mapping.atomic_u64(start)?.load(Ordering::Acquire) == MAGIC {
        mapping.read_at(start, bytes_of_mut(&mut words))?;
    }
    Ok(words)
}

/// A block has its name before it has all of this. One that never gets it is no array of ours.
fn wait_until_made(mapping: &Mapping, start: usize) -> Result<(), Error> {
    let made = Deadline::after(Some(BEING_MADE));
    let magic = mapping.atomic_u64(start)?;
    while magic.load(Ordering::Acquire) == 0 && !made.passed() {
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

fn check_elements<T: Pod>(words: &Words) -> Result<(), Error> {
    let name = |words: &Words| {
        let length = usize::try_from(words[12]).unwrap_or(LONGEST_NAME);
        let bytes = &cast_slice::<u64, u8>(&words[NAME..])[..length.min(LONGEST_NAME)];
        String::from_utf8_lossy(bytes).into_owned()
    };
    let (size, there) = (words[2], name(words));
    let wanted = described::<T>(&Shape::of(&[], size_of::<T>())?);
    if words[2] == wanted[2] && there == name(&wanted) {
        return Ok(());
    }
    let text = format!(
        "the array holds {there} of {size} bytes, not {} of {}",
        element::name::<T>(),
        size_of::<T>()
    );
    Err(Error::new(ErrorKind::InvalidData, text))
}

fn shape(words: &Words, element: usize) -> Result<Shape, Error> {
    let dimensions = usize::try_from(words[3]).unwrap_or(usize::MAX);
    if dimensions > DIMENSIONS {
        return Err(wrong("it has more dimensions than there can be"));
    }
    let length = |word: &u64| usize::try_from(*word).unwrap_or(usize::MAX);
    let lengths: Vec<usize> = words[4..4 + dimensions].iter().map(length).collect();
    Shape::of(&lengths, element).map_err(|_| wrong("it is larger than any memory"))
}

#[cold]
fn none() -> Error {
    let text = "the block does not say which array it is, as those of SharedArray do: give its shape, with SharedArray::open_shaped or from_memory";
    Error::new(ErrorKind::InvalidData, text)
}

#[cold]
fn wrong(why: &str) -> Error {
    let text = format!("the block is no array, although it says so: {why}");
    Error::new(ErrorKind::InvalidData, text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::SharedMemory;

    fn block() -> SharedMemory {
        let shape = Shape::of(&[3, 5], 4).unwrap();
        let memory = SharedMemory::anonymous(block_size::<f32>(&shape).unwrap()).unwrap();
        Trailer::write::<f32>(&memory, &shape).unwrap();
        memory
    }

    #[test]
    fn an_array_says_what_it_is() {
        let memory = block();
        assert_eq!(memory.size(), 64 + 256);
        let (_, shape) = Trailer::read::<f32>(&memory).unwrap();
        assert_eq!(shape.lengths(), [3, 5]);
        assert!(Trailer::find(&memory).is_some());
        let error = Trailer::read::<i64>(&memory).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let text = error.to_string();
        assert!(
            text.contains("f32 of 4") && text.contains("i64 of 8"),
            "{text}"
        );
    }

    /// Every word of it is made any of these, one at a time: an array of its size, or an error.
    #[test]
    fn a_forged_trailer_is_an_error_or_within_its_block() {
        for word in 0..WORDS {
            for value in [0, 1, 2, 3, 4, 5, 9, 1 << 31, 1 << 62, u64::MAX] {
                let memory = block();
                let place = memory.atomic_u64(64 + 8 * word).unwrap();
                if (word, value) == (0, 0) {
                    // That would be waited for.
                    continue;
                }
                place.store(value, Ordering::Relaxed);
                if let Some(found) = Trailer::find(&memory) {
                    assert_eq!(found.writing, 64 + 8, "{word}: {value}");
                }
                match Trailer::read::<f32>(&memory) {
                    Ok((_, shape)) => assert!(shape.count() * 4 <= 64, "{word}: {value}"),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidData),
                }
            }
        }
    }

    #[test]
    fn a_block_without_one_is_told_from_an_array() {
        for size in [1, 255, 256, 257, 320, 4096] {
            let memory = SharedMemory::anonymous(size).unwrap();
            memory.fill(.., 7).unwrap();
            assert!(Trailer::find(&memory).is_none());
            let error = Trailer::read::<f32>(&memory).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidData);
            assert!(error.to_string().contains("open_shaped"), "{error}");
        }
    }
}
