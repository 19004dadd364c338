//! Whole arrays under their lock: copied out, and copied back.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::thread;

use bytemuck::Pod;

use super::lock::Held;
use super::shape::Shape;
use super::shared_array::{Parts, SharedArray};
use super::users::Access;
use crate::error::{Error, ErrorKind};

impl<T: Pod> SharedArray<T> {
    /// A copy of the whole array as it was at one moment between two writers. Several may read at the same time; the lock is free again when this
    /// returns.
    ///
    /// In a method this waits no longer than its caller does. Outside it waits as long as somebody writes.
    ///
    /// # Errors
    ///
    /// `Poisoned` if a writer was killed while it copied back; `Reentrant` if this thread holds the lock; `Timeout` or `Cancelled` if the caller of
    /// the method that runs here waits no more; `StorageFull` if this process has no memory for the copy; `Disconnected` in a fork; `Io`.
    pub fn read(&self) -> Result<ArrayRead<T>, Error> {
        self.copy(&self.parts().lock(Access::Shared)?)
    }

    /// The same, if no writer has to be waited for.
    ///
    /// # Errors
    ///
    /// As [`read`](Self::read), less what waiting brings.
    pub fn try_read(&self) -> Result<Option<ArrayRead<T>>, Error> {
        let held = self.parts().try_lock(Access::Shared)?;
        held.map(|held| self.copy(&held)).transpose()
    }

    /// A copy of the whole array to change. Nobody else has the lock until it is dropped, which copies it back: for all who `read`, at
    /// one moment. If the thread panics until then nothing is copied back.
    ///
    /// Whoever is killed has changed nothing, unless that happens while the copy goes back. Who comes next is then told that the array is
    /// half old and half new, until somebody calls [`clear_poison`](Self::clear_poison). An array that others made has no place where that could
    /// be noted.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    ///
    /// ```
    /// use shared_runtime::memory::SharedArray;
    ///
    /// let accounts = SharedArray::<i64>::anonymous(100)?;
    /// let mut held = accounts.write()?;
    /// held[7] -= 30;
    /// held[9] += 30;
    /// drop(held); // or held.commit()?, or held.discard()
    /// assert_eq!(accounts.read()?.iter().sum::<i64>(), 0);
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    pub fn write(&self) -> Result<ArrayWrite<'_, T>, Error> {
        ArrayWrite::of(self, self.parts().lock(Access::Exclusive)?)
    }

    /// The same, if nobody has to be waited for.
    ///
    /// # Errors
    ///
    /// As [`write`](Self::write), less what waiting brings.
    pub fn try_write(&self) -> Result<Option<ArrayWrite<'_, T>>, Error> {
        let held = self.parts().try_lock(Access::Exclusive)?;
        held.map(|held| ArrayWrite::of(self, held)).transpose()
    }

    /// The lock without a copy, for a few elements of a large array: nobody else has it until the guard is dropped. What is set meanwhile is
    /// in the array at once, and stays there if this process is killed.
    ///
    /// # Errors
    ///
    /// Those of [`write`](Self::write), less want of memory.
    ///
    /// ```
    /// use shared_runtime::memory::SharedArray;
    ///
    /// let table = SharedArray::<u64>::anonymous([1000, 1000])?;
    /// let held = table.lock()?;
    /// held.set([3, 5], held.get([5, 3])? + 1)?;
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    pub fn lock(&self) -> Result<ArrayLock<'_, T>, Error> {
        let held = self.parts().lock(Access::Exclusive)?;
        self.parts().check_whole()?;
        Ok(ArrayLock {
            array: self,
            _held: held,
        })
    }

    /// Makes an array usable again whose writer was killed while it copied back: the caller vouches for its elements.
    ///
    /// # Errors
    ///
    /// Those of [`lock`](Self::lock), less `Poisoned`.
    pub fn clear_poison(&self) -> Result<(), Error> {
        let _held = self.parts().lock(Access::Exclusive)?;
        self.parts().set_writing(false)
    }

    fn copy(&self, _held: &Held<'_>) -> Result<ArrayRead<T>, Error> {
        self.parts().check_whole()?;
        Ok(ArrayRead {
            elements: self.to_vec()?,
            shape: self.parts().shape,
        })
    }
}

impl Parts {
    /// `Err` if a writer was killed while it copied back. Under the lock, so that no writer does at this moment.
    pub(super) fn check_whole(&self) -> Result<(), Error> {
        let Some(trailer) = self.trailer() else {
            return Ok(());
        };
        if trailer.is_writing(&self.memory)? {
            let text = "a process was killed while it copied the array back, which is half old and half new now; \
                SharedArray::clear_poison makes it usable again";
            return Err(Error::new(ErrorKind::Poisoned, text));
        }
        Ok(())
    }

    fn set_writing(&self, writing: bool) -> Result<(), Error> {
        match self.trailer() {
            Some(trailer) => trailer.set_writing(&self.memory, writing),
            None => Ok(()),
        }
    }
}

/// A copy of a whole [`SharedArray`], as it was at one moment: a slice of its elements, row by row.
#[derive(Clone, PartialEq)]
pub struct ArrayRead<T> {
    elements: Vec<T>,
    shape: Shape,
}

impl<T: Pod> ArrayRead<T> {
    /// The length in each dimension, the outermost first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        self.shape.lengths()
    }

    /// The elements alone.
    #[must_use]
    pub fn into_vec(self) -> Vec<T> {
        self.elements
    }
}

impl<T> Deref for ArrayRead<T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.elements
    }
}

impl<T: fmt::Debug> fmt::Debug for ArrayRead<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrayRead")
            .field("shape", &self.shape.lengths())
            .field("elements", &self.elements)
            .finish()
    }
}

/// A whole [`SharedArray`] to change: a slice of its elements, row by row. Holds the lock; when it is dropped the elements are copied back,
/// unless the thread panics.
#[must_use = "the lock is given back when this is dropped"]
pub struct ArrayWrite<'a, T: Pod> {
    array: &'a SharedArray<T>,
    copy: ArrayRead<T>,
    /// Whether anybody had the elements to change.
    changed: bool,
    /// Whether the thread was unwinding when it took the lock: that is no panic of this transaction.
    unwinding: bool,
    // After `array` has been written back, in `drop`.
    held: Held<'a>,
}

impl<'a, T: Pod> ArrayWrite<'a, T> {
    fn of(array: &'a SharedArray<T>, held: Held<'a>) -> Result<Self, Error> {
        Ok(Self {
            array,
            copy: array.copy(&held)?,
            changed: false,
            unwinding: thread::panicking(),
            held,
        })
    }

    /// The length in each dimension, the outermost first.
    #[must_use]
    pub fn shape(&self) -> &[usize] {
        self.copy.shape()
    }

    /// Copies the elements back and gives the lock back, as dropping it does.
    ///
    /// # Errors
    ///
    /// `Disconnected` in a fork of the process that took the lock, in which nothing is copied back.
    pub fn commit(mut self) -> Result<(), Error> {
        self.put_back()
    }

    /// Gives the lock back, and leaves the array as it was.
    pub fn discard(mut self) {
        self.changed = false;
    }

    fn put_back(&mut self) -> Result<(), Error> {
        if !std::mem::take(&mut self.changed) {
            return Ok(());
        }
        self.held.check()?;
        let parts = self.array.parts();
        parts.set_writing(true)?;
        self.array.write_from(0, &self.copy)?;
        parts.set_writing(false)
    }
}

impl<T: Pod> Deref for ArrayWrite<'_, T> {
    type Target = [T];

    fn deref(&self) -> &[T] {
        &self.copy
    }
}

impl<T: Pod> DerefMut for ArrayWrite<'_, T> {
    fn deref_mut(&mut self) -> &mut [T] {
        self.changed = true;
        &mut self.copy.elements
    }
}

impl<T: Pod> Drop for ArrayWrite<'_, T> {
    fn drop(&mut self) {
        if self.unwinding || !thread::panicking() {
            // In a fork nothing is to be done; `commit` says what else went wrong.
            let _ = self.put_back();
        }
    }
}

impl<T: Pod + fmt::Debug> fmt::Debug for ArrayWrite<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ArrayWrite")
            .field("shape", &self.shape())
            .field("elements", &self.copy.elements)
            .finish_non_exhaustive()
    }
}

/// The lock of a [`SharedArray`], and the array.
#[must_use = "the lock is given back when this is dropped"]
pub struct ArrayLock<'a, T> {
    array: &'a SharedArray<T>,
    _held: Held<'a>,
}

impl<T> Deref for ArrayLock<'_, T> {
    type Target = SharedArray<T>;

    fn deref(&self) -> &SharedArray<T> {
        self.array
    }
}

impl<T: Pod> fmt::Debug for ArrayLock<'_, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ArrayLock").field(self.array).finish()
    }
}
