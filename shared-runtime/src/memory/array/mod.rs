//! Arrays of numbers in blocks of memory: as NumPy lays them out, under a lock that survives whoever holds it.

mod shape;

mod element;
mod trailer;

mod record;
mod users;

mod lock;

mod shared_array;

mod frozen;
mod guards;
mod travel;

#[cfg(feature = "ndarray")]
mod views;

pub use frozen::FrozenArray;
pub use guards::{ArrayLock, ArrayRead, ArrayWrite};
pub use shape::PerDimension;
pub use shared_array::SharedArray;
