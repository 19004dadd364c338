//! How long an array is in each direction, and where an element is in it.

use crate::error::{Error, ErrorKind};

/// The most dimensions of an array.
pub(super) const DIMENSIONS: usize = 8;

/// One number for each dimension of an array: its shape, or a place in it. For one dimension a number alone will do.
///
/// ```
/// use shared_runtime::memory::SharedArray;
///
/// let row = SharedArray::<f32>::anonymous(640)?;
/// row.set(639, 1.5)?;
/// let picture = SharedArray::<f32>::anonymous([480, 640])?;
/// picture.set([479, 639], 1.5)?;
/// # Ok::<(), shared_runtime::Error>(())
/// ```
pub trait PerDimension {
    /// The numbers, the outermost dimension first.
    fn numbers(&self) -> &[usize];
}

impl PerDimension for usize {
    #[inline]
    fn numbers(&self) -> &[usize] {
        std::slice::from_ref(self)
    }
}

impl<const N: usize> PerDimension for [usize; N] {
    #[inline]
    fn numbers(&self) -> &[usize] {
        self
    }
}

impl PerDimension for [usize] {
    #[inline]
    fn numbers(&self) -> &[usize] {
        self
    }
}

impl PerDimension for Vec<usize> {
    #[inline]
    fn numbers(&self) -> &[usize] {
        self
    }
}

impl<P: PerDimension + ?Sized> PerDimension for &P {
    #[inline]
    fn numbers(&self) -> &[usize] {
        (**self).numbers()
    }
}

/// A shape whose elements can be counted, and their bytes too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Shape {
    lengths: [usize; DIMENSIONS],
    dimensions: usize,
    count: usize,
}

impl Shape {
    /// `Err` if it has too many dimensions, or elements of `element` bytes would be more bytes than a process can have.
    pub(super) fn of(lengths: &[usize], element: usize) -> Result<Self, Error> {
        if lengths.len() > DIMENSIONS {
            let text = format!("an array has at most {DIMENSIONS} dimensions, not {lengths:?}");
            return Err(Error::new(ErrorKind::InvalidInput, text));
        }
        // A length of zero must not hide that the others are too large: places are counted with them.
        let product = |smallest: usize| {
            let mut lengths = lengths.iter();
            lengths.try_fold(1, |product: usize, length| {
                product.checked_mul((*length).max(smallest))
            })
        };
        let bytes = product(1).and_then(|count| count.checked_mul(element));
        let fits = bytes.is_some_and(|bytes| isize::try_from(bytes).is_ok());
        let Some(count) = product(0).filter(|_| fits) else {
            let text = format!("an array of the shape {lengths:?} is larger than any memory");
            return Err(Error::new(ErrorKind::InvalidInput, text));
        };
        let mut own = [0; DIMENSIONS];
        own[..lengths.len()].copy_from_slice(lengths);
        Ok(Self {
            lengths: own,
            dimensions: lengths.len(),
            count,
        })
    }

    #[inline]
    pub(super) fn lengths(&self) -> &[usize] {
        // The dimensions are at most as many; said so that no panic is compiled.
        &self.lengths[..self.dimensions.min(DIMENSIONS)]
    }

    /// How many elements there are.
    #[inline]
    pub(super) fn count(&self) -> usize {
        self.count
    }

    /// Which element is at a place, in the order in which they lie in memory: the last index runs fastest.
    #[inline]
    pub(super) fn position(&self, place: &[usize]) -> Result<usize, Error> {
        let lengths = self.lengths();
        let mut position = 0;
        let mut inside = place.len() == lengths.len();
        for (index, length) in place.iter().zip(lengths) {
            inside &= index < length;
            // No overflow where all are inside, and no use of it where not.
            position = usize::wrapping_add(usize::wrapping_mul(position, *length), *index);
        }
        if inside {
            Ok(position)
        } else {
            Err(outside(place, lengths))
        }
    }

    /// `Err` unless so many elements follow from `position` on.
    #[inline]
    pub(super) fn check_range(&self, position: usize, count: usize) -> Result<(), Error> {
        let end = position.checked_add(count);
        if end.is_none_or(|end| end > self.count) {
            let text = format!(
                "{count} elements from {position} on are not within an array of {}",
                self.count
            );
            return Err(Error::new(ErrorKind::OutOfRange, text));
        }
        Ok(())
    }
}

#[cold]
fn outside(place: &[usize], lengths: &[usize]) -> Error {
    let text = if place.len() == lengths.len() {
        format!("{place:?} is outside of an array of the shape {lengths:?}")
    } else {
        format!(
            "{place:?} is no place in an array of the shape {lengths:?}: it takes {} numbers",
            lengths.len()
        )
    };
    Error::new(ErrorKind::OutOfRange, text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_counted_as_c_does() {
        let shape = Shape::of(&[2, 3, 4], 8).unwrap();
        assert_eq!(shape.count(), 24);
        assert_eq!(shape.position(&[0, 0, 0]).unwrap(), 0);
        assert_eq!(shape.position(&[1, 2, 3]).unwrap(), 23);
        assert_eq!(shape.position(&[1, 0, 2]).unwrap(), 14);
        for wrong in [
            &[0, 0][..],
            &[5],
            &[],
            &[2, 0, 0],
            &[0, 3, 0],
            &[0, 0, 4],
            &[usize::MAX; 3],
        ] {
            let error = shape.position(wrong).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfRange);
            let text = error.to_string();
            assert!(text.contains(&format!("{wrong:?}")), "{text}");
            assert!(text.contains("[2, 3, 4]"), "{text}");
        }
        let scalar = Shape::of(&[], 8).unwrap();
        assert_eq!((scalar.count(), scalar.position(&[]).unwrap()), (1, 0));
        let empty = Shape::of(&[5, 0], 8).unwrap();
        assert_eq!(empty.count(), 0);
        assert!(empty.position(&[0, 0]).is_err());
    }

    #[test]
    fn shapes_beyond_all_memory_are_refused() {
        for lengths in [
            &[usize::MAX][..],
            &[usize::MAX, usize::MAX],
            &[0, usize::MAX],
            &[1 << 60],
            &[1 << 31, 1 << 31, 4],
            &[1; 9],
        ] {
            let error = Shape::of(lengths, 8).err().unwrap();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{lengths:?}");
        }
        assert!(Shape::of(&[1; 8], 8).is_ok());
    }

    #[test]
    fn ranges_are_within_or_refused() {
        let shape = Shape::of(&[10], 1).unwrap();
        for (position, count) in [(0, 10), (10, 0), (3, 7)] {
            assert!(shape.check_range(position, count).is_ok());
        }
        for (position, count) in [(0, 11), (11, 0), (usize::MAX, 2)] {
            let error = shape.check_range(position, count).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::OutOfRange);
        }
    }
}
