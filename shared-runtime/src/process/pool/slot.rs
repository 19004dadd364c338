//! A job as the pool keeps it, and the place where its result arrives.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::error::Error;
use crate::handle::{Lease, Parcel};
use crate::order::TimedOut;
use crate::os::Deadline;
use crate::panic::wake;
use crate::process::line::Message;

/// A job that some worker is to run.
pub(super) struct Work {
    pub(super) task: &'static str,
    /// Encoded; or what is wrong with them, which its result says.
    pub(super) arguments: Result<Parcel, Error>,
    pub(super) slot: Arc<Slot>,
    /// A worker gets it while it has fewer jobs than this.
    pub(super) most_at_one: usize,
}

/// A result, still encoded, with the handles in it.
pub(super) struct Arrived {
    pub(super) message: Message,
    pub(super) nonce: u64,
    pub(super) leases: Vec<Arc<Lease>>,
}

/// What a job ends with.
pub(super) type Outcome = Result<Arrived, Error>;

/// Where the result of a job arrives.
#[derive(Default)]
pub(super) struct Slot {
    state: Mutex<State>,
    changed: Condvar,
    /// Nobody wants the result: the job is not begun any more.
    withdrawn: AtomicBool,
    /// Who hears of the end, and what the job is called there.
    heard_by: Option<(Arc<Finishes>, usize)>,
}

#[derive(Default)]
struct State {
    outcome: Option<Outcome>,
    over: bool,
    waker: Option<Waker>,
}

impl Slot {
    /// One whose end `finishes` hears of, as that of `place`.
    pub(super) fn heard_by(finishes: Arc<Finishes>, place: usize) -> Self {
        Self {
            heard_by: Some((finishes, place)),
            ..Self::default()
        }
    }

    /// Gives the result. Not under a lock of the pool: a waker is an executor's code.
    pub(super) fn fill(&self, outcome: Outcome) {
        let mut state = self.state();
        state.outcome = Some(outcome);
        state.over = true;
        let waker = state.waker.take();
        drop(state);
        self.changed.notify_all();
        if let Some((finishes, place)) = &self.heard_by {
            finishes.add(*place);
        }
        wake(waker);
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().over
    }

    /// Waits for the result, which is `None` if it has been fetched already.
    pub(super) fn wait(&self, deadline: Deadline) -> Result<Option<Outcome>, TimedOut> {
        let mut state = self.state();
        while !state.over {
            if deadline.passed() {
                return Err(TimedOut);
            }
            state = deadline.wait_on(&self.changed, state);
        }
        Ok(state.outcome.take())
    }

    /// The result, or `context` is woken when it is there.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Option<Outcome>> {
        // An executor's code, so outside of the lock.
        let waker = context.waker().clone();
        let mut state = self.state();
        if state.over {
            return Poll::Ready(state.outcome.take());
        }
        let earlier = state.waker.replace(waker);
        drop(state);
        drop(earlier);
        Poll::Pending
    }

    pub(super) fn withdraw(&self) {
        self.withdrawn.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_withdrawn(&self) -> bool {
        self.withdrawn.load(Ordering::Relaxed)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Jobs by their places, in the order in which they ended.
#[derive(Default)]
pub(super) struct Finishes {
    places: Mutex<VecDeque<usize>>,
    more: Condvar,
}

impl Finishes {
    fn add(&self, place: usize) {
        self.places().push_back(place);
        self.more.notify_all();
    }

    /// The next that has ended.
    pub(super) fn wait(&self) -> usize {
        let mut places = self.places();
        loop {
            if let Some(place) = places.pop_front() {
                return place;
            }
            places = Deadline::NEVER.wait_on(&self.more, places);
        }
    }

    /// The next that has ended, if one has.
    pub(super) fn next(&self) -> Option<usize> {
        self.places().pop_front()
    }

    fn places(&self) -> MutexGuard<'_, VecDeque<usize>> {
        self.places.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
