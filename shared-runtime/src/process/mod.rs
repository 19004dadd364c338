//! Processes that this program starts, and waiting for several of them. (Uses everything else here; nothing uses it.)

// How a program starts, what it does as a child, and how it ends.
mod start;

mod bootstrap;
mod child;
mod exit;
mod line;
mod run;

// How a child is started.
mod stdio;

mod settings;

mod command;
mod spawn;

// Tasks and their results.
mod task;

mod builder;
mod running;

mod future;

// Servers.
mod initializer;
mod server;
mod server_builder;

// Several at once.
mod wait;

mod pool;

pub use builder::ProcessBuilder;
pub use future::Joining;
pub use pool::{Job, Map, MapUnordered, Pool, PoolBuilder, Progress};
pub use running::Process;
pub use server::ServerProcess;
pub use server_builder::ServerBuilder;
pub use start::init;
pub use stdio::Stdio;
pub use task::{Never, TaskCall};
pub use wait::{AsCompleted, ReturnWhen, Worker, as_completed, wait};

#[doc(hidden)]
pub use builder::spawn;
#[doc(hidden)]
pub use start::TEST_CRATES;
pub(crate) use start::run_test_child;
#[doc(hidden)]
pub use task::{TaskFn, task_call};

/// Handles, servers and processes are passed between threads and shared by them.
const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<ServerProcess>();
    shared_by_threads::<crate::server_handle::ServerHandle>();
    shared_by_threads::<crate::call::Target>();
    shared_by_threads::<Process<Vec<u8>, String>>();
    shared_by_threads::<Pool>();
    shared_by_threads::<Job<Vec<u8>, String>>();
};
