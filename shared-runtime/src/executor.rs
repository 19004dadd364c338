//! Runs `async fn` methods, constructors and tasks: each on the thread that its call came in on, as any other function, so that it
//! holds its object's lock and knows its caller throughout. Timers and sockets are driven by threads of tokio beside it.

use std::sync::LazyLock;

use tokio::runtime::{Builder, Handle, Runtime};

use crate::os::forked;

/// The executor of this process, made by the first `async fn` that runs.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| {
    let mut builder = Builder::new_multi_thread();
    builder.enable_all().thread_name("shared-async");
    builder.build().ok()
});

/// Whether this thread belongs to some executor of tokio.
pub(crate) fn is_inside_one() -> bool {
    Handle::try_current().is_ok()
}

/// Waits for a future on this thread, which belongs to no executor. What the future needs of tokio it finds.
///
/// # Panics
///
/// If the system has no threads to give for the executor.
pub fn block_on<F: Future>(future: F) -> F::Output {
    assert!(!forked(), "an executor does not survive a fork");
    let runtime = RUNTIME
        .as_ref()
        .expect("the system has threads and descriptors for an executor");
    let _entered = runtime.enter();
    pollster::block_on(future)
}
