//! Arrays as those of `ndarray`: copies, views of what cannot change any more, and views for which the caller vouches.

use bytemuck::{Pod, cast_slice, cast_slice_mut};
use ndarray::{ArrayD, ArrayView, ArrayViewD, ArrayViewMut, ArrayViewMutD, IxDyn};

use super::element::check_room;
use super::frozen::FrozenArray;
use super::guards::{ArrayRead, ArrayWrite};
use super::shape::{PerDimension, Shape};
use super::shared_array::SharedArray;
use crate::error::Error;
use crate::memory::FrozenMemory;

/// Why a slice always has as many elements as its shape says.
const COUNTED: &str = "a slice of an array has the elements of its shape";

fn view<'a, T>(lengths: &[usize], elements: &'a [T]) -> ArrayViewD<'a, T> {
    ArrayView::from_shape(IxDyn(lengths), elements).expect(COUNTED)
}

fn view_mut<'a, T>(lengths: &[usize], elements: &'a mut [T]) -> ArrayViewMutD<'a, T> {
    ArrayViewMut::from_shape(IxDyn(lengths), elements).expect(COUNTED)
}

impl<T: Pod> SharedArray<T> {
    /// A copy of the whole array under its lock, as [`read`](Self::read) makes it. Needs the feature `ndarray`.
    ///
    /// # Errors
    ///
    /// Those of [`read`](Self::read).
    ///
    /// ```
    /// use ndarray::array;
    /// use shared_runtime::memory::SharedArray;
    ///
    /// let matrix = SharedArray::<f64>::anonymous([2, 2])?;
    /// matrix.write()?.view_mut().assign(&array![[1.0, 2.0], [3.0, 4.0]].view().into_dyn());
    /// assert_eq!(matrix.to_ndarray()?.sum(), 10.0);
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    pub fn to_ndarray(&self) -> Result<ArrayD<T>, Error> {
        Ok(self.read()?.into_ndarray())
    }

    /// The elements where they are. Needs the feature `ndarray`.
    ///
    /// # Safety
    ///
    /// While the view lives, no thread and no other process may write to the block, by whatever means.
    #[must_use]
    pub unsafe fn view(&self) -> ArrayViewD<'_, T> {
        // SAFETY: nobody writes to it, as the caller promises.
        let bytes = unsafe { self.memory().as_slice() };
        view(
            self.shape(),
            cast_slice(&bytes[..self.len() * size_of::<T>()]),
        )
    }

    /// The elements where they are, to be written to. Needs the feature `ndarray`.
    ///
    /// # Safety
    ///
    /// While the view lives, no thread and no other process may read the block or write to it, by whatever means: not through another handle,
    /// a clone or another view either. The lock, held, promises that as far as all others take it too.
    #[must_use]
    pub unsafe fn view_mut(&self) -> ArrayViewMutD<'_, T> {
        // SAFETY: nobody else touches it, as the caller promises.
        let bytes = unsafe { self.memory().as_mut_slice() };
        let elements = cast_slice_mut(&mut bytes[..self.len() * size_of::<T>()]);
        view_mut(self.shape(), elements)
    }
}

impl<T: Pod> ArrayRead<T> {
    /// The copy as an array of `ndarray`. Needs the feature of that name.
    #[must_use]
    pub fn view(&self) -> ArrayViewD<'_, T> {
        view(self.shape(), self)
    }

    /// The same, owned. Needs the feature `ndarray`.
    #[must_use]
    #[expect(
        clippy::missing_panics_doc,
        reason = "the elements are as many as the shape says"
    )]
    pub fn into_ndarray(self) -> ArrayD<T> {
        let shape = IxDyn(self.shape());
        ArrayD::from_shape_vec(shape, self.into_vec()).expect(COUNTED)
    }
}

impl<T: Pod> ArrayWrite<'_, T> {
    /// The copy as an array of `ndarray`. Needs the feature of that name.
    #[must_use]
    pub fn view(&self) -> ArrayViewD<'_, T> {
        view(self.shape(), self)
    }

    /// The copy as an array of `ndarray`, to be changed. Needs the feature of that name.
    #[must_use]
    pub fn view_mut(&mut self) -> ArrayViewMutD<'_, T> {
        let shape = self.shape().to_vec();
        view_mut(&shape, self)
    }
}

impl<T: Pod> FrozenArray<T> {
    /// The elements where they are: safe, since nobody can write to them. Needs the feature `ndarray`.
    ///
    /// ```
    /// use shared_runtime::memory::SharedArray;
    ///
    /// let matrix = SharedArray::<f64>::anonymous([3, 4])?;
    /// matrix.fill(0.5)?;
    /// let matrix = matrix.freeze().map_err(|(_, error)| error)?;
    /// assert_eq!(matrix.view().sum(), 6.0);
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn view(&self) -> ArrayViewD<'_, T> {
        view(self.shape(), self)
    }
}

impl FrozenMemory {
    /// Its first bytes as an array of this shape. Needs the feature `ndarray`.
    ///
    /// # Errors
    ///
    /// `InvalidData` if there are not as many bytes; `InvalidInput` for more than eight dimensions, or more bytes than there can be.
    pub fn view<T: Pod>(&self, shape: impl PerDimension) -> Result<ArrayViewD<'_, T>, Error> {
        let shape = Shape::of(shape.numbers(), size_of::<T>())?;
        check_room::<T>(&shape, self.len())?;
        let elements = cast_slice(&self[..shape.count() * size_of::<T>()]);
        Ok(view(shape.lengths(), elements))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn views_of_shared_elements_are_the_memory_itself() {
        let array = SharedArray::<u16>::anonymous([2, 3]).unwrap();
        {
            // SAFETY: nobody else has the array, and this thread uses nothing else of it until the view is gone.
            let mut view = unsafe { array.view_mut() };
            assert_eq!(view.shape(), [2, 3]);
            view[[1, 2]] = 7;
            view[[0, 1]] = 5;
        }
        assert_eq!(array.to_vec().unwrap(), [0, 5, 0, 0, 0, 7]);
        array.set([1, 0], 3).unwrap();
        // SAFETY: nobody writes to the array any more.
        let view = unsafe { array.view() };
        assert_eq!(view, ndarray::array![[0, 5, 0], [3, 0, 7]].into_dyn());
    }

    #[test]
    fn a_view_ends_where_the_elements_do() {
        let array = SharedArray::<u16>::anonymous([3, 0]).unwrap();
        // SAFETY: nobody else has the array, and the views are gone one after the other.
        let shape = unsafe { array.view_mut() }.shape().to_vec();
        assert_eq!(shape, [3, 0]);
        // SAFETY: as above.
        assert!(unsafe { array.view() }.is_empty());
    }
}
