//! Where one-way calls wait for a thread: those of one line run one after the other, lines side by side. Knows no sockets and no
//! messages.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::os::Deadline;

/// What must stay in order: the calls of one thread on one object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Line {
    pub(crate) thread: u64,
    pub(crate) object: u64,
}

/// The most threads of a queue: as many as a client may have one-way calls under way. With fewer, calls that wait for others of the
/// same queue could take all of them.
const MAX_WORKERS: usize = 1024;

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
    /// The lines that wait for a thread.
    ready: VecDeque<Line>,
    /// What all jobs weigh that have not run.
    weight: usize,
    workers: usize,
    idle: usize,
    unlimited: bool,
    /// What to run when all has run and the queue is closed.
    closed: Option<Box<dyn FnOnce() + Send>>,
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
        line: Line,
        weight: usize,
        run: impl FnOnce() + Send + 'static,
    ) {
        let job = Job {
            run: Box::new(run),
            weight,
        };
        let mut state = self.state();
        state.weight += weight;
        if let Some(jobs) = state.lines.get_mut(&line) {
            jobs.push_back(job);
            return;
        }
        state.lines.insert(line, VecDeque::from([job]));
        state.ready.push_back(line);
        if state.idle < state.ready.len() && state.workers < MAX_WORKERS {
            // Without a thread to be had, one of those that are there comes to it.
            let _ = self.add_worker(&mut state);
        }
        self.more.notify_one();
    }

    /// Waits until the jobs weigh no more than `most`, or the limit is lifted.
    pub(crate) fn wait_for_room(&self, most: usize) {
        let mut state = self.state();
        while state.weight > most && !state.unlimited {
            state = self
                .less
                .wait(state)
                .unwrap_or_else(PoisonError::into_inner);
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
            .name("shared-one-way".into())
            .spawn(move || queue.work())?;
        state.workers += 1;
        Ok(())
    }

    fn work(&self) {
        let mut state = self.state();
        loop {
            if let Some(line) = state.ready.pop_front() {
                state = self.run_first(state, line);
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

    /// Runs the first job of a line; if there are more, the line goes behind the others.
    fn run_first<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        line: Line,
    ) -> MutexGuard<'a, State> {
        let job = state.lines.get_mut(&line).and_then(VecDeque::pop_front);
        drop(state);
        let weight = job.as_ref().map_or(0, |job| job.weight);
        if let Some(job) = job {
            (job.run)();
        }
        let mut state = self.state();
        state.weight -= weight;
        self.less.notify_all();
        if state.lines.get(&line).is_some_and(VecDeque::is_empty) {
            state.lines.remove(&line);
        } else {
            state.ready.push_back(line);
        }
        state
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for State {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("State")
            .field("ready", &self.ready)
            .field("workers", &self.workers)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;

    use super::*;

    fn line(thread: u64, object: u64) -> Line {
        Line { thread, object }
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
    fn weight_is_given_back_as_jobs_run() {
        let queue = Queue::open().unwrap();
        let (go, wait) = channel::<()>();
        queue.push(line(1, 1), 10, move || wait.recv().unwrap());
        queue.wait_for_room(10);
        let (own, free) = (Arc::clone(&queue), channel());
        let waiting = std::thread::spawn(move || {
            own.wait_for_room(9);
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
