//! A process as a future: no thread waits for it. The background thread watches its end and its channel, and wakes the executor.

use std::os::fd::BorrowedFd;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rustix::event::PollFlags;
use serde::de::DeserializeOwned;

use super::running::{Outcome, Process};
use super::spawn::signs;
use crate::call_error::CallError;
use crate::handle::{Lease, arrivals};
use crate::logs;
use crate::message::Claim;
use crate::os::{BACKGROUND, Child, Deadline, Next, Socket, Watch};
use crate::panic::wake;

/// Waits for the end of a [`Process`] without a thread: what `.await` makes of it. Dropping it leaves the process running.
pub struct Joining<T, E> {
    process: Process<T, E>,
    bell: Option<Arc<Bell>>,
    /// The handles of the result, while they are asked for.
    arrival: Option<Arc<Later<Vec<Arc<Lease>>>>>,
    /// When the logger has had all records of the process.
    settled: Option<Arc<Later<()>>>,
}

/// ```
/// use std::pin::pin;
/// use std::task::{Context, Poll, Waker};
/// use shared_runtime::task;
///
/// #[task]
/// fn add(a: u64, b: u64) -> u64 {
///     a + b
/// }
///
/// async fn sums() -> Result<u64, Box<dyn std::error::Error>> {
///     let (left, right) = (add::spawn(1, 2)?, add::spawn(3, 4)?);
///     Ok(left.await? + right.await?)
/// }
///
/// fn main() {
///     shared_runtime::init();
/// #   // Any executor does; this is the smallest.
///     let mut sums = pin!(sums());
///     let sum = loop {
///         if let Poll::Ready(sum) = sums.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
///             break sum;
///         }
///     };
///     assert_eq!(sum.unwrap(), 10);
/// }
/// ```
impl<T: DeserializeOwned, E: DeserializeOwned> IntoFuture for Process<T, E> {
    type Output = Result<T, CallError<E>>;
    type IntoFuture = Joining<T, E>;

    fn into_future(self) -> Joining<T, E> {
        Joining {
            process: self,
            bell: None,
            arrival: None,
            settled: None,
        }
    }
}

/// Nothing in it is ever pinned.
impl<T, E> Unpin for Joining<T, E> {}

impl<T: DeserializeOwned, E: DeserializeOwned> Future for Joining<T, E> {
    type Output = Result<T, CallError<E>>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let now = Deadline::after(Some(Duration::ZERO));
        self.process.receive(now);
        if self.take_handles(context.waker()).is_pending() {
            return Poll::Pending;
        }
        if matches!(self.process.result, Outcome::Awaited) || self.process.exit_status().is_none() {
            self.ring_for(context.waker());
            return Poll::Pending;
        }
        let settled = self.settled.get_or_insert_with(|| {
            let (settled, later) = Later::begin();
            logs::when_settled(Box::new(move || later.give(())));
            settled
        });
        if settled.poll(context.waker()).is_pending() {
            return Poll::Pending;
        }
        // It has ended, so there is nothing left to wait for.
        match self.process.join_until(Deadline::NEVER) {
            Some(result) => Poll::Ready(result),
            None => Poll::Pending,
        }
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Joining<T, E> {
    /// Opens a result that is here. If it has handles, their servers are asked first, which may take a while: on a thread that goes
    /// afterwards.
    fn take_handles(&mut self, waker: &Waker) -> Poll<()> {
        let Outcome::Came(reply, _) = &mut self.process.result else {
            return Poll::Ready(());
        };
        if self.arrival.is_none() && !reply.handles.claims.is_empty() {
            let claims = std::mem::take(&mut reply.handles.claims);
            self.arrival = Some(fetch_later(claims));
        }
        let leases = match &self.arrival {
            None => Vec::new(),
            Some(arrival) => match arrival.poll(waker) {
                Poll::Ready(leases) => leases,
                Poll::Pending => return Poll::Pending,
            },
        };
        self.process.open(leases);
        Poll::Ready(())
    }

    /// Has `waker` woken when there is more to be seen of the process.
    fn ring_for(&mut self, waker: &Waker) {
        let spawned = &self.process.spawned;
        let bell = self.bell.get_or_insert_with(|| {
            Arc::new(Bell {
                line: Arc::clone(spawned.line.socket()),
                child: Arc::clone(&spawned.child),
                ends_only: AtomicBool::new(false),
                given_up: AtomicBool::new(false),
                waker: Mutex::new(None),
            })
        });
        let awaited = matches!(self.process.result, Outcome::Awaited);
        bell.ends_only.store(!awaited, Ordering::Relaxed);
        // An executor's code, so outside of the lock.
        let new = waker.clone();
        let earlier = lock(&bell.waker).replace(new);
        // With an earlier waker, it is watched already.
        if earlier.is_none() && !BACKGROUND.run(Box::new(Watched(Arc::clone(bell)))) {
            // No descriptor is left to watch with: the executor looks again and again.
            lock(&bell.waker).take();
            waker.wake_by_ref();
        }
    }
}

impl<T, E> Drop for Joining<T, E> {
    fn drop(&mut self) {
        if let Some(bell) = &self.bell {
            bell.given_up.store(true, Ordering::Relaxed);
            BACKGROUND.look_again();
        }
    }
}

impl<T, E> std::fmt::Debug for Joining<T, E> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_tuple("Joining").field(&self.process).finish()
    }
}

/// What is watched, and who is to be told. Rings once for each waker.
struct Bell {
    line: Arc<Socket>,
    child: Arc<Child>,
    /// The channel has nothing more to give.
    ends_only: AtomicBool,
    given_up: AtomicBool,
    /// There while it is watched.
    waker: Mutex<Option<Waker>>,
}

struct Watched(Arc<Bell>);

impl Watch for Watched {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let ends_only = self.0.ends_only.load(Ordering::Relaxed);
        signs((!ends_only).then_some(&*self.0.line), &self.0.child)
    }

    fn deadline(&self) -> Deadline {
        let given_up = self.0.given_up.load(Ordering::Relaxed);
        Deadline::after(given_up.then_some(Duration::ZERO))
    }

    fn ready(&mut self) -> Next {
        let waker = lock(&self.0.waker).take();
        if !self.0.given_up.load(Ordering::Relaxed) {
            wake(waker);
        }
        Next::Done
    }
}

/// Asks other servers for handles, on a thread that goes afterwards.
fn fetch_later(claims: Vec<Claim>) -> Arc<Later<Vec<Arc<Lease>>>> {
    let (arrival, there) = Later::begin();
    let claims = Arc::new(claims);
    let asked = Arc::clone(&claims);
    let thread = std::thread::Builder::new().name("shared-arrival".into());
    let started = thread.spawn(move || there.give(arrivals(&asked, None, Deadline::NEVER)));
    if started.is_err() {
        // Without a thread to be had, it is waited for after all.
        arrival.give(arrivals(&claims, None, Deadline::NEVER));
    }
    arrival
}

/// Something that another thread brings, once.
struct Later<T>(Mutex<Coming<T>>);

struct Coming<T> {
    value: Option<T>,
    waker: Option<Waker>,
}

impl<T> Later<T> {
    /// For the one who waits, and the one who brings it.
    fn begin() -> (Arc<Self>, Arc<Self>) {
        let later = Arc::new(Self(Mutex::new(Coming {
            value: None,
            waker: None,
        })));
        (Arc::clone(&later), later)
    }

    fn give(&self, value: T) {
        let mut coming = lock(&self.0);
        coming.value = Some(value);
        let waker = coming.waker.take();
        drop(coming);
        wake(waker);
    }

    fn poll(&self, waker: &Waker) -> Poll<T> {
        let new = waker.clone();
        let mut coming = lock(&self.0);
        if let Some(value) = coming.value.take() {
            return Poll::Ready(value);
        }
        let earlier = coming.waker.replace(new);
        drop(coming);
        drop(earlier);
        Poll::Pending
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
