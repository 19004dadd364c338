//! `FrozenArray`: an array that nobody can write to any more.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;

use bytemuck::{Pod, cast_slice};

use super::element;
use super::shape::{PerDimension, Shape};
use super::shared_array::{Parts, SharedArray};
use crate::error::{Error, ErrorKind};
use crate::memory::FrozenMemory;

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
        // Afterwards nobody could say so any more.
        if let Err(error) = self.parts().check_at_rest() {
            return Err((self, error));
        }
        let parts = self.into_parts().map_err(|array| {
            let text = "an array can be frozen when this is its only handle: a clone of it is held";
            (array, Error::new(ErrorKind::Overloaded, text))
        })?;
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
