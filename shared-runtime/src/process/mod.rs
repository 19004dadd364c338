//! Processes that this program starts: servers and tasks. Uses everything else here; nothing uses it.

mod bootstrap;
mod child;
mod server;
mod spawn;
mod start;
mod task;

pub use server::{ServerBuilder, ServerProcess};
pub use start::init;
pub use task::{Never, Process, ProcessBuilder, TaskCall, TaskFn, spawn, task_call};

pub use start::TEST_CRATES;
pub(crate) use start::run_test_child;

/// Handles, servers and processes are passed between threads and shared by them.
const _: () = {
    const fn shared_by_threads<T: Send + Sync>() {}
    shared_by_threads::<ServerProcess>();
    shared_by_threads::<crate::server_handle::ServerHandle>();
    shared_by_threads::<crate::call::Target>();
    shared_by_threads::<Process<Vec<u8>, String>>();
};
