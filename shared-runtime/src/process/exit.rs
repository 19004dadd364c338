//! The end of this process: it first waits for the tasks that it has started and that are not detached.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Once, PoisonError, Weak};

use crate::memory::remove_at_exit;
use crate::os::{Child, Cut, Deadline, Socket, forked};

/// A task that is waited for, and the line on which it may want to give its result. Both are gone once it has ended, and been joined or
/// dropped.
struct Running {
    child: Weak<Child>,
    line: Weak<Socket>,
}

static RUNNING: Mutex<Vec<Running>> = Mutex::new(Vec::new());

/// This process ends without waiting.
static LEAVES: AtomicBool = AtomicBool::new(false);

/// Has this process wait for the end of `child` before it ends itself.
pub(super) fn wait_for(child: &Arc<Child>, line: &Arc<Socket>) {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // What is registered first runs last: tasks may still need memory by its name.
        remove_at_exit();
        // From here on a fork can be told: it has no children.
        let _ = forked();
        // SAFETY: registers a function that does not unwind. Without room for it nobody is waited for.
        unsafe { libc::atexit(at_exit) };
    });
    let mut running = RUNNING.lock().unwrap_or_else(PoisonError::into_inner);
    if running.len() == running.capacity() {
        running.retain(|running| running.child.strong_count() > 0);
    }
    running.push(Running {
        child: Arc::downgrade(child),
        line: Arc::downgrade(line),
    });
}

/// Has this process end at once when it ends: its tasks end with it.
pub(super) fn wait_for_nobody() {
    LEAVES.store(true, Ordering::Relaxed);
}

/// Runs in `exit`, with thread-locals of the main thread gone and other threads still running: takes one lock and waits for descriptors.
extern "C" fn at_exit() {
    if forked() || LEAVES.load(Ordering::Relaxed) {
        return;
    }
    loop {
        let running = std::mem::take(&mut *RUNNING.lock().unwrap_or_else(PoisonError::into_inner));
        if running.is_empty() {
            return;
        }
        for line in running.iter().filter_map(|running| running.line.upgrade()) {
            // Nobody will take its result: it need not wait for that.
            line.cut();
        }
        for child in running.iter().filter_map(|running| running.child.upgrade()) {
            let _status = child.wait(Deadline::NEVER);
        }
    }
}
