//! `FrozenArray`: an array that nobody can write to any more.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::os::fd::AsFd;
use std::sync::Arc;
use std::time::Duration;

use bytemuck::{Pod, cast_slice};

use super::element;
use super::lock::{Held, Lock};
use super::shape::{PerDimension, Shape};
use super::shared_array::{Parts, SharedArray};
use super::users::Access;
use crate::error::{Error, ErrorKind};
use crate::memory::FrozenMemory;

/// How long the lock may still be held by a process that was killed: it keeps it until its memory is gone.
const BEING_ENDED: Duration = Duration::from_secs(1);

/// An array that nobody can write to any more, in any process: its elements can be borrowed. In a call, an argument of a task or its result it
/// arrives as the same array.
///
/// ```
/// use shared_runtime::memory::SharedArray;
///
/// let squares = SharedArray::<u64>::anonymous(10)?;
/// for n in 0..10 {
///     squares.set(n, (n * n) as u64)?;
/// }
/// let squares = squares.freeze().map_err(|(_, error)| error)?;
/// assert_eq!(squares[9], 81);
/// assert_eq!(squares.iter().sum::<u64>(), 285);
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct FrozenArray<T> {
    memory: FrozenMemory,
    shape: Shape,
    _elements: PhantomData<fn() -> T>,
}

impl<T: Pod> SharedArray<T> {
    /// Makes an array without a name one that nobody can write to any more.
    ///
    /// # Errors
    ///
    /// With the array as it was: `InvalidInput` if it has a name; `Overloaded` if another handle, or another process, has it mapped; `Poisoned` if a
    /// writer was killed while it copied back.
    pub fn freeze(self) -> Result<FrozenArray<T>, (Self, Error)> {
        let parts = self.into_parts().map_err(|array| {
            let text = "an array can be frozen when this is its only handle: a clone of it is held";
            (array, Error::new(ErrorKind::Overloaded, text))
        })?;
        // Held until it is frozen, so that nobody begins to copy back meanwhile: if that one were killed, nobody could say so any more.
        let lock = Lock::default();
        let _held = match at_rest(&parts, &lock) {
            Ok(held) => held,
            Err(error) => return Err((Self::from_parts(Arc::new(parts)), error)),
        };
        let trailer = parts.trailer();
        let Parts { memory, shape, .. } = parts;
        match memory.freeze() {
            Ok(memory) => Ok(FrozenArray {
                memory,
                shape,
                _elements: PhantomData,
            }),
            Err((memory, error)) => Err((Self::of(memory, shape, trailer), error)),
        }
    }
}

/// The lock of an array that nobody copies back, nor has begun to.
fn at_rest<'a>(parts: &Parts, lock: &'a Lock) -> Result<Held<'a>, Error> {
    let file = parts.memory.as_fd();
    let held = lock.acquire_within(BEING_ENDED, file, Access::Exclusive)?;
    let Some(held) = held else {
        let text =
            "an array can be frozen when nobody holds its lock: another handle or process does";
        return Err(Error::new(ErrorKind::Overloaded, text));
    };
    parts.check_whole()?;
    Ok(held)
}

impl<T: Pod> FrozenArray<T> {
    /// The array of this shape that lies at the start of `memory`.
    ///
    /// # Errors
    ///
    /// `InvalidData` if the block has not as many bytes; `InvalidInput` for more than eight dimensions, or more bytes than there can be.
    pub fn from_memory(memory: FrozenMemory, shape: impl PerDimension) -> Result<Self, Error> {
        let shape = Shape::of(shape.numbers(), size_of::<T>())?;
        element::check_room::<T>(&shape, memory.len())?;
        Ok(Self {
            memory,
            shape,
            _elements: PhantomData,
        })
    }

    /// Its length in each dimension, the outermost first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        self.shape.lengths()
    }

    /// The block that it lies in, at its start.
    #[must_use]
    pub fn memory(&self) -> &FrozenMemory {
        &self.memory
    }

    /// The element at a place.
    ///
    /// # Errors
    ///
    /// `OutOfRange`.
    pub fn at(&self, place: impl PerDimension) -> Result<&T, Error> {
        Ok(&self[self.shape.position(place.numbers())?])
    }
}

impl<T: Pod> Deref for FrozenArray<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        // Long enough, as was checked, and a block begins at a page.
        cast_slice(&self.memory[..self.shape.count() * size_of::<T>()])
    }
}

impl<T: Pod> fmt::Debug for FrozenArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrozenArray")
            .field("elements", &element::name::<T>())
            .field("shape", &self.shape())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::fs::read_to_string;
    use std::thread;

    use rustix::fs::fstat;

    use super::*;
    use crate::memory::SharedMemory;

    /// How many times this process has the file mapped to write.
    fn mapped_to_write(file: impl AsFd) -> usize {
        let inode = fstat(file).unwrap().st_ino.to_string();
        let maps = read_to_string("/proc/self/maps").unwrap();
        let of_it = |line: &&str| {
            let words: Vec<_> = line.split_whitespace().collect();
            words[1].contains('w') && words[4] == inode
        };
        maps.lines().filter(of_it).count()
    }

    /// Copies back as far as the half, and gives the lock back as the kernel does for the dead.
    fn half_written(array: &SharedArray<u64>) {
        let held = array.lock().unwrap();
        let trailer = array.parts().trailer().unwrap();
        trailer.set_writing(array.memory(), true).unwrap();
        held.write_from(0, &[9; 4]).unwrap();
    }

    /// The other one has the memory mapped, so that it cannot be frozen yet, and begins after it was found at rest.
    #[test]
    fn nobody_copies_back_what_is_being_frozen() {
        let array = SharedArray::<u64>::anonymous(8).unwrap();
        let file = array.memory().as_fd().try_clone_to_owned().unwrap();
        let (file, size) = (Arc::new(file), array.memory().size());
        let others = SharedMemory::unnamed(Arc::clone(&file), size, None).unwrap();
        let other = SharedArray::<u64>::from_memory(others, 8).unwrap();
        let array = thread::scope(|scope| {
            scope.spawn(|| {
                while mapped_to_write(&file) == 2 {
                    thread::yield_now();
                }
                half_written(&other);
                drop(other);
            });
            let (array, error) = array.freeze().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
            array
        });
        let (array, error) = array.freeze().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Poisoned, "{error}");
        array.clear_poison().unwrap();
        assert_eq!(array.freeze().unwrap()[..], [9, 9, 9, 9, 0, 0, 0, 0]);
    }
}
