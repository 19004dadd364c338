//! What lies where in a list: CPython's layout, read once from a block that nobody vouches for, and believed from then on.

use std::sync::atomic::Ordering;

use super::item::Item;
use super::packed::LONGEST;
use crate::error::{Error, ErrorKind};
use crate::mapped::Mapping;

/// The most bytes of a slot.
const LARGEST: usize = LONGEST + 1;

/// What a list has at least for each item: a place, a slot, a format and a code.
const LEAST: usize = 8 + 8 + 8 + 1;

/// The places in a list, from the beginning of its block. They fit into each other, and into the block; a slot is a multiple of eight bytes large,
/// at least eight, and begins at one.
#[derive(Debug)]
pub(super) struct Layout {
    /// Of each slot, and behind the last.
    starts: Box<[usize]>,
    largest: usize,
}

/// One item's places.
#[derive(Clone, Copy, Debug)]
pub(super) struct Slot {
    pub(super) start: usize,
    pub(super) size: usize,
    pub(super) format: usize,
    pub(super) code: usize,
}

impl Layout {
    /// Of a new list.
    pub(super) fn of_items(items: &[Item]) -> Result<Self, Error> {
        let mut start = first_slot(items.len());
        let mut starts = Vec::with_capacity(items.len() + 1);
        starts.push(start);
        for item in items {
            start += item.slot_size()?;
            starts.push(start);
        }
        Ok(Self::of(starts))
    }

    /// Of a list that is there. `None` if there is none yet: whoever makes it writes its size last, or first of all.
    pub(super) fn of_block(block: &Mapping) -> Result<Option<Self>, Error> {
        if block.size() < 16 {
            return Err(no_list(&if is_of_3_8(block)? {
                AS_3_8.to_owned()
            } else {
                format!("it has {} bytes only", block.size())
            }));
        }
        let count = usize::try_from(number(block, 0)?).unwrap_or(usize::MAX);
        if count == 0 {
            let is_empty = number(block, 8)? == 0;
            return Ok(is_empty.then(|| Self::of(vec![first_slot(0)])));
        }
        if is_of_3_8(block)? {
            return Err(no_list(AS_3_8));
        }
        if count > (block.size() - 16) / LEAST {
            return Err(no_list(&format!(
                "it has {} bytes, which {count} items do not fit into",
                block.size()
            )));
        }
        let layout = Self::of(starts(block, count)?);
        if layout.size() > block.size() {
            return Err(no_list(&format!(
                "its items take {} bytes, and it has {}",
                layout.size(),
                block.size()
            )));
        }
        Ok(Some(layout))
    }

    fn of(starts: Vec<usize>) -> Self {
        let sizes = starts.windows(2).map(|pair| pair[1] - pair[0]);
        let largest = sizes.max().unwrap_or(0);
        let starts = starts.into();
        Self { starts, largest }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.starts.len() - 1
    }

    /// The bytes of CPython's layout.
    pub(super) fn size(&self) -> usize {
        self.codes() + self.len()
    }

    /// The bytes of the largest slot.
    pub(super) fn largest(&self) -> usize {
        self.largest
    }

    /// The places of an item, if there is one.
    #[inline]
    pub(super) fn slot(&self, index: usize) -> Option<Slot> {
        let end = *self.starts.get(index.checked_add(1)?)?;
        let start = *self.starts.get(index)?;
        Some(Slot {
            start,
            size: end - start,
            format: self.formats() + 8 * index,
            code: self.codes() + index,
        })
    }

    /// The offsets as CPython stores them.
    pub(super) fn offsets(&self) -> impl Iterator<Item = i64> {
        let first = self.starts[0];
        self.starts
            .iter()
            .map(move |start| i64::try_from(start - first).unwrap_or(i64::MAX))
    }

    #[inline]
    fn formats(&self) -> usize {
        self.starts[self.len()]
    }

    #[inline]
    fn codes(&self) -> usize {
        self.formats() + 8 * self.len()
    }
}

/// Behind the number of items and their offsets.
fn first_slot(items: usize) -> usize {
    16 + 8 * items
}

/// Where the slots begin and end, of as many items as fit into the block.
fn starts(block: &Mapping, count: usize) -> Result<Vec<usize>, Error> {
    let mut offsets = vec![0; 8 * (count + 1)];
    block.read_at(8, &mut offsets)?;
    let (offsets, _) = offsets.as_chunks();
    let mut starts = Vec::with_capacity(offsets.len());
    let mut last = None;
    for offset in offsets {
        let offset = i64::from_ne_bytes(*offset);
        let start = follows(last, offset).ok_or_else(|| {
            let index = starts.len();
            no_list(&format!("its item {index} cannot be at {offset}"))
        })?;
        // No larger than the block: a slot is at most ten million bytes, and there are not more of them than bytes.
        starts.push(first_slot(count) + start);
        last = Some(start);
    }
    Ok(starts)
}

/// The offset, if it can follow the last.
fn follows(last: Option<usize>, offset: i64) -> Option<usize> {
    let offset = usize::try_from(offset).ok()?;
    let size = match last {
        Some(last) => offset.checked_sub(last)?,
        None => return (offset == 0).then_some(0),
    };
    (offset.is_multiple_of(8) && (8..=LARGEST).contains(&size)).then_some(offset)
}

const AS_3_8: &str = "CPython 3.8 has made it, which lays a list out in another way: make it by CPython 3.9 or later, or by ShareableList::new";

/// CPython 3.8 stored the sizes of slots where later versions store their offsets, of which the first is zero.
fn is_of_3_8(block: &Mapping) -> Result<bool, Error> {
    if block.size() == 8 {
        return Ok(number(block, 0)? == 0);
    }
    if block.size() < 16 {
        return Ok(false);
    }
    let count = usize::try_from(number(block, 0)?).unwrap_or(usize::MAX);
    Ok(count <= (block.size() - 8) / LEAST && number(block, 8)? >= 8)
}

fn number(block: &Mapping, at: usize) -> Result<i64, Error> {
    // Acquire: the number of items is written when the rest is there.
    Ok(block.atomic_i64(at)?.load(Ordering::Acquire))
}

pub(super) fn no_list(why: &str) -> Error {
    let text = format!("the block holds no ShareableList: {why}");
    Error::new(ErrorKind::InvalidData, text)
}
