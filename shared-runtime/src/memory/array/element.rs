//! Single elements: those of one, two, four and eight bytes are read and written whole, the others byte by byte.

use std::any::{TypeId, type_name};
use std::sync::atomic::Ordering;

use bytemuck::{Pod, bytes_of, bytes_of_mut, cast};

use super::shape::Shape;
use crate::error::{Error, ErrorKind};
use crate::mapped::Mapping;

/// `Err` unless a block of `size` bytes has room for all elements. Whatever becomes an array is checked here.
pub(super) fn check_room<T: Pod>(shape: &Shape, size: usize) -> Result<(), Error> {
    const {
        assert!(size_of::<T>() > 0, "an element has at least one byte");
        assert!(
            align_of::<T>() <= 4096,
            "a block of memory begins at a page"
        );
    }
    let bytes = shape.count() * size_of::<T>();
    if bytes <= size {
        return Ok(());
    }
    let text = format!(
        "a block of {size} bytes is too short for an array of {} of the shape {:?}: that has {bytes}",
        name::<T>(),
        shape.lengths()
    );
    Err(Error::new(ErrorKind::InvalidData, text))
}

/// What the elements are called: numbers by their short names, which are the same on all sides.
pub(super) fn name<T: Pod>() -> &'static str {
    let numbers = [
        (TypeId::of::<usize>(), "u64"),
        (TypeId::of::<isize>(), "i64"),
    ];
    let same = numbers.iter().find(|(id, _)| *id == TypeId::of::<T>());
    same.map_or_else(type_name::<T>, |(_, name)| name)
}

/// Element `position`. Whoever has written it by [`store`] had done all before that which it has done.
#[inline]
pub(super) fn load<T: Pod>(mapping: &Mapping, position: usize) -> Result<T, Error> {
    let offset = position * size_of::<T>();
    // Acquire: after the release in `store`.
    Ok(match size_of::<T>() {
        1 => cast(mapping.atomic_u8(offset)?.load(Ordering::Acquire)),
        2 => cast(mapping.atomic_u16(offset)?.load(Ordering::Acquire)),
        4 => cast(mapping.atomic_u32(offset)?.load(Ordering::Acquire)),
        8 => cast(mapping.atomic_u64(offset)?.load(Ordering::Acquire)),
        _ => {
            let mut value = T::zeroed();
            mapping.read_at(offset, bytes_of_mut(&mut value))?;
            value
        }
    })
}

/// Gives element `position` a value.
#[inline]
pub(super) fn store<T: Pod>(mapping: &Mapping, position: usize, value: T) -> Result<(), Error> {
    let offset = position * size_of::<T>();
    // Release: what was written before is there for whoever loads this.
    match size_of::<T>() {
        1 => mapping
            .atomic_u8(offset)?
            .store(cast(value), Ordering::Release),
        2 => mapping
            .atomic_u16(offset)?
            .store(cast(value), Ordering::Release),
        4 => mapping
            .atomic_u32(offset)?
            .store(cast(value), Ordering::Release),
        8 => mapping
            .atomic_u64(offset)?
            .store(cast(value), Ordering::Release),
        _ => mapping.write_at(offset, bytes_of(&value))?,
    }
    Ok(())
}
