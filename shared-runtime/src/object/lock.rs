//! The lock of an object: readers share, writers are alone, everybody is served in order of arrival, and whoever waits may
//! leave. std's `RwLock` has neither order nor a way out.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::os::Deadline;

/// How a method reaches its object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    /// `&self`: beside others.
    Shared,
    /// `&mut self`: alone.
    Exclusive,
}

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
    pub(crate) fn acquire(
        &self,
        access: Access,
        overtake: bool,
        deadline: Deadline,
        cancel: &Cancel,
    ) -> Result<(), Refused> {
        let mut state = self.state();
        if state.free_for(access) && (overtake || state.queue.is_empty()) {
            state.admit(access);
            return Ok(());
        }
        let waiter = Arc::new(Waiter {
            access,
            admitted: AtomicBool::new(false),
            wake: Condvar::new(),
        });
        if overtake {
            state.queue.push_front(Arc::clone(&waiter));
        } else {
            state.queue.push_back(Arc::clone(&waiter));
        }
        let _registered = cancel.register(&waiter, &self.state);
        wait_for_turn(state, &waiter, deadline, cancel)
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

/// Until the lock has been handed over. Whoever gives up leaves the queue as if never there.
fn wait_for_turn(
    mut state: MutexGuard<'_, State>,
    waiter: &Arc<Waiter>,
    deadline: Deadline,
    cancel: &Cancel,
) -> Result<(), Refused> {
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
        state = deadline.wait_on(&waiter.wake, state);
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
        self.waiting().push(Waiting {
            waiter: Arc::clone(waiter),
            state: Arc::clone(state),
        });
        Registered {
            cancel: self,
            waiter: Arc::clone(waiter),
        }
    }

    fn waiting(&self) -> MutexGuard<'_, Vec<Waiting>> {
        self.0
            .waiting
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A waiter that a cancellation wakes.
struct Registered<'a> {
    cancel: &'a Cancel,
    waiter: Arc<Waiter>,
}

impl Drop for Registered<'_> {
    fn drop(&mut self) {
        self.cancel
            .waiting()
            .retain(|other| !Arc::ptr_eq(&other.waiter, &self.waiter));
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, channel};
    use std::thread::{self, JoinHandle};
    use std::time::Duration;

    use super::*;

    const SHARED: Access = Access::Shared;
    const ALONE: Access = Access::Exclusive;

    fn take(lock: &ObjectLock, access: Access) {
        let taken = lock.acquire(access, false, Deadline::NEVER, &Cancel::default());
        assert_eq!(taken, Ok(()));
    }

    /// A thread that takes the lock, says so, and keeps it until its handle is joined through `release`.
    fn waiting(lock: &Arc<ObjectLock>, access: Access) -> (JoinHandle<()>, Receiver<()>) {
        let (say, taken) = channel();
        let queued = lock.state().queue.len();
        let own = Arc::clone(lock);
        let thread = thread::spawn(move || {
            take(&own, access);
            say.send(()).unwrap();
        });
        while lock.state().queue.len() == queued {
            thread::yield_now();
        }
        (thread, taken)
    }

    #[test]
    fn readers_share_and_a_writer_is_alone() {
        let lock = ObjectLock::default();
        take(&lock, SHARED);
        take(&lock, SHARED);
        let soon = || Deadline::after(Some(Duration::from_millis(1)));
        let cancel = Cancel::default();
        assert_eq!(
            lock.acquire(ALONE, false, soon(), &cancel),
            Err(Refused::TimedOut)
        );
        lock.release(SHARED);
        lock.release(SHARED);
        take(&lock, ALONE);
        assert_eq!(
            lock.acquire(SHARED, false, soon(), &cancel),
            Err(Refused::TimedOut)
        );
        lock.release(ALONE);
        take(&lock, SHARED);
    }

    #[test]
    fn arrivals_are_served_in_order() {
        let lock = Arc::new(ObjectLock::default());
        take(&lock, SHARED);
        let (writer, wrote) = waiting(&lock, ALONE);
        let (reader, reads) = waiting(&lock, SHARED);
        assert!(
            reads.try_recv().is_err(),
            "a reader does not pass a waiting writer"
        );
        lock.release(SHARED);
        wrote.recv().unwrap();
        assert!(reads.try_recv().is_err());
        lock.release(ALONE);
        reads.recv().unwrap();
        writer.join().unwrap();
        reader.join().unwrap();
    }

    #[test]
    fn a_reader_whose_caller_reads_passes_a_waiting_writer() {
        let lock = Arc::new(ObjectLock::default());
        take(&lock, SHARED);
        let (writer, wrote) = waiting(&lock, ALONE);
        assert_eq!(
            lock.acquire(SHARED, true, Deadline::NEVER, &Cancel::default()),
            Ok(())
        );
        lock.release(SHARED);
        lock.release(SHARED);
        wrote.recv().unwrap();
        writer.join().unwrap();
    }

    #[test]
    fn a_waiter_that_leaves_lets_those_behind_it_in() {
        let lock = Arc::new(ObjectLock::default());
        take(&lock, SHARED);
        let cancel = Cancel::default();
        let (own, flag) = (Arc::clone(&lock), cancel.clone());
        let writer = thread::spawn(move || own.acquire(ALONE, false, Deadline::NEVER, &flag));
        while lock.state().queue.is_empty() {
            thread::yield_now();
        }
        let (reader, reads) = waiting(&lock, SHARED);
        cancel.cancel();
        assert_eq!(writer.join().unwrap(), Err(Refused::Cancelled));
        reads.recv().unwrap();
        reader.join().unwrap();
        assert!(cancel.waiting().is_empty());
    }

    /// A wake-up between a waiter's look at the flag and its sleep would be lost if `cancel` did not pass through the mutex.
    #[test]
    fn no_cancellation_is_missed() {
        let lock = Arc::new(ObjectLock::default());
        take(&lock, ALONE);
        for _ in 0..2000 {
            let cancel = Cancel::default();
            let (own, flag) = (Arc::clone(&lock), cancel.clone());
            let waiter = thread::spawn(move || own.acquire(SHARED, false, Deadline::NEVER, &flag));
            cancel.cancel();
            assert_eq!(waiter.join().unwrap(), Err(Refused::Cancelled));
        }
    }
}
