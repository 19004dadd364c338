//! A call as a value: made, but not yet sent.

use std::fmt;
use std::time::Duration;

use serde::Serialize;

use super::answer::{Answer, returned};
use super::output::{OfTrait, Output};
use super::target::Target;
use super::{deliver, one_way};
use crate::error::Error;
use crate::handle::Parcel;
use crate::interface::{Interface, Reply, TraitError};

/// A call that has not been made yet, with its arguments already encoded: what the methods of
/// [`Shared::calls`](crate::Shared::calls) return. `O` is what the proxy's method of that name returns.
///
/// It is made in one of four ways: [`wait`](Call::wait) keeps this thread, `.await` keeps this task, [`start`](Call::start) leaves the
/// answer for later, and [`detach`](Call::detach) leaves it altogether.
///
/// ```
/// use std::time::Duration;
/// use shared_runtime::{Shared, shared};
///
/// struct Journal(Vec<String>);
///
/// #[shared]
/// impl Journal {
///     pub fn write(&mut self, line: &str) { self.0.push(line.to_owned()); }
///     pub fn len(&self) -> usize { self.0.len() }
/// }
///
/// let journal = Shared::new(Journal(Vec::new()));
/// Shared::calls(&journal).write("first").detach()?; // nobody waits for this one
/// let length = Shared::calls(&journal).len().timeout(Duration::from_secs(5)).wait()?;
/// assert_eq!(length, 1); // calls of one thread on one object keep their order
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[must_use = "a call does nothing until it is waited for, awaited, started or detached"]
pub struct Call<O> {
    pub(super) target: Target,
    pub(super) method: u32,
    pub(super) arguments: Result<Parcel, Error>,
    pub(super) open: Open<O>,
}

/// What the answer to a call becomes.
pub(super) type Open<O> = fn(&Interface, u32, Result<Answer, Error>) -> O;

/// Encodes the arguments of a call; what is wrong with them is said when it is made.
pub fn prepare<A: Serialize + ?Sized, O: Output<Returned = O>>(
    target: &Target,
    method: u32,
    arguments: &A,
) -> Call<O> {
    Call::new::<A, O>(target, method, arguments)
}

/// The same for a trait's method, which returns its own `Result`.
pub fn prepare_of_trait<A: Serialize + ?Sized, T: Reply, E: TraitError>(
    target: &Target,
    method: u32,
    arguments: &A,
) -> Call<Result<T, E>> {
    Call::new::<A, OfTrait<T, E>>(target, method, arguments)
}

impl<O> Call<O> {
    fn new<A: Serialize + ?Sized, W: Output<Returned = O>>(
        target: &Target,
        method: u32,
        arguments: &A,
    ) -> Self {
        Self {
            target: target.clone(),
            method,
            arguments: deliver::packed(target, method, arguments),
            open: returned::<W>,
        }
    }

    /// How long the call may take from when it is made: when it is waited for or started, or first polled. For
    /// [`detach`](Call::detach), how long it may take until the server has it.
    pub fn timeout(self, timeout: Duration) -> Self {
        Self {
            target: self.target.with_timeout(timeout),
            ..self
        }
    }

    /// Makes the call and waits for its answer, as the proxy's method does.
    pub fn wait(self) -> O {
        let answer = deliver::answer(&self.target, self.method, self.arguments);
        (self.open)(self.target.interface(), self.method, answer)
    }

    /// Makes the call one-way: returns when it is on its way, and nobody learns what becomes of it.
    ///
    /// It runs even if all handles are dropped right afterwards, or this process ends; it is lost only with its server.
    /// The calls of one thread on one object keep their order, one-way or not: the next plain call waits for this one. One-way
    /// calls to different objects, and those of different threads, may run at the same time. A one-way call is not part of the
    /// chain of calls it was made from: it waits for the locks of that chain, and is never `Reentrant`.
    ///
    /// With 1,024 of them that have not run yet, the next waits for room.
    ///
    /// # Errors
    ///
    /// `Encode`, `TooLarge`, `Disconnected`; `Timeout` if there was no room in time. The method does not run then.
    pub fn detach(self) -> Result<(), Error> {
        let Self {
            target,
            method,
            arguments,
            ..
        } = self;
        arguments
            .and_then(|arguments| one_way::detach(&target, method, arguments))
            .map_err(|error| target.name_in(error, method))
    }
}

impl<O> fmt::Debug for Call<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("target", &self.target)
            .field("method", &self.method)
            .finish_non_exhaustive()
    }
}
