//! Pools: processes that run many calls, one after the other each, for threads of the process that started them.

mod progress;
mod slot;
mod wire;

mod worker;

mod job;

mod seat;

mod core;

mod recipe;

mod attend;
mod map;

mod whole;

pub use job::Job;
pub use map::{Map, MapUnordered};
pub use progress::Progress;
pub use whole::{Pool, PoolBuilder};
pub(super) use worker::work;
