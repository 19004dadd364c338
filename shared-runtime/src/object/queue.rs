//! Where the calls of a lane wait for a thread: those of one line run one after the other, lines side by side, awaited calls so many at
//! a time. Knows no sockets and no messages.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::os::Deadline;

/// What must stay in order: the calls of one thread on one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) thread: u64,
    pub(crate) object: u64,
}

/// Among which others a call has its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Turn {
    /// After those of its line.
    After(Line),
    /// Among none.
    Alone,
    /// Among none, but with no more of its kind at one time than the server has workers for them.
    Limited,
}

impl Turn {
    /// That of a call on `object`, which keeps its order with the others of `thread` if it is of one. Calls that are made while a method
    /// runs, and are a part of its chain, are not limited: that method may wait for them, and keep another of them from running.
    pub(crate) fn of(thread: Option<u64>, object: u64, chained: bool) -> Self {
        match thread {
            Some(thread) => Self::After(Line { thread, object }),
            None if chained => Self::Alone,
            None => Self::Limited,
        }
    }
}

/// The most threads of a queue, beside those for limited calls: as many as a client may have one-way calls and calls with a reply under
/// way that no method has made. With fewer, calls that wait for others of the same queue could take all of them.
const MAX_WORKERS: usize = 2048;

/// How many limited calls of a queue run at one time, unless this server was told otherwise.
pub(crate) const ASYNC_WORKERS: usize = 64;

static LIMIT: AtomicUsize = AtomicUsize::new(ASYNC_WORKERS);

/// Sets how many limited calls of a queue run at one time: one at least.
pub(crate) fn set_async_workers(most: usize) {
    LIMIT.store(most.max(1), Ordering::Relaxed);
}

fn limit() -> usize {
    LIMIT.load(Ordering::Relaxed)
}

/// How long a thread stays with nothing to do, unless it is the last.
const LINGER: Duration = Duration::from_millis(20);

/// The queue of one client. Its threads end when it is closed and empty.
#[derive(Debug)]
pub(crate) struct Queue {
    state: Mutex<State>,
    more: Condvar,
    less: Condvar,
}

#[derive(Default)]
struct State {
    /// The lines with something in them. One of them that a thread works on stays here while it is empty.
    lines: HashMap<Line, VecDeque<Job>>,
    /// What waits for a thread.
    ready: VecDeque<Ready>,
    /// Limited jobs beyond the limit.
    held_back: VecDeque<Job>,
    /// Limited jobs that run or are ready.
    limited: usize,
    /// What all jobs weigh that have not run.
    weight: usize,
    workers: usize,
    idle: usize,
    unlimited: bool,
    /// What to run when all has run and the queue is closed.
    closed: Option<Box<dyn FnOnce() + Send>>,
}

enum Ready {
    /// The first job of a line.
    Line(Line),
    Alone(Job),
    Limited(Job),
}

/// Something to run, and how many bytes it keeps in memory meanwhile.
struct Job {
    run: Box<dyn FnOnce() + Send>,
    weight: usize,
}

impl Queue {
    /// A queue with its first thread, so that what is pushed always runs.
    pub(crate) fn open() -> io::Result<Arc<Self>> {
        let queue = Arc::new(Self {
            state: Mutex::default(),
            more: Condvar::new(),
            less: Condvar::new(),
        });
        let mut state = queue.state();
        queue.add_worker(&mut state)?;
        drop(state);
        Ok(queue)
    }

    pub(crate) fn push(
        self: &Arc<Self>,
        turn: Turn,
        weight: usize,
        run: impl FnOnce() + Send + 'static,
    ) {
        let job = Job {
            run: Box::new(run),
            weight,
        };
        let mut state = self.state();
        state.weight += weight;
        let Some(ready) = state.line_up(turn, job) else {
            return;
        };
        state.ready.push_back(ready);
        let most = MAX_WORKERS.saturating_add(limit());
        if state.idle < state.ready.len() && state.workers < most {
            // Without a thread to be had, one of those that are there comes to it.
            let _ = self.add_worker(&mut state);
        }
        self.more.notify_one();
    }

    /// Waits until the jobs weigh no more than `most`, or the limit is lifted.
    /// Not past the deadline: what comes next may be what those in the queue wait for.
    pub(crate) fn wait_for_room(&self, most: usize, deadline: Deadline) {
        let mut state = self.state();
        while state.weight > most && !state.unlimited && !deadline.passed() {
            state = deadline.wait_on(&self.less, state);
        }
    }

    /// Lets nobody wait for room any more.
    pub(crate) fn lift_limit(&self) {
        self.state().unlimited = true;
        self.less.notify_all();
    }

    /// Nothing more will be pushed: when all has run, `last` is run and the threads end.
    pub(crate) fn close(&self, last: impl FnOnce() + Send + 'static) {
        self.state().closed = Some(Box::new(last));
        self.more.notify_all();
    }

    fn add_worker(self: &Arc<Self>, state: &mut State) -> io::Result<()> {
        let queue = Arc::clone(self);
        std::thread::Builder::new()
            .name("shared-lane-call".into())
            .spawn(move || queue.work())?;
        state.workers += 1;
        Ok(())
    }

    fn work(&self) {
        let mut state = self.state();
        loop {
            if let Some(ready) = state.ready.pop_front() {
                state = self.run(state, ready);
                continue;
            }
            if state.closed.is_some() {
                break;
            }
            state.idle += 1;
            let longest = (state.workers > 1).then_some(LINGER);
            state = Deadline::after(longest).wait_on(&self.more, state);
            state.idle -= 1;
            if state.ready.is_empty() && state.workers > 1 {
                break;
            }
        }
        state.workers -= 1;
        let last = (state.workers == 0).then(|| state.closed.take()).flatten();
        drop(state);
        if let Some(last) = last {
            last();
        }
    }

    fn run<'a>(&'a self, mut state: MutexGuard<'a, State>, ready: Ready) -> MutexGuard<'a, State> {
        let (job, after) = match ready {
            Ready::Line(line) => {
                let first = state.lines.get_mut(&line).and_then(VecDeque::pop_front);
                (first, Turn::After(line))
            }
            Ready::Alone(job) => (Some(job), Turn::Alone),
            Ready::Limited(job) => (Some(job), Turn::Limited),
        };
        drop(state);
        let weight = job.as_ref().map_or(0, |job| job.weight);
        if let Some(job) = job {
            (job.run)();
        }
        let mut state = self.state();
        state.weight -= weight;
        self.less.notify_all();
        state.follow(after);
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// What is ready now that this job has come; nothing if it has to wait for others.
    fn line_up(&mut self, turn: Turn, job: Job) -> Option<Ready> {
        match turn {
            Turn::After(line) => {
                if let Some(jobs) = self.lines.get_mut(&line) {
                    jobs.push_back(job);
                    return None;
                }
                self.lines.insert(line, VecDeque::from([job]));
                Some(Ready::Line(line))
            }
            Turn::Alone => Some(Ready::Alone(job)),
            Turn::Limited if self.limited >= limit() => {
                self.held_back.push_back(job);
                None
            }
            Turn::Limited => {
                self.limited += 1;
                Some(Ready::Limited(job))
            }
        }
    }

    /// A job has run: what waited for it is ready, behind the others.
    fn follow(&mut self, ran: Turn) {
        match ran {
            Turn::After(line) if self.lines.get(&line).is_some_and(VecDeque::is_empty) => {
                self.lines.remove(&line);
            }
            Turn::After(line) => self.ready.push_back(Ready::Line(line)),
            Turn::Alone => {}
            Turn::Limited => match self.held_back.pop_front() {
                Some(next) => self.ready.push_back(Ready::Limited(next)),
                None => self.limited -= 1,
            },
        }
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("ready", &self.ready.len())
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn line(thread: u64, object: u64) -> Turn {
        Turn::After(Line { thread, object })
    }

    #[test]
    fn a_line_runs_in_order_and_others_pass_it() {
        let queue = Queue::open().unwrap();
        let (go, wait) = channel::<()>();
        let (say, said) = channel();
        queue.push(line(1, 1), 0, move || wait.recv().unwrap());
        for n in 0..100 {
            let say = say.clone();
            queue.push(line(1, 1), 0, move || say.send((1, n)).unwrap());
        }
        queue.push(line(1, 2), 0, move || say.send((2, 0)).unwrap());
        assert_eq!(
            said.recv().unwrap(),
            (2, 0),
            "another object is not held up"
        );
        go.send(()).unwrap();
        assert!((0..100).all(|n| said.recv().unwrap() == (1, n)));
        queue.close(|| ());
    }

    #[test]
    fn limited_jobs_wait_for_each_other_and_others_pass_them() {
        let queue = Queue::open().unwrap();
        let (say, said) = channel();
        let gates: Vec<_> = (0..2 * ASYNC_WORKERS)
            .map(|n| {
                let ((go, wait), say) = (channel::<()>(), say.clone());
                queue.push(Turn::Limited, 0, move || {
                    say.send(n).unwrap();
                    wait.recv().unwrap();
                });
                go
            })
            .collect();
        let mut begun: Vec<usize> = said.iter().take(ASYNC_WORKERS).collect();
        begun.sort_unstable();
        assert_eq!(begun, (0..ASYNC_WORKERS).collect::<Vec<_>>());
        queue.push(Turn::Alone, 0, move || say.send(1000).unwrap());
        assert_eq!(said.recv().unwrap(), 1000, "before any of those held back");
        gates[7].send(()).unwrap();
        assert_eq!(said.recv().unwrap(), ASYNC_WORKERS);
        assert!(said.try_recv().is_err(), "one comes for one that goes");
        for gate in &gates {
            // The one that has gone already hears nothing.
            let _ = gate.send(());
        }
        assert_eq!(said.iter().count(), ASYNC_WORKERS - 1);
        queue.close(|| ());
    }

    #[test]
    fn weight_is_given_back_as_jobs_run() {
        let queue = Queue::open().unwrap();
        let (go, wait) = channel::<()>();
        queue.push(line(1, 1), 10, move || wait.recv().unwrap());
        queue.wait_for_room(10, Deadline::NEVER);
        let (own, free) = (Arc::clone(&queue), channel());
        let waiting = std::thread::spawn(move || {
            own.wait_for_room(9, Deadline::NEVER);
            free.0.send(()).unwrap();
        });
        assert!(free.1.try_recv().is_err());
        go.send(()).unwrap();
        free.1.recv().unwrap();
        waiting.join().unwrap();
        queue.close(|| ());
    }

    #[test]
    fn a_closed_queue_runs_what_it_has_and_its_threads_end() {
        let queue = Queue::open().unwrap();
        let (say, said) = channel();
        for n in 0..10u64 {
            let say = say.clone();
            queue.push(line(n, 1), 0, move || say.send(n).unwrap());
        }
        queue.close(move || say.send(10).unwrap());
        assert_eq!(said.iter().last(), Some(10), "the last of all");
        while Arc::strong_count(&queue) > 1 {
            std::thread::yield_now();
        }
    }
}
