//! Log records of other processes: each process of a tree sends its own to the root, which gives them to its logger.
//!
//! In a process that the runtime started, `log`'s records (and, with the feature `tracing`, `tracing`'s events) go to the *root*: the
//! process that a person or a script started. Its logger gets each once, with [where it comes from](Origin).

mod line;

mod levels;

mod field;
mod stamp;

mod entry;

mod packet;
mod pieces;

// In every process but the root.
mod buffer;

mod forward;
#[cfg(feature = "tracing")]
mod trace;

mod inherit;

// In the root.
mod queue;

mod origin;

#[cfg(feature = "tracing")]
mod retrace;

mod deliver;

mod receive;

pub use forward::set_logger;
pub use origin::Origin;

pub(crate) use buffer::drop_when_full;
pub(crate) use inherit::inherit;
pub(crate) use line::DESCRIPTORS;
pub(crate) use receive::{descriptors, look_after, settle, when_settled};
