//! Memory that several processes share: blocks, typed arrays, and lists that CPython reads and writes too.

mod carried;
mod owned;

mod shared_memory;

mod frozen;

mod travel;

mod array;

mod list;

mod block;

pub use crate::manager::{MemoryManagerHandle, SharedMemoryManager, SharedMemoryManagerBuilder};
pub use crate::mapped::Mapping;
pub use array::{ArrayLock, ArrayRead, ArrayWrite, FrozenArray, PerDimension, SharedArray};
pub(crate) use block::not_here;
pub use block::{MemoryBlock, MemoryBlockCalls, MemoryBlockProxy};
pub use bytemuck::Pod;
pub use frozen::FrozenMemory;
pub use list::{Item, Iter, ShareableList};
pub(crate) use owned::{Owned, remove_at_exit, remove_names};
pub use shared_memory::SharedMemory;
