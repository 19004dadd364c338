//! The lock of an object: readers share, writers are alone, everybody is served in order of arrival, and whoever waits may
//! leave. std's `RwLock` has neither order nor a way out.
//!
//! One word says who holds the lock. While nobody waits, taking it and giving it back are one atomic operation each. Who has to
//! wait sets [`QUEUED`] under the mutex of the queue, and from then on others come to that mutex too.
//!
//! **No wake-up is lost.** Whether those in the queue must go on waiting is decided under the mutex, with `QUEUED` set, by a look at the
//! word. A holder seen there has not given back yet, in the order of changes to that word; so when it does, it finds `QUEUED`, comes
//! to the mutex, and looks again. Only the last holder to leave needs to: before that, whoever is first in the queue cannot be let in, or would
//! have been when the queue last changed. Readers that overtake take the lock past the mutex, but they are holders then, and what
//! is said of holders is true of them.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
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

/// Somebody waits, or is about to look whether they must. Changed under the queue's mutex.
const QUEUED: usize = 1;

/// A writer holds the lock.
const WRITER: usize = 2;

/// One reader that holds the lock; above this bit they are counted.
const READER: usize = 4;

#[derive(Debug, Default)]
pub(crate) struct ObjectLock {
    word: AtomicUsize,
    queue: Arc<Mutex<Queue>>,
}

type Queue = VecDeque<Arc<Waiter>>;

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
    queue: Arc<Mutex<Queue>>,
}

/// Why the lock was not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refused {
    TimedOut,
    Cancelled,
}

impl Access {
    /// What holding the lock adds to its word.
    const fn share(self) -> usize {
        match self {
            Self::Shared => READER,
            Self::Exclusive => WRITER,
        }
    }

    /// Whether the lock can be had beside those who hold it.
    const fn fits(self, word: usize) -> bool {
        match self {
            Self::Shared => word & WRITER == 0,
            Self::Exclusive => word & !QUEUED == 0,
        }
    }
}

impl ObjectLock {
    /// Takes the lock if nobody has to be waited for: past those who wait with `overtake`.
    #[inline]
    pub(crate) fn try_acquire(&self, access: Access, overtake: bool) -> bool {
        let mut word = self.word.load(Ordering::Relaxed);
        while access.fits(word) && (overtake || word & QUEUED == 0) {
            match self.change(word, word + access.share()) {
                Ok(_) => return true,
                Err(now) => word = now,
            }
        }
        false
    }

    /// Waits for the lock. With `overtake`, a reader passes the writers that wait: its caller already reads.
    pub(crate) fn acquire(
        &self,
        access: Access,
        overtake: bool,
        deadline: Deadline,
        cancel: &Cancel,
    ) -> Result<(), Refused> {
        if self.try_acquire(access, overtake) {
            return Ok(());
        }
        let mut queue = self.queue();
        self.word.fetch_or(QUEUED, Ordering::Relaxed);
        if (overtake || queue.is_empty()) && self.admit(access) {
            self.forget_empty(&queue);
            return Ok(());
        }
        let waiter = Arc::new(Waiter {
            access,
            admitted: AtomicBool::new(false),
            wake: Condvar::new(),
        });
        if overtake {
            queue.push_front(Arc::clone(&waiter));
        } else {
            queue.push_back(Arc::clone(&waiter));
        }
        let _registered = cancel.register(&waiter, &self.queue);
        self.wait_for_turn(queue, &waiter, deadline, cancel)
    }

    #[inline]
    pub(crate) fn release(&self, access: Access) {
        let share = access.share();
        // Release: what was done under the lock is done for whoever has it next.
        let left = self.word.fetch_sub(share, Ordering::Release) - share;
        if left == QUEUED {
            self.let_in();
        }
    }

    #[cold]
    fn let_in(&self) {
        self.admit_next(&mut self.queue());
    }

    /// Until the lock has been handed over. Whoever gives up leaves the queue as if never there.
    fn wait_for_turn(
        &self,
        mut queue: MutexGuard<'_, Queue>,
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
                queue.retain(|other| !Arc::ptr_eq(other, waiter));
                // Those behind may have waited only for this one's turn.
                self.admit_next(&mut queue);
                return Err(refused);
            }
            queue = deadline.wait_on(&waiter.wake, queue);
        }
    }

    /// Hands the lock to whoever is first, and to the readers right behind a reader.
    fn admit_next(&self, queue: &mut Queue) {
        while let Some(first) = queue.front() {
            if !self.admit(first.access) {
                return;
            }
            first.admitted.store(true, Ordering::Relaxed);
            first.wake.notify_one();
            queue.pop_front();
        }
        self.forget_empty(queue);
    }

    /// Takes the lock, under the mutex, if it can be had beside those who hold it.
    fn admit(&self, access: Access) -> bool {
        self.try_acquire(access, true)
    }

    /// Lets others take the lock past the mutex again, if nobody waits.
    fn forget_empty(&self, queue: &Queue) {
        if queue.is_empty() {
            self.word.fetch_and(!QUEUED, Ordering::Relaxed);
        }
    }

    fn change(&self, from: usize, to: usize) -> Result<usize, usize> {
        // Acquire: what was done under the lock before has been done. A failure is only looked at again.
        self.word
            .compare_exchange_weak(from, to, Ordering::Acquire, Ordering::Relaxed)
    }

    fn queue(&self) -> MutexGuard<'_, Queue> {
        self.queue.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cancel {
    /// Wakes every waiter, now and later. A waiter looks at the flag and goes to sleep under its lock's mutex, so passing
    /// through that mutex between flag and wake-up leaves no moment in which the wake-up could be missed.
    pub(crate) fn cancel(&self) {
        self.0.cancelled.store(true, Ordering::SeqCst);
        // Copied first: a waiter registers while it holds its lock's mutex.
        let waiting = self.waiting().clone();
        for Waiting { waiter, queue } in waiting {
            drop(queue.lock());
            waiter.wake.notify_one();
        }
    }

    pub(crate) fn is_cancelled(&self) -> bool {
        self.0.cancelled.load(Ordering::SeqCst)
    }

    fn register(&self, waiter: &Arc<Waiter>, queue: &Arc<Mutex<Queue>>) -> Registered<'_> {
        self.waiting().push(Waiting {
            waiter: Arc::clone(waiter),
            queue: Arc::clone(queue),
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
        let queued = lock.queue().len();
        let own = Arc::clone(lock);
        let thread = thread::spawn(move || {
            take(&own, access);
            say.send(()).unwrap();
        });
        while lock.queue().len() == queued {
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
        while lock.queue().is_empty() {
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

    /// Who is inside of a lock, as they say themselves.
    #[derive(Default)]
    struct Inside {
        readers: AtomicUsize,
        writers: AtomicUsize,
        /// Counted without an atomic addition: two writers at a time would lose some.
        written: AtomicUsize,
    }

    impl Inside {
        fn visit(&self, access: Access) {
            match access {
                Access::Shared => {
                    self.readers.fetch_add(1, Ordering::SeqCst);
                    assert_eq!(self.writers.load(Ordering::SeqCst), 0);
                    self.readers.fetch_sub(1, Ordering::SeqCst);
                }
                Access::Exclusive => {
                    assert_eq!(self.writers.fetch_add(1, Ordering::SeqCst), 0);
                    assert_eq!(self.readers.load(Ordering::SeqCst), 0);
                    let written = self.written.load(Ordering::Relaxed);
                    thread::yield_now();
                    self.written.store(written + 1, Ordering::Relaxed);
                    self.writers.fetch_sub(1, Ordering::SeqCst);
                }
            }
        }
    }

    /// One of the threads below; returns how often it was alone. A wake-up that is lost leaves it waiting for ever.
    fn visits(lock: &ObjectLock, inside: &Inside, cancel: &Cancel, thread: usize) -> usize {
        let mut alone = 0;
        for n in (thread * 7)..(thread * 7 + 5000) {
            let access = if n % 3 == 0 { ALONE } else { SHARED };
            let deadline = match n % 5 {
                0 => Deadline::after(Some(Duration::from_micros(n as u64 % 50))),
                _ => Deadline::NEVER,
            };
            let never = Cancel::default();
            let cancel = if n % 7 == 0 { cancel } else { &never };
            if lock.acquire(access, false, deadline, cancel).is_err() {
                continue;
            }
            inside.visit(access);
            if access == SHARED && n % 4 == 0 {
                let again = lock.acquire(SHARED, true, Deadline::NEVER, &never);
                assert_eq!(again, Ok(()), "nobody is waited for");
                inside.visit(SHARED);
                lock.release(SHARED);
            }
            alone += usize::from(access == ALONE);
            lock.release(access);
        }
        alone
    }

    #[test]
    fn nobody_meets_a_writer_and_nobody_is_forgotten() {
        let (lock, inside) = (ObjectLock::default(), Inside::default());
        let (cancel, done) = (Cancel::default(), AtomicBool::new(false));
        let visit = |thread| visits(&lock, &inside, &cancel, thread);
        let joined: Vec<_> = thread::scope(|scope| {
            let visit = &visit;
            let threads: Vec<_> = (0..6).map(|n| scope.spawn(move || visit(n))).collect();
            scope.spawn(|| {
                while !done.load(Ordering::Relaxed) {
                    cancel.cancel();
                    cancel.0.cancelled.store(false, Ordering::SeqCst);
                    thread::yield_now();
                }
            });
            let joined = threads
                .into_iter()
                .map(thread::ScopedJoinHandle::join)
                .collect();
            done.store(true, Ordering::Relaxed);
            joined
        });
        let alone: usize = joined.into_iter().map(Result::unwrap).sum();
        assert_eq!(inside.written.load(Ordering::Relaxed), alone);
        assert!(lock.queue().is_empty() && cancel.waiting().is_empty());
        assert_eq!(lock.word.load(Ordering::Relaxed), 0);
    }
}
