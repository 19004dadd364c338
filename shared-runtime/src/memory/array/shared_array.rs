//! `SharedArray`: numbers in a block of memory, by their places.

use std::fmt;
use std::marker::PhantomData;
use std::os::fd::AsFd;
use std::sync::{Arc, OnceLock};

use bytemuck::{Pod, cast_slice, cast_slice_mut};

use super::element;
use super::lock::{Held, Lock};
use super::shape::{PerDimension, Shape};
use super::trailer::{Trailer, block_size};
use super::users::Access;
use crate::error::{Error, ErrorKind};
use crate::memory::SharedMemory;

/// How many bytes [`SharedArray::fill`] prepares before it copies them again and again.
const FILL: usize = 16 << 10;

/// An array of numbers that several processes share, of up to eight dimensions.
///
/// Its elements lie at the start of a block of [`SharedMemory`], row by row and in the order of the machine, as NumPy has them by default: there
/// `np.ndarray(shape, dtype, buffer=shm.buf)` is the same array. Behind them stand the shape and the name of the element's type, so that whoever
/// opens the array by its name need not know the one and cannot mistake the other. Of a block that others made the shape is said when it is
/// opened.
///
/// **One at a time.** [`get`](Self::get) and [`set`](Self::set) reach one element; of one, two, four or eight bytes it is never half of one value
/// and half of another. Whoever gets what another has set sees all that the other had written before. Neither heeds the lock.
///
/// **All at once.** [`read`](Self::read) and [`write`](Self::write) copy the whole array, under a lock between all processes: what `read` gives was
/// there at one moment, and what `write` puts back appears at one moment to all who `read`. The lock goes with its holder, however that ends.
///
/// **Many at once.** [`read_into`](Self::read_into) and [`write_from`](Self::write_from) copy elements in bulk and heed no lock: where each
/// process has rows of its own none is needed.
///
/// Copies of the handle are the same array. In a call, an argument of a task or its result it travels as its block does.
///
/// ```
/// use shared_runtime::memory::SharedArray;
///
/// let picture = SharedArray::<f32>::create([480, 640])?;
/// picture.set([2, 3], 0.5)?;
///
/// let same = SharedArray::<f32>::open(picture.name().unwrap())?; // in this process or another
/// assert_eq!(same.shape(), [480, 640]);
/// assert_eq!(same.get([2, 3])?, 0.5);
///
/// let mut pixels = same.write()?; // nobody else reads or writes the whole now
/// pixels.iter_mut().for_each(|pixel| *pixel += 1.0);
/// pixels.commit()?;
/// assert_eq!(picture.get([2, 3])?, 1.5);
/// # Ok::<(), shared_runtime::Error>(())
/// ```
pub struct SharedArray<T> {
    parts: Arc<Parts>,
    _elements: PhantomData<fn() -> T>,
}

pub(super) struct Parts {
    pub(super) memory: SharedMemory,
    pub(super) shape: Shape,
    /// None in a block that others made, as far as was seen.
    trailer: OnceLock<Trailer>,
    lock: Lock,
}

impl<T: Pod> SharedArray<T> {
    /// A new array, all zero, in a block with a name of its own.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for more than eight dimensions, or more bytes than there can be; `StorageFull`; `Io`.
    pub fn create(shape: impl PerDimension) -> Result<Self, Error> {
        Self::make(shape, SharedMemory::create)
    }

    /// A new array, all zero, in a block of this name.
    ///
    /// # Errors
    ///
    /// `AlreadyExists`; `InvalidInput` for a name that cannot be one, more than eight dimensions, or more bytes than there can be;
    /// `StorageFull`; `Io`.
    pub fn create_named(name: &str, shape: impl PerDimension) -> Result<Self, Error> {
        Self::make(shape, |size| SharedMemory::create_named(name, size))
    }

    /// A new array, all zero, in a block without a name.
    ///
    /// # Errors
    ///
    /// `InvalidInput` for more than eight dimensions, or more bytes than there can be; `StorageFull`; `Io`.
    pub fn anonymous(shape: impl PerDimension) -> Result<Self, Error> {
        Self::make(shape, SharedMemory::anonymous)
    }

    /// The array of this name, which a `SharedArray` has made.
    ///
    /// # Errors
    ///
    /// `InvalidData` if its elements are of another type, or it was made by other means: [`open_shaped`](Self::open_shaped) opens those; and those
    /// of [`SharedMemory::open`].
    pub fn open(name: &str) -> Result<Self, Error> {
        Self::described(SharedMemory::open(name)?)
    }

    /// The array of this shape that lies at the start of the block of this name, whoever made it.
    ///
    /// # Errors
    ///
    /// Those of [`SharedMemory::open`] and of [`from_memory`](Self::from_memory).
    ///
    /// ```
    /// use shared_runtime::memory::{SharedArray, SharedMemory};
    ///
    /// // As Python does: shared_memory.SharedMemory(create=True, size=48)
    /// let made_by_others = SharedMemory::create(48)?;
    /// let array = SharedArray::<i64>::open_shaped(made_by_others.name().unwrap(), 6)?;
    /// array.write_from(0, &[1, 1, 2, 3, 5, 8])?;
    /// assert_eq!(array.get(5)?, 8);
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    pub fn open_shaped(name: &str, shape: impl PerDimension) -> Result<Self, Error> {
        Self::from_memory(SharedMemory::open(name)?, shape)
    }

    /// The array of this shape that lies at the start of `memory`.
    ///
    /// # Errors
    ///
    /// `InvalidData` if the block has not as many bytes; `InvalidInput` for more than eight dimensions, or more bytes than there can be.
    pub fn from_memory(memory: SharedMemory, shape: impl PerDimension) -> Result<Self, Error> {
        let shape = Shape::of(shape.numbers(), size_of::<T>())?;
        element::check_room::<T>(&shape, memory.size())?;
        Ok(Self::of(memory, shape, None))
    }

    /// The array that a block says it is.
    pub(super) fn described(memory: SharedMemory) -> Result<Self, Error> {
        let (trailer, shape) = Trailer::read::<T>(&memory)?;
        Ok(Self::of(memory, shape, Some(trailer)))
    }

    fn make(
        shape: impl PerDimension,
        block: impl FnOnce(usize) -> Result<SharedMemory, Error>,
    ) -> Result<Self, Error> {
        let shape = Shape::of(shape.numbers(), size_of::<T>())?;
        let memory = block(block_size::<T>(&shape)?)?;
        let trailer = Trailer::write::<T>(&memory, &shape)?;
        Ok(Self::of(memory, shape, Some(trailer)))
    }

    pub(super) fn of(memory: SharedMemory, shape: Shape, trailer: Option<Trailer>) -> Self {
        let parts = Parts {
            memory,
            shape,
            trailer: trailer.map_or_else(OnceLock::new, OnceLock::from),
            lock: Lock::default(),
        };
        Self::from_parts(Arc::new(parts))
    }

    /// The parts, if this is the only handle of this array.
    pub(super) fn into_parts(self) -> Result<Parts, Self> {
        Arc::try_unwrap(self.parts).map_err(Self::from_parts)
    }

    pub(super) fn from_parts(parts: Arc<Parts>) -> Self {
        Self {
            parts,
            _elements: PhantomData,
        }
    }

    /// Its length in each dimension, the outermost first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        self.parts.shape.lengths()
    }

    /// How many elements it has, in all dimensions.
    #[must_use]
    pub fn len(&self) -> usize {
        self.parts.shape.count()
    }

    /// Whether it has no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The block that it lies in, at its start.
    #[must_use]
    pub fn memory(&self) -> &SharedMemory {
        &self.parts.memory
    }

    /// What other processes open it by; `None` for an array without a name.
    #[must_use]
    pub fn name(&self) -> Option<&str> {
        self.parts.memory.name()
    }

    /// The element at a place: `array.get(7)`, `array.get([2, 3])`.
    ///
    /// # Errors
    ///
    /// `OutOfRange`.
    #[inline]
    pub fn get(&self, place: impl PerDimension) -> Result<T, Error> {
        let position = self.parts.shape.position(place.numbers())?;
        element::load(&self.parts.memory, position)
    }

    /// Gives the element at a place a value.
    ///
    /// # Errors
    ///
    /// `OutOfRange`; nothing is written then.
    #[inline]
    pub fn set(&self, place: impl PerDimension, value: T) -> Result<(), Error> {
        let position = self.parts.shape.position(place.numbers())?;
        element::store(&self.parts.memory, position, value)
    }

    /// Copies the elements from `position` on, which counts them in the order in which they lie: `row * width` begins a row.
    ///
    /// # Errors
    ///
    /// `OutOfRange` if there are not as many; nothing is copied then.
    pub fn read_into(&self, position: usize, elements: &mut [T]) -> Result<(), Error> {
        self.parts.shape.check_range(position, elements.len())?;
        let offset = position * size_of::<T>();
        self.parts.memory.read_at(offset, cast_slice_mut(elements))
    }

    /// Copies `elements` to where `position` is, counted as in [`read_into`](Self::read_into).
    ///
    /// # Errors
    ///
    /// `OutOfRange` if there is not as much room; nothing is copied then.
    pub fn write_from(&self, position: usize, elements: &[T]) -> Result<(), Error> {
        self.parts.shape.check_range(position, elements.len())?;
        let offset = position * size_of::<T>();
        self.parts.memory.write_at(offset, cast_slice(elements))
    }

    /// A copy of all elements, without the lock: while others write some may be new and some old.
    ///
    /// # Errors
    ///
    /// `StorageFull` if this process has no memory for them.
    pub fn to_vec(&self) -> Result<Vec<T>, Error> {
        let Ok(mut elements) = bytemuck::allocation::try_zeroed_vec(self.len()) else {
            let text = format!("there is no memory for a copy of {} elements", self.len());
            return Err(Error::new(ErrorKind::StorageFull, text));
        };
        self.read_into(0, &mut elements)?;
        Ok(elements)
    }

    /// Gives every element this value, without the lock.
    ///
    /// # Errors
    ///
    /// None that this version knows.
    pub fn fill(&self, value: T) -> Result<(), Error> {
        let at_once = (FILL / size_of::<T>()).clamp(1, self.len().max(1));
        let values = vec![value; at_once];
        for position in (0..self.len()).step_by(at_once) {
            let left = at_once.min(self.len() - position);
            self.write_from(position, &values[..left])?;
        }
        Ok(())
    }

    pub(super) fn parts(&self) -> &Parts {
        &self.parts
    }
}

impl Parts {
    /// What the block says of itself, if it does. Looked for again until it is there: whoever says the shape may have the block before its creator
    /// has written that.
    pub(super) fn trailer(&self) -> Option<Trailer> {
        if self.trailer.get().is_none()
            && let Some(found) = Trailer::find(&self.memory)
        {
            // Another thread has found the same.
            let _ = self.trailer.set(found);
        }
        self.trailer.get().copied()
    }

    pub(super) fn lock(&self, access: Access) -> Result<Held<'_>, Error> {
        self.lock.acquire(self.memory.as_fd(), access)
    }

    pub(super) fn try_lock(&self, access: Access) -> Result<Option<Held<'_>>, Error> {
        self.lock.try_acquire(self.memory.as_fd(), access)
    }
}

impl<T> Clone for SharedArray<T> {
    fn clone(&self) -> Self {
        Self {
            parts: Arc::clone(&self.parts),
            _elements: PhantomData,
        }
    }
}

impl<T: Pod> fmt::Debug for SharedArray<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SharedArray")
            .field("elements", &element::name::<T>())
            .field("shape", &self.shape())
            .field("name", &self.name())
            .finish_non_exhaustive()
    }
}
