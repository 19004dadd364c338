//! The one background thread of a process: it waits on descriptors and runs short runtime work, never user code.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Mutex, OnceLock, PoisonError};

use rustix::event::{EventfdFlags, PollFlags, eventfd};

use super::{Deadline, wait};

/// Something to do when a descriptor is ready. None of it may block.
pub(crate) trait Watch: Send {
    /// What is waited for: any of these.
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)>;

    /// One of the descriptors is ready.
    fn ready(&mut self) -> Next;
}

/// What becomes of a watch that has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Wait,
    Done,
}

/// Hands `watch` to the background thread, which is started by the first. Never waits; works in destructors of
/// thread-locals and at exit.
pub(crate) fn run_in_background(watch: Box<dyn Watch>) {
    let Some(background) = Background::running() else {
        return;
    };
    background
        .inbox
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(watch);
    // A full counter means that a wake-up is already under way.
    let _ = rustix::io::write(&background.wake, &1u64.to_ne_bytes());
}

struct Background {
    wake: OwnedFd,
    inbox: Mutex<Vec<Box<dyn Watch>>>,
}

impl Background {
    /// `None` where the system has no descriptor or thread to give: then what was to be released goes with the process.
    fn running() -> Option<&'static Self> {
        static BACKGROUND: OnceLock<Option<Background>> = OnceLock::new();
        let mut first = false;
        let background = BACKGROUND
            .get_or_init(|| {
                first = true;
                let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
                Some(Self {
                    wake,
                    inbox: Mutex::new(Vec::new()),
                })
            })
            .as_ref()?;
        if first {
            std::thread::Builder::new()
                .name("shared-background".into())
                .spawn(|| background.run())
                .ok()?;
        }
        Some(background)
    }

    fn run(&self) {
        let mut watches: Vec<Box<dyn Watch>> = Vec::new();
        loop {
            watches.append(&mut self.inbox.lock().unwrap_or_else(PoisonError::into_inner));
            let mut fds = vec![(self.wake.as_fd(), PollFlags::IN)];
            let counts: Vec<usize> = watches
                .iter()
                .map(|watch| {
                    let own = watch.fds();
                    fds.extend_from_slice(&own);
                    own.len()
                })
                .collect();
            let Ok(Some(ready)) = wait(&fds, Deadline::NEVER) else {
                continue;
            };
            if ready[0] {
                let _ = rustix::io::read(&self.wake, &mut [0; 8]);
            }
            let mut rest = &ready[1..];
            let mut counts = counts.into_iter();
            watches.retain_mut(|watch| {
                let (own, others) = rest.split_at(counts.next().unwrap_or(0));
                rest = others;
                !own.contains(&true) || watch.ready() == Next::Wait
            });
        }
    }
}
