//! Waiting for several processes and threads at once: all their signs of life in one `poll`, and no thread for any of them.

use std::fmt;
use std::os::fd::BorrowedFd;
use std::time::Duration;

use rustix::event::PollFlags;
use serde::de::DeserializeOwned;

use super::running::Process;
use crate::os::{self, Deadline};
use crate::thread::Thread;

/// When [`wait`] has waited enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReturnWhen {
    /// All have ended.
    #[doc(alias = "ALL_COMPLETED")]
    AllCompleted,
    /// One has ended, in whichever way.
    #[doc(alias = "FIRST_COMPLETED")]
    FirstCompleted,
    /// One has ended by an error: its own, a panic, or a death without a result. Or all have ended.
    #[doc(alias = "FIRST_EXCEPTION")]
    FirstException,
}

/// What can be waited for: a [`Process`] or a [`Thread`](crate::thread::Thread), a `&mut` to one, or a `Box` of one.
///
/// Sealed: [`wait`] looks at the descriptors by which the runtime itself learns of an end.
pub trait Worker: sealed::Sealed {
    /// Whether it has ended, or has only to be joined.
    fn is_finished(&mut self) -> bool;

    /// Whether it has ended by an error: its own, a panic, or a death without a result.
    fn has_failed(&mut self) -> bool;
}

type Sign<'a> = (BorrowedFd<'a>, PollFlags);

mod sealed {
    use super::Sign;

    pub trait Sealed {
        /// What becomes ready when there is something new to see.
        fn signs(&mut self) -> Vec<Sign<'_>>;
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> sealed::Sealed for Process<T, E> {
    fn signs(&mut self) -> Vec<Sign<'_>> {
        Process::signs(self)
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Worker for Process<T, E> {
    fn is_finished(&mut self) -> bool {
        Process::is_finished(self)
    }

    fn has_failed(&mut self) -> bool {
        Process::has_failed(self)
    }
}

impl<T, E> sealed::Sealed for Thread<T, E> {
    fn signs(&mut self) -> Vec<Sign<'_>> {
        vec![self.sign()]
    }
}

impl<T, E> Worker for Thread<T, E> {
    fn is_finished(&mut self) -> bool {
        Thread::is_finished(self)
    }

    fn has_failed(&mut self) -> bool {
        Thread::has_failed(self)
    }
}

impl<W: Worker + ?Sized> sealed::Sealed for &mut W {
    fn signs(&mut self) -> Vec<Sign<'_>> {
        (**self).signs()
    }
}

impl<W: Worker + ?Sized> Worker for &mut W {
    fn is_finished(&mut self) -> bool {
        (**self).is_finished()
    }

    fn has_failed(&mut self) -> bool {
        (**self).has_failed()
    }
}

impl<W: Worker + ?Sized> sealed::Sealed for Box<W> {
    fn signs(&mut self) -> Vec<Sign<'_>> {
        (**self).signs()
    }
}

impl<W: Worker + ?Sized> Worker for Box<W> {
    fn is_finished(&mut self) -> bool {
        (**self).is_finished()
    }

    fn has_failed(&mut self) -> bool {
        (**self).has_failed()
    }
}

/// Waits for several workers at once, at most for `timeout`. Returns which of them have ended, by their places, in order: those that had
/// before, too.
///
/// What has ended has still to be joined, which returns at once.
///
/// ```
/// use shared_runtime::process::{self, ReturnWhen};
/// use shared_runtime::{task, thread};
///
/// #[task]
/// fn slow() { std::thread::sleep(std::time::Duration::from_secs(60)); }
///
/// fn main() -> Result<(), shared_runtime::Error> {
///     shared_runtime::init();
///     let mut process = slow::spawn()?;
///     let mut thread = thread::spawn(|| "12".parse::<u32>())?;
///     let ended = process::wait(&mut [&mut process, &mut thread], None, ReturnWhen::FirstCompleted);
///     assert_eq!(ended, [1]);
///     assert_eq!(thread.join().unwrap(), 12);
///     process.kill();
///     Ok(())
/// }
/// ```
pub fn wait(
    workers: &mut [&mut dyn Worker],
    timeout: Option<Duration>,
    return_when: ReturnWhen,
) -> Vec<usize> {
    let deadline = Deadline::after(timeout);
    let mut ended = vec![false; workers.len()];
    let mut failed = false;
    // Each is looked at once; after that, only those of which there is news.
    let mut news = vec![true; workers.len()];
    loop {
        for (place, worker) in workers.iter_mut().enumerate() {
            if news[place] && worker.is_finished() {
                ended[place] = true;
                failed |= worker.has_failed();
            }
        }
        let enough = match return_when {
            ReturnWhen::AllCompleted => false,
            ReturnWhen::FirstCompleted => ended.contains(&true),
            ReturnWhen::FirstException => failed,
        };
        if enough || !ended.contains(&false) {
            break;
        }
        let running = workers.iter_mut().zip(&ended);
        match news_of(
            running.map(|(worker, ended)| (!ended).then_some(worker)),
            deadline,
        ) {
            Some(found) => news = found,
            None => break,
        }
    }
    let places = ended.iter().enumerate();
    places
        .filter_map(|(place, ended)| ended.then_some(place))
        .collect()
}

/// Waits for several workers, and gives each back with its place when it has ended, first come first served. The iteration ends when all
/// have, or when `timeout` has passed since this call: [`into_unfinished`](AsCompleted::into_unfinished) has the rest then.
///
/// ```
/// use shared_runtime::{process, task};
///
/// #[task]
/// fn double(n: u64) -> u64 { 2 * n }
///
/// fn main() -> Result<(), shared_runtime::Error> {
///     shared_runtime::init();
///     let doubles = (0..3).map(double::spawn).collect::<Result<Vec<_>, _>>()?;
///     for (place, process) in process::as_completed(doubles, None) {
///         assert_eq!(process.join().unwrap(), 2 * place as u64);
///     }
///     Ok(())
/// }
/// ```
pub fn as_completed<W: Worker>(
    workers: impl IntoIterator<Item = W>,
    timeout: Option<Duration>,
) -> AsCompleted<W> {
    let workers: Vec<Option<W>> = workers.into_iter().map(Some).collect();
    AsCompleted {
        news: vec![true; workers.len()],
        workers,
        deadline: Deadline::after(timeout),
    }
}

/// Workers as they end: made by [`as_completed`].
pub struct AsCompleted<W> {
    /// Less those that have been given back.
    workers: Vec<Option<W>>,
    /// Of whom there may be something new.
    news: Vec<bool>,
    deadline: Deadline,
}

impl<W: Worker> Iterator for AsCompleted<W> {
    type Item = (usize, W);

    fn next(&mut self) -> Option<(usize, W)> {
        loop {
            for (place, worker) in self.workers.iter_mut().enumerate() {
                let ended = |worker: &mut W| worker.is_finished();
                if std::mem::take(&mut self.news[place])
                    && let Some(worker) = worker.take_if(ended)
                {
                    return Some((place, worker));
                }
            }
            if self.workers.iter().all(Option::is_none) {
                return None;
            }
            self.news = news_of(self.workers.iter_mut().map(Option::as_mut), self.deadline)?;
        }
    }
}

impl<W> AsCompleted<W> {
    /// Those that have not been given back, with their places.
    #[must_use]
    pub fn into_unfinished(self) -> Vec<(usize, W)> {
        let places = self.workers.into_iter().enumerate();
        places
            .filter_map(|(place, worker)| Some((place, worker?)))
            .collect()
    }
}

impl<W> fmt::Debug for AsCompleted<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let left = self.workers.iter().flatten().count();
        f.debug_struct("AsCompleted")
            .field("left", &left)
            .finish_non_exhaustive()
    }
}

/// How long to rest when the kernel cannot even poll, for want of memory.
const RECOVERY: Duration = Duration::from_millis(10);

/// Of which of the workers there is something new, when there is; `None` when the deadline passes first.
fn news_of<'a, W: Worker + 'a>(
    workers: impl Iterator<Item = Option<&'a mut W>>,
    deadline: Deadline,
) -> Option<Vec<bool>> {
    let (mut fds, mut counts) = (Vec::new(), Vec::new());
    for worker in workers {
        let signs = worker.map_or_else(Vec::new, sealed::Sealed::signs);
        counts.push(signs.len());
        fds.extend(signs);
    }
    let Ok(ready) = os::wait(&fds, deadline) else {
        std::thread::sleep(RECOVERY);
        return Some(vec![true; counts.len()]);
    };
    let mut ready = ready?.into_iter();
    let any = |count: usize| ready.by_ref().take(count).fold(false, |any, it| any | it);
    Some(counts.into_iter().map(any).collect())
}
