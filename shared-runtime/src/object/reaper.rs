//! The thread on which hosted values are dropped: their `Drop` is user code, which may block and may panic.

use std::any::Any;
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::os::Deadline;
use crate::panic::catch;

/// What the thread is given.
enum Job {
    Drop(Box<dyn Any + Send>),
    /// Everything before this has been dropped.
    Mark(Sender<()>),
}

static JOBS: LazyLock<Option<Mutex<Sender<Job>>>> = LazyLock::new(|| {
    let (sender, jobs) = channel();
    let run = move || {
        for job in jobs {
            match job {
                // A panic in `Drop` concerns nobody who could be told; the value is gone either way.
                Job::Drop(value) => drop(catch("", || drop(value))),
                Job::Mark(reached) => drop(reached.send(())),
            }
        }
    };
    std::thread::Builder::new()
        .name("shared-reaper".into())
        .spawn(run)
        .ok()?;
    Some(Mutex::new(sender))
});

pub(super) fn drop_later(value: Box<dyn Any + Send>) {
    match &*JOBS {
        Some(jobs) => {
            // The thread never ends, so the channel is open.
            let _ = jobs
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .send(Job::Drop(value));
        }
        // No thread to be had: here, then.
        None => drop(catch("", || drop(value))),
    }
}

/// Waits until all values given up so far have been dropped, or the deadline passes.
pub(crate) fn finish_drops(deadline: Deadline) {
    let Some(jobs) = &*JOBS else { return };
    let (reached, mark) = channel();
    let sent = jobs
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .send(Job::Mark(reached));
    if sent.is_ok() {
        match deadline.remaining() {
            Some(left) => drop(mark.recv_timeout(left)),
            None => drop(mark.recv()),
        }
    }
}
