//! The one background thread of a process: it waits on descriptors and runs short runtime work, never user code.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFlags, eventfd};

use super::{Deadline, wait};

/// Something to do when a descriptor is ready, or a time has come. None of it may block.
pub(crate) trait Watch: Send {
    /// What is waited for: any of these.
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)>;

    /// When to run even if none of them is ready.
    fn deadline(&self) -> Deadline {
        Deadline::NEVER
    }

    /// One of the descriptors is ready, or the deadline has passed.
    fn ready(&mut self) -> Next;
}

/// What becomes of a watch that has run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    Wait,
    Done,
}

/// Hands `watch` to the background thread, which is started by the first. Never waits; works in destructors of
/// thread-locals and at exit. `false` if the system has no descriptor to give: then it never runs.
pub(crate) fn run_in_background(watch: Box<dyn Watch>) -> bool {
    let Some(background) = Background::running() else {
        return false;
    };
    background
        .inbox
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .push(watch);
    background.wake();
    true
}

/// Has the background thread look again at what its watches wait for: the deadline of one is nearer than it was.
pub(crate) fn look_again() {
    if let Some(background) = Background::running() {
        background.wake();
    }
}

struct Background {
    wake: OwnedFd,
    inbox: Mutex<Vec<Box<dyn Watch>>>,
    started: AtomicBool,
}

/// How long the thread rests when the kernel cannot even poll, for want of memory.
const RECOVERY: Duration = Duration::from_millis(10);

impl Background {
    fn wake(&self) {
        // A full counter means that a wake-up is already under way.
        let _ = rustix::io::write(&self.wake, &1u64.to_ne_bytes());
    }

    /// `None` where the system has no descriptor to give. Where it has no thread to give, what is handed over waits for the next attempt.
    fn running() -> Option<&'static Self> {
        static BACKGROUND: OnceLock<Background> = OnceLock::new();
        let background = if let Some(background) = BACKGROUND.get() {
            background
        } else {
            let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
            BACKGROUND.get_or_init(|| Self {
                wake,
                inbox: Mutex::new(Vec::new()),
                started: AtomicBool::new(false),
            })
        };
        if !background.started.swap(true, Ordering::AcqRel) {
            let thread = std::thread::Builder::new().name("shared-background".into());
            let started = thread.spawn(|| background.run());
            background.started.store(started.is_ok(), Ordering::Release);
        }
        Some(background)
    }

    fn run(&self) {
        let mut watches: Vec<Box<dyn Watch>> = Vec::new();
        loop {
            watches.append(&mut self.inbox.lock().unwrap_or_else(PoisonError::into_inner));
            let mut fds = vec![(self.wake.as_fd(), PollFlags::IN)];
            let mut deadline = Deadline::NEVER;
            let counts: Vec<usize> = watches
                .iter()
                .map(|watch| {
                    let own = watch.fds();
                    fds.extend_from_slice(&own);
                    deadline = deadline.earlier(watch.deadline());
                    own.len()
                })
                .collect();
            let ready = match wait(&fds, deadline) {
                Ok(Some(ready)) => ready,
                Ok(None) => vec![false; fds.len()],
                Err(_) => {
                    std::thread::sleep(RECOVERY);
                    continue;
                }
            };
            if ready[0] {
                let _ = rustix::io::read(&self.wake, &mut [0; 8]);
            }
            let mut rest = &ready[1..];
            let mut counts = counts.into_iter();
            watches.retain_mut(|watch| {
                let (own, others) = rest.split_at(counts.next().unwrap_or(0));
                rest = others;
                let due = own.contains(&true) || watch.deadline().passed();
                !due || watch.ready() == Next::Wait
            });
        }
    }
}
