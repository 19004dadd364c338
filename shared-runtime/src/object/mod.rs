//! The objects of this process: what is hosted, who holds it, who runs in it. Knows no sockets and no messages.

mod caller;
mod calls;
mod hosted;
mod lock;
mod queue;
mod reaper;
mod record;
mod registry;

pub(crate) use caller::Caller;
pub(crate) use calls::{CALLS, RunningCall};
pub use hosted::Object;
pub(crate) use hosted::{Hosted, Kind};
pub(crate) use lock::{Access, Cancel, Refused};
pub(crate) use queue::{ASYNC_WORKERS, Line, Queue, Turn, set_async_workers};
pub(crate) use reaper::finish_drops;
pub(crate) use record::MethodName;
pub use registry::SessionId;
pub(crate) use registry::{LOCAL, REGISTRY};
