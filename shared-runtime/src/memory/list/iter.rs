//! The items of a list, one after the other.

use std::fmt;
use std::ops::Range;

use super::cells::Cells;
use super::item::Item;
use crate::error::Error;

/// The items of a [`ShareableList`](crate::memory::ShareableList): each is read when its turn comes.
#[derive(Clone)]
pub struct Iter<'a> {
    cells: &'a Cells,
    left: Range<usize>,
}

impl<'a> Iter<'a> {
    pub(super) fn new(cells: &'a Cells) -> Self {
        let left = 0..cells.len();
        Self { cells, left }
    }
}

impl Iterator for Iter<'_> {
    type Item = Result<Item, Error>;

    fn next(&mut self) -> Option<Self::Item> {
        self.left.next().map(|index| self.cells.read(index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.left.size_hint()
    }

    fn nth(&mut self, n: usize) -> Option<Self::Item> {
        self.left.nth(n).map(|index| self.cells.read(index))
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<Self::Item> {
        self.left.next_back().map(|index| self.cells.read(index))
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl std::iter::FusedIterator for Iter<'_> {}

impl fmt::Debug for Iter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Iter")
            .field("left", &self.left)
            .finish_non_exhaustive()
    }
}
