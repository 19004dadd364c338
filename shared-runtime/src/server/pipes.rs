//! How far the pipes of a session have come: calls of its lane may come after some of theirs.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::message::{After, MAX_PIPES, number_in_pipe};
use crate::object::Cancel;
use crate::os::Deadline;

/// How long a wait goes on without a look of its own. A call that ends looks for those who wait with no fence, which each call would have to
/// pay for, and may just not have seen them.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// So many are known, those that have ended among them: a call may come after one of these.
const KNOWN: usize = 4 * MAX_PIPES;

/// The pipes of a session.
#[derive(Debug, Default)]
pub(super) struct Pipes(Arc<Known>);

#[derive(Debug, Default)]
struct Known {
    pipes: Mutex<ByNumber>,
    changed: Condvar,
}

/// By the numbers that the client gave them, which count up.
#[derive(Debug, Default)]
struct ByNumber {
    known: BTreeMap<u64, Arc<Progress>>,
    /// The last one that has ended and is not known any more.
    forgotten: Option<u64>,
}

/// How many calls have run.
#[derive(Debug, Default)]
struct Progress {
    calls: AtomicU64,
    /// Whether anybody waits for more.
    awaited: AtomicBool,
}

/// A pipe that is served. No more comes when this is dropped.
#[derive(Debug)]
pub(super) struct Pipe {
    number: u64,
    progress: Arc<Progress>,
    known: Arc<Known>,
}

impl Pipes {
    /// A client that gives a number twice has the order of its own calls to lose.
    pub(super) fn begin(&self, number: u64) -> Pipe {
        let progress = Arc::<Progress>::default();
        let mut pipes = self.0.pipes();
        while pipes.known.len() >= KNOWN {
            let mut known = pipes.known.iter();
            let ended = known.find(|(_, progress)| progress.has_ended());
            let Some(number) = ended.map(|(number, _)| *number) else {
                break;
            };
            pipes.known.remove(&number);
            pipes.forgotten = pipes.forgotten.max(Some(number));
        }
        pipes.known.insert(number, Arc::clone(&progress));
        drop(pipes);
        self.0.changed.notify_all();
        Pipe {
            number,
            progress,
            known: Arc::clone(&self.0),
        }
    }

    /// Waits until the pipe has come so far, or has ended. The call that asks may be here before the news of the pipe, which comes on the
    /// control socket; from a client that has `gone` it comes no more.
    pub(super) fn wait(&self, after: After, gone: &Cancel) {
        let mut pipes = self.0.pipes();
        loop {
            match pipes.known.get(&after.pipe) {
                Some(progress) if progress.calls() >= after.calls => return,
                Some(progress) => progress.awaited.store(true, Ordering::Relaxed),
                None if pipes.forgotten >= Some(after.pipe) => return,
                None if gone.is_cancelled() => return,
                None => {}
            }
            pipes = Deadline::after(Some(LOOK_AGAIN)).wait_on(&self.0.changed, pipes);
        }
    }
}

impl Known {
    fn pipes(&self) -> MutexGuard<'_, ByNumber> {
        self.pipes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// More than any pipe runs.
const ENDED: u64 = u64::MAX;

impl Progress {
    fn calls(&self) -> u64 {
        self.calls.load(Ordering::Acquire)
    }

    fn has_ended(&self) -> bool {
        self.calls() == ENDED
    }
}

impl Pipe {
    /// One more call has run.
    #[inline]
    pub(super) fn advance(&self) {
        // Nobody else writes.
        self.set(self.progress.calls.load(Ordering::Relaxed) + 1);
    }

    #[inline]
    fn set(&self, calls: u64) {
        self.progress.calls.store(calls, Ordering::Release);
        // Whoever waits for still more says so again.
        let awaited = &self.progress.awaited;
        if awaited.load(Ordering::Relaxed) && awaited.swap(false, Ordering::Relaxed) {
            self.known.changed.notify_all();
        }
    }

    /// What the reply to the last call goes by.
    pub(super) fn reply_number(&self) -> u64 {
        let calls = self.progress.calls.load(Ordering::Relaxed);
        number_in_pipe(self.number, calls)
    }
}

impl Drop for Pipe {
    fn drop(&mut self) {
        self.set(ENDED);
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::channel;
    use std::thread;

    use super::*;

    #[test]
    fn who_comes_after_calls_of_a_pipe_waits_for_them_and_not_longer() {
        let (pipes, here) = (Pipes::default(), Cancel::default());
        let after = |calls| After { pipe: 7, calls };
        thread::scope(|scope| {
            let (say, said) = channel();
            for calls in [3, 2, 4] {
                let (say, pipes, here) = (say.clone(), &pipes, &here);
                scope.spawn(move || {
                    pipes.wait(after(calls), here);
                    say.send(calls).unwrap();
                });
            }
            assert!(
                said.recv_timeout(2 * LOOK_AGAIN).is_err(),
                "it may still begin"
            );
            let pipe = pipes.begin(7);
            pipes.wait(after(0), &here);
            pipe.advance();
            assert!(said.recv_timeout(2 * LOOK_AGAIN).is_err());
            for calls in 2..=3 {
                pipe.advance();
                assert_eq!(said.recv(), Ok(calls));
            }
            assert!(said.recv_timeout(2 * LOOK_AGAIN).is_err());
            drop(pipe);
            assert_eq!(said.recv(), Ok(4), "nothing more will come");
        });
    }

    #[test]
    fn a_pipe_tells_of_its_calls_only_while_somebody_waits() {
        let (pipes, here) = (Pipes::default(), Cancel::default());
        let pipe = pipes.begin(1);
        let is_awaited = || pipe.progress.awaited.load(Ordering::Relaxed);
        thread::scope(|scope| {
            scope.spawn(|| pipes.wait(After { pipe: 1, calls: 1 }, &here));
            while !is_awaited() {
                thread::yield_now();
            }
            pipe.advance();
        });
        pipe.advance();
        assert!(!is_awaited());
    }

    #[test]
    fn a_pipe_of_a_client_that_has_gone_is_not_waited_for_if_it_never_began() {
        let (pipes, gone) = (Pipes::default(), Cancel::default());
        gone.cancel();
        pipes.wait(After { pipe: 1, calls: 1 }, &gone);
    }

    #[test]
    fn pipes_that_have_ended_are_forgotten_in_time() {
        let pipes = Pipes::default();
        let first = pipes.begin(1);
        (2..1000).for_each(|number| drop(pipes.begin(number)));
        let known: Vec<u64> = pipes.0.pipes().known.keys().copied().collect();
        assert_eq!(
            (known.len(), known[0], known[1]),
            (KNOWN, 1, 1001 - KNOWN as u64)
        );
        // A call may have waited at its client for as long.
        pipes.wait(After { pipe: 2, calls: 1 }, &Cancel::default());
        drop(first);
    }
}
