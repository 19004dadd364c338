//! The lock of an object: readers share, writers are alone, everybody is served in order of arrival, and whoever waits may
//! leave. std's `RwLock` has neither order nor a way out.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::hosted::Access;
use crate::os::Deadline;

#[derive(Debug, Default)]
pub(crate) struct ObjectLock {
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    readers: usize,
    writer: bool,
    queue: VecDeque<Arc<Waiter>>,
}

#[derive(Debug)]
struct Waiter {
    access: Access,
    /// Set, under the lock's mutex, when the lock has been handed to this waiter.
    admitted: AtomicBool,
    wake: Condvar,
}

/// Tells a waiting call that nobody wants its answer any more.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cancel(Arc<CancelState>);

#[derive(Debug, Default)]
struct CancelState {
    cancelled: AtomicBool,
    waiting: Mutex<Vec<Waiting>>,
}

/// A waiter, and the mutex under which it looks around before it sleeps.
#[derive(Clone, Debug)]
struct Waiting {
    waiter: Arc<Waiter>,
    state: Arc<Mutex<State>>,
}

/// Why the lock was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    TimedOut,
    Cancelled,
}

impl ObjectLock {
    /// Waits for the lock. With `overtake`, a reader passes the writers that wait: its caller already reads.
    pub(crate) fn acquire(&self, access: Access, overtake: bool, deadline: Deadline, cancel: &Cancel) -> Result<(), Refused> {
        let mut state = self.state();
        if state.free_for(access) && (overtake || state.queue.is_empty()) {
            state.admit(access);
            return Ok(());
        }
        let waiter = Arc::new(Waiter { access, admitted: AtomicBool::new(false), wake: Condvar::new() });
        if overtake {
            state.queue.push_front(Arc::clone(&waiter));
        } else {
            state.queue.push_back(Arc::clone(&waiter));
        }
        let _registered = cancel.register(&waiter, &self.state);
        self.wait(state, &waiter, deadline, cancel)
    }

    fn wait(&self, mut state: MutexGuard<'_, State>, waiter: &Arc<Waiter>, deadline: Deadline, cancel: &Cancel) -> Result<(), Refused> {
        loop {
            if waiter.admitted.load(Ordering::Relaxed) {
                return Ok(());
            }
            let refused = match deadline.remaining() {
                _ if cancel.is_cancelled() => Some(Refused::Cancelled),
                Some(left) if left.is_zero() => Some(Refused::TimedOut),
                _ => None,
            };
            if let Some(refused) = refused {
                state.queue.retain(|other| !Arc::ptr_eq(other, waiter));
                // Those behind may have waited only for this one's turn.
                state.admit_next();
                return Err(refused);
            }
            state = match deadline.remaining() {
                Some(left) => waiter.wake.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0,
                None => waiter.wake.wait(state).unwrap_or_else(PoisonError::into_inner),
            };
        }
    }

    pub(crate) fn release(&self, access: Access) {
        let mut state = self.state();
        match access {
            Access::Shared => state.readers -= 1,
            Access::Exclusive => state.writer = false,
        }
        state.admit_next();
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn free_for(&self, access: Access) -> bool {
        match access {
            Access::Shared => !self.writer,
            Access::Exclusive => !self.writer && self.readers == 0,
        }
    }

    fn admit(&mut self, access: Access) {
        match access {
            Access::Shared => self.readers += 1,
            Access::Exclusive => self.writer = true,
        }
    }

    /// Hands the lock to whoever is first, and to the readers right behind a reader.
    fn admit_next(&mut self) {
        while let Some(first) = self.queue.front() {
            if !self.free_for(first.access) {
                return;
            }
            let access = first.access;
            first.admitted.store(true, Ordering::Relaxed);
            first.wake.notify_one();
            self.queue.pop_front();
            self.admit(access);
        }
    }
}

impl Cancel {
    /// Wakes every waiter, now and later. A waiter looks at the flag and goes to sleep under its lock's mutex, so passing
    /// through that mutex between flag and wake-up leaves no moment in which the wake-up could be missed.
    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        // Copied first: a waiter registers while it holds its lock's mutex.
        let waiting = self.waiting().clone();
        for Waiting { waiter, state } in waiting {
            drop(state.lock());
            waiter.wake.notify_one();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    fn register(&self, waiter: &Arc<Waiter>, state: &Arc<Mutex<State>>) -> Registered<'_> {
        self.waiting().push(Waiting { waiter: Arc::clone(waiter), state: Arc::clone(state) });
        Registered { cancel: self, waiter: Arc::clone(waiter) }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waiter that a cancellation wakes.
struct Registered<'a> {
    cancel: &'a Cancel,
    waiter: Arc<Waiter>,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.cancel.waiting().retain(|other| !Arc::ptr_eq(&other.waiter, &self.waiter));
    }
}
