//! Calls that a pool pulls out of an iterator as its workers have room for them.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::Arc;

use super::core::Core;
use super::job::Job;
use super::slot::{Finishes, Slot, Work};
use crate::call_error::CallError;
use crate::process::task::{TaskCall, TaskFn};

type JobOf<F> = Job<<F as TaskFn>::Output, <F as TaskFn>::Error>;

/// What a job of `F` ends with.
type JobResult<F> = Result<<F as TaskFn>::Output, CallError<<F as TaskFn>::Error>>;

/// A job that `core` is to run, of which a worker may have fewer than `most_at_one` others.
pub(super) fn submit<F: TaskFn>(
    core: &Core,
    call: TaskCall<F>,
    slot: Slot,
    most_at_one: usize,
) -> JobOf<F> {
    let slot = Arc::new(slot);
    core.submit(Arc::new(Work {
        task: F::TASK.name,
        arguments: call.into_arguments(),
        slot: Arc::clone(&slot),
        most_at_one,
    }));
    Job::new(slot)
}

/// How many results, for each call that may be under way, wait for an earlier one.
const AHEAD: usize = 4;

/// Where calls come from, and how many of them may be under way.
struct Feed<I> {
    core: Arc<Core>,
    /// None when it has given its last.
    calls: Option<I>,
    chunk: usize,
    finishes: Arc<Finishes>,
    /// How many have been pulled.
    pulled: usize,
}

impl<F: TaskFn, I: Iterator<Item = TaskCall<F>>> Feed<I> {
    fn new(core: &Arc<Core>, calls: I) -> Self {
        Self {
            core: Arc::clone(core),
            calls: Some(calls),
            chunk: 1,
            finishes: Arc::default(),
            pulled: 0,
        }
    }

    /// How many calls the workers have room for.
    fn room(&self) -> usize {
        self.core.size().saturating_mul(self.chunk)
    }

    /// Submits the next call, if there is one, as that of the place.
    fn pull(&mut self) -> Option<(usize, JobOf<F>)> {
        let Some(call) = self.calls.as_mut()?.next() else {
            self.calls = None;
            return None;
        };
        let place = self.pulled;
        self.pulled += 1;
        let slot = Slot::heard_by(Arc::clone(&self.finishes), place);
        Some((place, submit(&self.core, call, slot, self.chunk)))
    }
}

/// The results of calls, in their order: made by [`Pool::map`](super::Pool::map).
///
/// Calls are pulled while [`next`](Iterator::next) is called, and only as many as the workers have room for. Dropping it has those calls that no
/// worker has got never run.
#[must_use = "nothing is run before a result is asked for"]
pub struct Map<F: TaskFn, I> {
    feed: Feed<I>,
    /// Those whose results have not been asked for, in their order.
    jobs: VecDeque<JobOf<F>>,
    /// How many of them have not ended.
    under_way: usize,
}

impl<F: TaskFn, I: Iterator<Item = TaskCall<F>>> Map<F, I> {
    pub(super) fn new(core: &Arc<Core>, calls: I) -> Self {
        Self {
            feed: Feed::new(core, calls),
            jobs: VecDeque::new(),
            under_way: 0,
        }
    }

    /// How many calls a worker may have at once; it runs them one after the other. Default: 1, which shares calls of different lengths best.
    /// With more, a worker need not wait for its next call: for short ones.
    ///
    /// When a worker crashes, the call that it ran fails, and others run those that it had not begun.
    pub fn chunk(mut self, calls: usize) -> Self {
        self.feed.chunk = calls.max(1);
        self
    }
}

impl<F: TaskFn, I: Iterator<Item = TaskCall<F>>> Iterator for Map<F, I> {
    type Item = JobResult<F>;

    fn next(&mut self) -> Option<JobResult<F>> {
        loop {
            while self.feed.finishes.next().is_some() {
                self.under_way -= 1;
            }
            let room = self.feed.room();
            while self.under_way < room
                && self.jobs.len() < room.saturating_mul(AHEAD)
                && let Some((_, job)) = self.feed.pull()
            {
                self.jobs.push_back(job);
                self.under_way += 1;
            }
            if let Some(job) = self.jobs.pop_front_if(|job| job.is_finished()) {
                return Some(job.wait());
            }
            if self.jobs.is_empty() {
                return None;
            }
            self.feed.finishes.wait();
            self.under_way -= 1;
        }
    }
}

impl<F: TaskFn, I> Drop for Map<F, I> {
    fn drop(&mut self) {
        self.jobs.iter().for_each(Job::withdraw);
    }
}

impl<F: TaskFn, I> fmt::Debug for Map<F, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "Map", F::TASK.name, self.feed.pulled)
    }
}

/// The results of calls, as they end: made by [`Pool::map_unordered`](super::Pool::map_unordered).
///
/// Calls are pulled while [`next`](Iterator::next) is called, and only as many as the workers have room for. Dropping it has those calls that no
/// worker has got never run.
#[must_use = "nothing is run before a result is asked for"]
pub struct MapUnordered<F: TaskFn, I> {
    feed: Feed<I>,
    /// Those whose results have not been asked for, by their places.
    jobs: HashMap<usize, JobOf<F>>,
}

impl<F: TaskFn, I: Iterator<Item = TaskCall<F>>> MapUnordered<F, I> {
    pub(super) fn new(core: &Arc<Core>, calls: I) -> Self {
        Self {
            feed: Feed::new(core, calls),
            jobs: HashMap::new(),
        }
    }

    /// How many calls a worker may have at once: see [`Map::chunk`].
    pub fn chunk(mut self, calls: usize) -> Self {
        self.feed.chunk = calls.max(1);
        self
    }
}

impl<F: TaskFn, I: Iterator<Item = TaskCall<F>>> Iterator for MapUnordered<F, I> {
    type Item = JobResult<F>;

    fn next(&mut self) -> Option<JobResult<F>> {
        let room = self.feed.room();
        while self.jobs.len() < room
            && let Some((place, job)) = self.feed.pull()
        {
            self.jobs.insert(place, job);
        }
        if self.jobs.is_empty() {
            return None;
        }
        let ended = self.feed.finishes.wait();
        self.jobs.remove(&ended).map(Job::wait)
    }
}

impl<F: TaskFn, I> Drop for MapUnordered<F, I> {
    fn drop(&mut self) {
        self.jobs.values().for_each(Job::withdraw);
    }
}

impl<F: TaskFn, I> fmt::Debug for MapUnordered<F, I> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        debug(f, "MapUnordered", F::TASK.name, self.feed.pulled)
    }
}

fn debug(f: &mut fmt::Formatter<'_>, what: &str, task: &str, pulled: usize) -> fmt::Result {
    f.debug_struct(what)
        .field("task", &task)
        .field("pulled", &pulled)
        .finish_non_exhaustive()
}
