//! The two background threads of a process: they wait on descriptors and run short runtime work. User code may run in neither, but for
//! the wakers of awaited calls, for which there is a thread of their own.

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

/// Where most of it is done.
pub(crate) static BACKGROUND: Background = Background::new("shared-background");

/// Where ends are noticed: nothing here waits for anybody, not even for a waker of an executor.
pub(crate) static MONITOR: Background = Background::new("shared-monitor");

pub(crate) struct Background {
    name: &'static str,
    wake: OnceLock<OwnedFd>,
    inbox: Mutex<Vec<Box<dyn Watch>>>,
    started: AtomicBool,
}

/// How long the thread rests when the kernel cannot even poll, for want of memory.
const RECOVERY: Duration = Duration::from_millis(10);

impl Background {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            wake: OnceLock::new(),
            inbox: Mutex::new(Vec::new()),
            started: AtomicBool::new(false),
        }
    }

    /// Hands `watch` over to the thread, which is started by the first. Never waits; works in destructors of thread-locals and at exit.
    /// `false` if the system has no descriptor to give: then it never runs. Where it has no thread to give, it waits for the next attempt.
    pub(crate) fn run(&'static self, watch: Box<dyn Watch>) -> bool {
        let Some(wake) = self.wake_up() else {
            return false;
        };
        self.inbox
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(watch);
        if !self.started.swap(true, Ordering::AcqRel) {
            let thread = std::thread::Builder::new().name(self.name.into());
            let started = thread.spawn(|| self.serve(wake));
            self.started.store(started.is_ok(), Ordering::Release);
        }
        self.look_again();
        true
    }

    /// Has the thread look again at what its watches wait for: the deadline of one is nearer than it was.
    pub(crate) fn look_again(&self) {
        if let Some(wake) = self.wake.get() {
            // A full counter means that a wake-up is already under way.
            let _ = rustix::io::write(wake, &1u64.to_ne_bytes());
        }
    }

    /// What ends the thread's wait.
    fn wake_up(&self) -> Option<&OwnedFd> {
        if self.wake.get().is_none() {
            let wake = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK).ok()?;
            // Two threads may both make one; the second is closed.
            let _ = self.wake.set(wake);
        }
        self.wake.get()
    }

    fn serve(&self, wake: &OwnedFd) {
        let mut watches: Vec<Box<dyn Watch>> = Vec::new();
        loop {
            watches.append(&mut self.inbox.lock().unwrap_or_else(PoisonError::into_inner));
            let mut fds = vec![(wake.as_fd(), PollFlags::IN)];
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
                let _ = rustix::io::read(wake, &mut [0; 8]);
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
