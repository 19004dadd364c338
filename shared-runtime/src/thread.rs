//! Threads whose results and panics are joined as those of processes are, so that both can be waited for together. Knows nothing of
//! processes.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{EventfdFlags, PollFlags, eventfd};

use crate::call_error::CallError;
use crate::error::{Error, ErrorKind, Executed};
use crate::os::{Deadline, wait};
use crate::panic::{catch, wake};
use crate::program;

/// Runs `f` in a new thread named `thread-1`, `thread-2`, …
///
/// ```
/// use shared_runtime::thread;
///
/// let lengths = thread::spawn(|| "some text".parse::<u64>())?;
/// assert!(lengths.join().is_err());
/// # Ok::<(), shared_runtime::Error>(())
/// ```
///
/// # Errors
///
/// `Io` if the system has no thread to give.
pub fn spawn<T, E, F>(f: F) -> Result<Thread<T, E>, Error>
where
    T: Send + 'static,
    E: Send + 'static,
    F: FnOnce() -> Result<T, E> + Send + 'static,
{
    Builder::new().spawn(f)
}

/// What is to be said about a thread before it starts.
#[derive(Clone, Debug, Default)]
pub struct Builder {
    name: Option<String>,
}

impl Builder {
    /// Nothing special.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// What the thread is called in panics, by [`Thread::name`], and, with its first 15 bytes, in `top`.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Runs `f` in a new thread.
    ///
    /// # Errors
    ///
    /// `Io` if the system has no thread to give, or the name holds a NUL.
    pub fn spawn<T, E, F>(self, f: F) -> Result<Thread<T, E>, Error>
    where
        T: Send + 'static,
        E: Send + 'static,
        F: FnOnce() -> Result<T, E> + Send + 'static,
    {
        static STARTED: AtomicU64 = AtomicU64::new(0);
        let number = STARTED.fetch_add(1, Ordering::Relaxed) + 1;
        let name = self.name.unwrap_or_else(|| format!("thread-{number}"));
        if name.contains('\0') {
            let text = format!("the name of a thread cannot hold a NUL: {name:?}");
            return Err(Error::new(ErrorKind::Io, text));
        }
        let failed = |error| Error::io("starting a thread", error);
        let ended = eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)
            .map_err(|error| failed(error.into()))?;
        let end = Arc::new(End {
            ended,
            state: Mutex::new(State {
                outcome: Outcome::Awaited,
                waker: None,
            }),
        });
        let ours = Arc::clone(&end);
        let thread = std::thread::Builder::new().name(name.clone());
        let running = thread.spawn(move || ours.comes(run(f))).map_err(failed)?;
        Ok(Thread { name, end, running })
    }
}

fn run<T, E>(f: impl FnOnce() -> Result<T, E>) -> Result<T, CallError<E>> {
    match catch(program::label(), f) {
        Ok(returned) => returned.map_err(CallError::Method),
        Err(panic) => {
            let error = Error::new(ErrorKind::Panicked, panic.to_string());
            Err(error.ran(Executed::Yes).with_panic(panic).into())
        }
    }
}

/// A thread that ends with a `T` or an `E`, and is joined as a [`Process`](crate::Process) is.
///
/// [`process::wait`](crate::process::wait) waits for both together. Dropping it leaves the thread running; like every thread, it ends with
/// the process. It can be awaited by a task of any executor.
///
/// ```
/// use shared_runtime::thread;
///
/// let sum = thread::Builder::new().name("adder").spawn(|| Ok::<u64, String>((1..=10).sum()))?;
/// assert_eq!(sum.name(), "adder");
/// assert_eq!(sum.join().unwrap(), 55);
/// # Ok::<(), shared_runtime::Error>(())
/// ```
pub struct Thread<T, E> {
    name: String,
    end: Arc<End<T, E>>,
    running: JoinHandle<()>,
}

impl<T, E> Thread<T, E> {
    /// Waits for the end of the thread.
    ///
    /// # Errors
    ///
    /// [`CallError::Method`] is the closure's own error; a panic is `Panicked`, with its message, place and backtrace.
    pub fn join(self) -> Result<T, CallError<E>> {
        // Nothing is thrown: `run` has caught it.
        let _ = self.running.join();
        self.end.take().unwrap_or_else(|| Err(given()))
    }

    /// The same, but not longer than `timeout`: `None` if the thread is still running then. The result is given once; after that,
    /// `Gone`.
    #[must_use]
    pub fn join_timeout(&mut self, timeout: Duration) -> Option<Result<T, CallError<E>>> {
        // An error, for want of memory, is as good as no time.
        wait(&[self.sign()], Deadline::after(Some(timeout))).ok()??;
        Some(self.end.take().unwrap_or_else(|| Err(given())))
    }

    /// Whether the thread has ended, or has only to be joined.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        !matches!(self.end.state().outcome, Outcome::Awaited)
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it ended by an error or a panic.
    pub(crate) fn has_failed(&self) -> bool {
        match &self.end.state().outcome {
            Outcome::Awaited => false,
            Outcome::Here(result) => result.is_err(),
            Outcome::Given { failed } => *failed,
        }
    }

    /// What becomes ready when it ends.
    pub(crate) fn sign(&self) -> (BorrowedFd<'_>, PollFlags) {
        (self.end.ended.as_fd(), PollFlags::IN)
    }
}

impl<T, E> fmt::Debug for Thread<T, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Thread")
            .field("name", &self.name)
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}

fn given<E>() -> CallError<E> {
    let text = "the result was given to an earlier `join_timeout`";
    CallError::Remote(Error::new(ErrorKind::Gone, text).ran(Executed::Yes))
}

/// What the thread and who waits for it share.
struct End<T, E> {
    /// Readable once the thread has its result: what can be waited for together with processes.
    ended: OwnedFd,
    state: Mutex<State<T, E>>,
}

struct State<T, E> {
    outcome: Outcome<T, E>,
    waker: Option<Waker>,
}

/// How far the result has come.
enum Outcome<T, E> {
    Awaited,
    Here(Result<T, CallError<E>>),
    Given { failed: bool },
}

impl<T, E> End<T, E> {
    fn state(&self) -> MutexGuard<'_, State<T, E>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// On the thread itself, which does nothing more.
    fn comes(&self, result: Result<T, CallError<E>>) {
        let mut state = self.state();
        state.outcome = Outcome::Here(result);
        let waker = state.waker.take();
        drop(state);
        // The first write to a counter that nobody else writes to.
        let _ = rustix::io::write(&self.ended, &1u64.to_ne_bytes());
        wake(waker);
    }

    /// The result, once; `None` before it is there.
    fn take(&self) -> Option<Result<T, CallError<E>>> {
        let mut state = self.state();
        let failed = match &state.outcome {
            Outcome::Awaited => return None,
            Outcome::Here(result) => result.is_err(),
            Outcome::Given { failed } => *failed,
        };
        match std::mem::replace(&mut state.outcome, Outcome::Given { failed }) {
            Outcome::Here(result) => Some(result),
            Outcome::Awaited | Outcome::Given { .. } => None,
        }
    }
}

/// A thread whose end is awaited: what `.await` turns a [`Thread`] into.
#[derive(Debug)]
#[must_use = "it does nothing until it is awaited"]
pub struct Joining<T, E>(Thread<T, E>);

impl<T, E> IntoFuture for Thread<T, E> {
    type Output = Result<T, CallError<E>>;
    type IntoFuture = Joining<T, E>;

    fn into_future(self) -> Joining<T, E> {
        Joining(self)
    }
}

impl<T, E> Future for Joining<T, E> {
    type Output = Result<T, CallError<E>>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        // An executor's code, so outside of the lock.
        let waker = context.waker().clone();
        let end = &self.0.end;
        let mut state = end.state();
        if let Outcome::Awaited = state.outcome {
            let earlier = state.waker.replace(waker);
            drop(state);
            drop(earlier);
            return Poll::Pending;
        }
        drop(state);
        Poll::Ready(end.take().unwrap_or_else(|| Err(given())))
    }
}
