//! The lock of an array: between processes it is the kernel's, between the threads of a process, which share that one, a word behind a mutex.
//!
//! The kernel's lock needs nothing in the memory itself, which anybody could forge; it goes with its holder, however that ends; and other
//! programs can take it. It knows no order, so readers that come and go without a break would keep a writer out for ever. Therefore two
//! ranges of the file are locked: a writer takes the gate first and keeps it while it waits; a reader must pass the gate, and leaves it at once.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::thread::{self, ThreadId};
use std::time::Duration;

use super::record::{Change, Range, change, reopened};
use crate::context;
use crate::error::{Error, ErrorKind};
use crate::mapped::Identity;

/// Whoever locks a file up to its end, as CPython does, locks all of these.
const WHOLE: Range = (0, i64::MAX);
const GATE: Range = (i64::MAX - 1, i64::MAX);
const ELEMENTS: Range = (0, i64::MAX - 1);

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

/// How an array is locked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Access {
    Shared,
    Exclusive,
}

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

/// Who has what of the kernel's lock in this process.
#[derive(Debug, Default)]
struct State {
    readers: usize,
    gate: Option<ThreadId>,
    writer: Option<ThreadId>,
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
        own.acquire(access).map(|()| Held::new(own, access))
    }

    /// The lock, if nobody is in the way.
    pub(super) fn try_acquire(
        &self,
        file: BorrowedFd<'_>,
        access: Access,
    ) -> Result<Option<Held<'_>>, Error> {
        let own = self.own(file)?;
        let mut state = own.state();
        let acquired = own.attempt(&mut state, access);
        own.leave_gate(&mut state);
        drop(state);
        Ok(acquired?.then(|| Held::new(own, access)))
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
            state: Mutex::default(),
            changed: Condvar::new(),
        })
    }

    fn is_of_this_process(&self) -> bool {
        self.process == std::process::id()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn acquire(&self, access: Access) -> Result<(), Error> {
        let mut state = self.state();
        if self.attempt(&mut state, access)? {
            return Ok(());
        }
        self.wait(state, access)
    }

    fn wait(&self, mut state: MutexGuard<'_, State>, access: Access) -> Result<(), Error> {
        let context = context::current();
        let mut pause = FIRST_PAUSE;
        let may_wait = self.check_not_held_here();
        let mut acquired = may_wait
            .and_then(|()| context.check_wanted(WHAT))
            .map(|()| false);
        while let Ok(false) = acquired {
            let left = context.deadline.remaining().unwrap_or(pause);
            let waited = self.changed.wait_timeout(state, pause.min(left));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            pause = (pause * 2).min(LONGEST_PAUSE);
            acquired = match self.attempt(&mut state, access) {
                Ok(false) => context.check_wanted(WHAT).map(|()| false),
                attempted => attempted,
            };
        }
        self.leave_gate(&mut state);
        acquired.map(drop)
    }

    /// Takes the lock, or as much of it as a writer may keep while it waits.
    fn attempt(&self, state: &mut State, access: Access) -> Result<bool, Error> {
        let this = thread::current().id();
        if state.writer == Some(this) {
            return Err(own_lock());
        }
        let others = state.gate.filter(|gate| *gate != this).or(state.writer);
        if others.is_some() {
            return Ok(false);
        }
        match access {
            Access::Shared => self.attempt_shared(state),
            Access::Exclusive => self.attempt_exclusive(state, this),
        }
    }

    fn attempt_shared(&self, state: &mut State) -> Result<bool, Error> {
        if !self.change(Change::Share, WHOLE)? {
            return Ok(false);
        }
        // If it cannot be left now it is with the last reader.
        let _ = self.change(Change::Release, GATE);
        state.readers += 1;
        Ok(true)
    }

    fn attempt_exclusive(&self, state: &mut State, this: ThreadId) -> Result<bool, Error> {
        if state.gate.is_none() {
            if !self.change(Change::Exclude, GATE)? {
                return Ok(false);
            }
            state.gate = Some(this);
        }
        // The readers of this process have the same open file: the kernel would not see them.
        if state.readers > 0 || !self.change(Change::Exclude, WHOLE)? {
            return Ok(false);
        }
        state.gate = None;
        state.writer = Some(this);
        HELD.with_borrow_mut(|held| held.push((self.identity, self.process)));
        Ok(true)
    }

    /// Gives the gate back, if this thread waits no more.
    fn leave_gate(&self, state: &mut State) {
        if state.gate == Some(thread::current().id()) {
            state.gate = None;
            self.let_go(GATE);
        }
    }

    fn release(&self, access: Access) {
        let mut state = self.state();
        match access {
            Access::Exclusive => {
                state.writer = None;
                self.forget_here();
                self.let_go(WHOLE);
            }
            Access::Shared => {
                state.readers -= 1;
                let range = if state.gate.is_some() {
                    ELEMENTS
                } else {
                    WHOLE
                };
                if state.readers == 0 {
                    self.let_go(range);
                }
            }
        }
    }

    /// `Err` if this thread has the lock by another handle: it would wait for itself.
    fn check_not_held_here(&self) -> Result<(), Error> {
        let file = (self.identity, self.process);
        if HELD.with_borrow(|held| held.contains(&file)) {
            return Err(own_lock());
        }
        Ok(())
    }

    fn forget_here(&self) {
        // A thread that ends may have no such list any more.
        let _ = HELD.try_with(|held| {
            let mut held = held.borrow_mut();
            held.retain(|file| *file != (self.identity, self.process));
        });
    }

    fn let_go(&self, range: Range) {
        // It could only fail for want of memory to split a lock in two, and none is split.
        let _ = self.change(Change::Release, range);
        self.changed.notify_all();
    }

    fn change(&self, what: Change, range: Range) -> Result<bool, Error> {
        change(self.file.as_fd(), what, range)
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
