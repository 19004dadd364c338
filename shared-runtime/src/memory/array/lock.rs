//! The lock of an array: between processes it is the kernel's, between the threads of a process, which share that one, counts behind a mutex.
//!
//! The kernel's lock needs nothing in the memory itself, which anybody could forge; it goes with its holder, however that ends; and other
//! programs can take it. It knows no order: whoever comes again without a break, readers or a writer, would keep others out for ever. Therefore
//! two ranges of the file are locked. Everybody comes by the gate, waits in it for the elements, and leaves it with them. So whoever waits
//! keeps those who come again out of the gate: a waiting writer everybody, waiting readers the writers.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use super::record::{Range, reopened};
use super::users::{Access, Users};
use crate::context;
use crate::error::{Error, ErrorKind};
use crate::mapped::Identity;
use crate::os::Deadline;

const ELEMENTS: Range = (0, i64::MAX - 1);
/// Behind them: whoever locks a file up to its end, as CPython does, locks both.
const GATE: Range = (i64::MAX - 1, i64::MAX);

/// The kernel tells nobody when a lock is free without holding their thread where no deadline reaches it: so it is asked again, at first soon,
/// then at longer intervals.
const FIRST_PAUSE: Duration = Duration::from_micros(50);
const LONGEST_PAUSE: Duration = Duration::from_millis(1);

thread_local! {
    /// The files that this thread has locked as a writer, by whatever handles, and its process: a fork has locked none.
    static HELD: RefCell<Vec<(Identity, u32)>> = const { RefCell::new(Vec::new()) };
}

/// What is waited for.
const WHAT: &str = "the lock of an array";

/// The lock of one handle and its clones. Takes a descriptor when it is first used.
#[derive(Debug, Default)]
pub(super) struct Lock(OnceLock<Own>);

#[derive(Debug)]
struct Own {
    file: OwnedFd,
    identity: Identity,
    /// A fork has the same open file: what it locked or released would be its parent's.
    process: u32,
    state: Mutex<State>,
    changed: Condvar,
}

/// What the threads of this process have of the kernel's lock.
#[derive(Debug)]
struct State {
    gate: Users,
    elements: Users,
    /// How many wait to be told that something has changed.
    waiting: usize,
}

/// The lock, held by this thread until it is dropped.
#[derive(Debug)]
pub(super) struct Held<'a> {
    own: &'a Own,
    access: Access,
    /// Not `Send`: a thread that holds the lock is told so when it asks again.
    _thread: PhantomData<MutexGuard<'a, ()>>,
}

impl Lock {
    /// The lock, when nobody is in the way any more. Ends with the deadline of the call that runs on this thread, and when nobody waits for that
    /// call.
    pub(super) fn acquire(&self, file: BorrowedFd<'_>, access: Access) -> Result<Held<'_>, Error> {
        let own = self.own(file)?;
        let mut context = None;
        let may_wait = || {
            let context = context.get_or_insert_with(context::current);
            own.check_not_held_here()?;
            context.check_wanted(WHAT).map(|()| true)
        };
        // Without an error the wait ends with the lock.
        own.acquire(access, may_wait)?;
        Ok(Held::new(own, access))
    }

    /// The lock, if nobody is in the way.
    pub(super) fn try_acquire(
        &self,
        file: BorrowedFd<'_>,
        access: Access,
    ) -> Result<Option<Held<'_>>, Error> {
        self.acquire_within(Duration::ZERO, file, access)
    }

    /// The lock, if nobody is in the way when that much time has passed.
    pub(super) fn acquire_within(
        &self,
        limit: Duration,
        file: BorrowedFd<'_>,
        access: Access,
    ) -> Result<Option<Held<'_>>, Error> {
        let own = self.own(file)?;
        let limit = Deadline::after(Some(limit));
        let acquired = own.acquire(access, || Ok(!limit.passed()))?;
        Ok(acquired.then(|| Held::new(own, access)))
    }

    fn own(&self, file: BorrowedFd<'_>) -> Result<&Own, Error> {
        if self.0.get().is_none() {
            let own = Own::of(file)?;
            // Another thread may have been first.
            let _ = self.0.set(own);
        }
        match self.0.get() {
            Some(own) if own.is_of_this_process() => Ok(own),
            _ => Err(in_fork()),
        }
    }
}

impl<'a> Held<'a> {
    fn new(own: &'a Own, access: Access) -> Self {
        Self {
            own,
            access,
            _thread: PhantomData,
        }
    }

    /// `Err` in a fork of the process that took the lock.
    pub(super) fn check(&self) -> Result<(), Error> {
        if self.own.is_of_this_process() {
            Ok(())
        } else {
            Err(in_fork())
        }
    }
}

impl Drop for Held<'_> {
    fn drop(&mut self) {
        if self.own.is_of_this_process() {
            self.own.release(self.access);
        }
    }
}

impl Own {
    fn of(file: BorrowedFd<'_>) -> Result<Self, Error> {
        Ok(Self {
            file: reopened(file)?,
            identity: Identity::of(file)?,
            process: std::process::id(),
            state: Mutex::new(State::new()),
            changed: Condvar::new(),
        })
    }

    fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for the lock as long as `may_wait` says that this thread may.
    fn acquire(
        &self,
        access: Access,
        mut may_wait: impl FnMut() -> Result<bool, Error>,
    ) -> Result<bool, Error> {
        let mut state = self.state();
        if state.elements.is_written_here() {
            return Err(own_lock());
        }
        let (mut in_gate, mut pause) = (false, FIRST_PAUSE);
        let mut acquired = self.attempt(&mut state, access, &mut in_gate);
        while let Ok(false) = acquired {
            match may_wait() {
                Ok(true) => {
                    state = self.pause(state, pause);
                    pause = (pause * 2).min(LONGEST_PAUSE);
                    acquired = self.attempt(&mut state, access, &mut in_gate);
                }
                Ok(false) => break,
                Err(error) => acquired = Err(error),
            }
        }
        // With the elements or without them, also after an error.
        if in_gate {
            state.gate.leave(self.file.as_fd(), access);
            self.tell(&state);
        }
        acquired
    }

    /// Goes as far as nobody is in the way: into the gate, and to the elements.
    fn attempt(
        &self,
        state: &mut State,
        access: Access,
        in_gate: &mut bool,
    ) -> Result<bool, Error> {
        let file = self.file.as_fd();
        if !*in_gate {
            *in_gate = state.gate.enter(file, access)?;
        }
        if !*in_gate || !state.elements.enter(file, access)? {
            return Ok(false);
        }
        if access == Access::Exclusive {
            self.note_here();
        }
        Ok(true)
    }

    fn pause<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        pause: Duration,
    ) -> MutexGuard<'a, State> {
        state.waiting += 1;
        let waited = self.changed.wait_timeout(state, pause);
        state = waited.unwrap_or_else(PoisonError::into_inner).0;
        state.waiting -= 1;
        state
    }

    fn release(&self, access: Access) {
        let mut state = self.state();
        if access == Access::Exclusive {
            self.forget_here();
        }
        state.elements.leave(self.file.as_fd(), access);
        self.tell(&state);
    }

    /// Wakes those who wait in this process: something of the lock is free.
    fn tell(&self, state: &State) {
        if state.waiting > 0 {
            self.changed.notify_all();
        }
    }

    /// `Err` if this thread has the lock by another handle: it would wait for itself.
    fn check_not_held_here(&self) -> Result<(), Error> {
        let file = (self.identity, self.process);
        let held = HELD.try_with(|held| held.borrow().contains(&file));
        if held.unwrap_or(false) {
            return Err(own_lock());
        }
        Ok(())
    }

    fn note_here(&self) {
        // A thread that ends may have no such list any more: it has the lock all the same.
        let _ = HELD.try_with(|held| held.borrow_mut().push((self.identity, self.process)));
    }

    fn forget_here(&self) {
        // As above.
        let _ = HELD.try_with(|held| {
            let mut held = held.borrow_mut();
            held.retain(|file| *file != (self.identity, self.process));
        });
    }
}

impl State {
    fn new() -> Self {
        Self {
            gate: Users::of(GATE),
            elements: Users::of(ELEMENTS),
            waiting: 0,
        }
    }
}

#[cold]
fn own_lock() -> Error {
    let text = "this thread holds the lock of the array: drop its guard first";
    Error::new(ErrorKind::Reentrant, text)
}

#[cold]
fn in_fork() -> Error {
    let text = "this process is a fork of the one that locked the array: open the array again here, or start processes with a #[task]";
    Error::new(ErrorKind::Disconnected, text)
}

#[cfg(test)]
mod tests {
    use std::thread;

    use super::*;
    use crate::memory::SharedMemory;

    /// Locks of one file, each as another process has it.
    fn locks<const N: usize>() -> (SharedMemory, [Lock; N]) {
        let memory = SharedMemory::anonymous(1).unwrap();
        (memory, std::array::from_fn(|_| Lock::default()))
    }

    #[test]
    fn whoever_waits_keeps_those_who_come_again_out() {
        let (memory, [writer, waiter, reader]) = locks();
        let file = memory.as_fd();
        let own = waiter.own(file).unwrap();
        for access in [Access::Shared, Access::Exclusive] {
            let held = writer.acquire(file, Access::Exclusive).unwrap();
            let mut in_gate = false;
            let had = own.attempt(&mut own.state(), access, &mut in_gate);
            assert!(in_gate && !had.unwrap(), "the lock is held");
            drop(held);
            let again = writer.try_acquire(file, Access::Exclusive).unwrap();
            assert!(again.is_none(), "somebody waits: {access:?}");
            // Readers do not wait for one another, not even where nobody has the lock yet.
            let read = reader.try_acquire(file, Access::Shared).unwrap();
            assert_eq!(read.is_some(), access == Access::Shared);
            drop(read);
            own.state().gate.leave(own.file.as_fd(), access);
            let again = writer.try_acquire(file, Access::Exclusive).unwrap();
            assert!(again.is_some(), "nobody waits any more");
        }
    }

    #[test]
    fn whoever_gets_an_error_at_the_elements_leaves_the_gate() {
        let (memory, [failing, other]) = locks();
        let file = memory.as_fd();
        let own = failing.own(file).unwrap();
        // The kernel refuses this range, as it refuses another one for want of memory.
        own.state().elements = Users::of((-2, -1));
        for access in [Access::Shared, Access::Exclusive] {
            let error = failing.acquire(file, access).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Io);
            assert_eq!(
                failing.try_acquire(file, access).unwrap_err().kind(),
                ErrorKind::Io
            );
            let held = other.try_acquire(file, Access::Exclusive).unwrap();
            assert!(held.is_some(), "the gate is free");
        }
    }

    #[test]
    fn a_limited_wait_ends_with_the_lock_or_with_its_limit() {
        let (memory, [holder, waiter]) = locks();
        let file = memory.as_fd();
        let held = holder.acquire(file, Access::Exclusive).unwrap();
        let short = Duration::from_millis(1);
        let none = waiter.acquire_within(short, file, Access::Exclusive);
        assert!(none.unwrap().is_none());
        thread::scope(|scope| {
            let waits = || waiter.acquire_within(Duration::MAX, file, Access::Exclusive);
            let waits = scope.spawn(move || waits().unwrap().is_some());
            let own = waiter.own(file).unwrap();
            while own.state().waiting == 0 {
                thread::yield_now();
            }
            drop(held);
            assert!(waits.join().unwrap());
        });
    }
}
