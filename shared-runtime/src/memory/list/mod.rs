//! `ShareableList`: a list in shared memory, laid out as CPython does it.

mod convert;
mod item;

mod format;
mod layout;
mod packed;

mod trailer;

mod lock;

mod cells;
mod journal;

mod iter;
mod repr;
mod shareable_list;
mod travel;

#[cfg(test)]
mod tests;

pub use item::Item;
pub use iter::Iter;
pub use shareable_list::ShareableList;
