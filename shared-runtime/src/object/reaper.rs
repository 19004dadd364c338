//! The thread on which hosted values are dropped, and what users want done at a session's end is done: user code, which may
//! block and may panic.

use std::any::Any;
use std::sync::mpsc::{Sender, channel};
use std::sync::{LazyLock, Mutex, PoisonError};

use crate::order;
use crate::os::Deadline;
use crate::panic::catch;

/// What the thread is given.
enum Job {
    Drop(Box<dyn Any + Send>),
    Run(Box<dyn FnOnce() + Send>),
    /// Everything before this has been dropped.
    Mark(Sender<()>),
}

impl Job {
    /// A panic concerns nobody who could be told, and no job what an earlier one did.
    fn run(self) {
        let run =
            |user_code: Box<dyn FnOnce() + Send>| drop(order::scoped(|| catch("", user_code)));
        match self {
            Self::Drop(value) => run(Box::new(|| drop(value))),
            Self::Run(user_code) => run(user_code),
            Self::Mark(reached) => drop(reached.send(())),
        }
    }
}

static JOBS: LazyLock<Option<Mutex<Sender<Job>>>> = LazyLock::new(|| {
    let (sender, jobs) = channel::<Job>();
    let run = move || {
        for job in jobs {
            job.run();
        }
    };
    std::thread::Builder::new()
        .name("shared-reaper".into())
        .spawn(run)
        .ok()?;
    Some(Mutex::new(sender))
});

pub(super) fn drop_later(value: Box<dyn Any + Send>) {
    later(Job::Drop(value));
}

pub(super) fn run_later(user_code: Box<dyn FnOnce() + Send>) {
    later(Job::Run(user_code));
}

/// Hands a job to the thread; without one to be had, does it here.
fn later(job: Job) {
    match &*JOBS {
        // The thread never ends, so the channel is open.
        Some(jobs) => drop(
            jobs.lock()
                .unwrap_or_else(PoisonError::into_inner)
                .send(job),
        ),
        None => job.run(),
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
