//! Calls whose answer comes later: [`Pending`], which has been sent, and [`Awaiting`], which is sent when it is first polled.

use std::fmt;
use std::future::{Future, IntoFuture};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use super::answer::Answer;
use super::in_pipe::InPipe;
use super::started::{Kind, Started};
use super::target::Target;
use super::value::{Call, Open};
use crate::error::Error;
use crate::handle::Parcel;
use crate::interface::Interface;

/// A call that has been sent and whose answer has not been fetched yet: what [`Call::start`] returns.
///
/// It can be waited for by a thread, or awaited by a task of any executor. Dropping it abandons the answer: the method runs all the same,
/// and handles in its answer are given back.
///
/// ```
/// use shared_runtime::{Shared, shared};
///
/// struct Adder(u64);
///
/// #[shared]
/// impl Adder {
///     pub fn add(&mut self, n: u64) -> u64 { self.0 += n; self.0 }
/// }
///
/// let adder = Shared::new(Adder(0));
/// let sums: Vec<_> = (1..=3).map(|n| Shared::calls(&adder).add(n).start()).collect();
/// let sums: Result<Vec<u64>, _> = sums.into_iter().map(|sum| sum.wait()).collect();
/// assert_eq!(sums?, [1, 3, 6]);
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[must_use = "the answer of a started call is to be waited for; `detach` is for calls without one"]
pub struct Pending<O> {
    /// `None` once the answer has been fetched.
    call: Option<Way>,
    interface: &'static Interface,
    method: u32,
    open: Open<O>,
}

/// How a call went.
enum Way {
    InPipe(InPipe),
    Apart(Arc<Started>),
}

impl Way {
    #[inline]
    fn go(target: &Target, method: u32, arguments: Result<Parcel, Error>, kind: Kind) -> Self {
        let arguments = match (kind, arguments) {
            (Kind::InOrder, Ok(arguments)) => match InPipe::start(target, method, arguments) {
                Ok(call) => return Self::InPipe(call),
                Err(arguments) => Ok(arguments),
            },
            (_, arguments) => arguments,
        };
        Self::Apart(Started::start(target, method, arguments, kind))
    }

    #[inline]
    fn wait(&self) -> Result<Answer, Error> {
        match self {
            Self::InPipe(call) => call.wait(),
            Self::Apart(call) => call.wait(),
        }
    }

    fn poll(&self, context: &Context<'_>) -> Poll<Result<Answer, Error>> {
        match self {
            Self::InPipe(call) => call.poll(context),
            Self::Apart(call) => call.poll(context),
        }
    }

    fn is_over(&self) -> bool {
        match self {
            Self::InPipe(call) => call.is_over(),
            Self::Apart(call) => call.is_over(),
        }
    }

    fn give_up(&self) {
        match self {
            Self::InPipe(call) => call.give_up(),
            Self::Apart(call) => call.give_up(),
        }
    }
}

impl<O> Pending<O> {
    fn of(call: Call<O>, kind: Kind) -> Self {
        let Call {
            target,
            method,
            arguments,
            open,
        } = call;
        Self {
            interface: target.interface(),
            call: Some(Way::go(&target, method, arguments, kind)),
            method,
            open,
        }
    }

    /// Waits for the answer, at most until the deadline that the call had when it was started.
    ///
    /// # Panics
    ///
    /// If the answer has been fetched already, by polling.
    pub fn wait(mut self) -> O {
        let call = self.call.take();
        let call = call.expect("the answer of a call is fetched once");
        (self.open)(self.interface, self.method, call.wait())
    }

    /// Whether the answer has come, or it is certain that none will: [`wait`](Pending::wait) returns at once then.
    #[must_use]
    pub fn is_finished(&self) -> bool {
        self.call.as_ref().is_none_or(Way::is_over)
    }
}

impl<O> Future for Pending<O> {
    type Output = O;

    /// # Panics
    ///
    /// If it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<O> {
        let call = self.call.as_ref();
        let call = call.expect("the answer of a call is fetched once");
        let Poll::Ready(answer) = call.poll(context) else {
            return Poll::Pending;
        };
        self.call = None;
        Poll::Ready((self.open)(self.interface, self.method, answer))
    }
}

impl<O> Drop for Pending<O> {
    fn drop(&mut self) {
        if let Some(call) = &self.call {
            call.give_up();
        }
    }
}

impl<O> fmt::Debug for Pending<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pending")
            .field("object", &(self.interface.name)())
            .field("method", &self.method)
            .field("finished", &self.is_finished())
            .finish_non_exhaustive()
    }
}

/// A call that is made when it is first polled: what `.await` turns a [`Call`] into.
///
/// It needs no particular executor. Dropping it abandons the answer; dropped before it was sent, the call is never made.
#[must_use = "a call does nothing until it is awaited"]
pub struct Awaiting<O>(State<O>);

enum State<O> {
    Made(Call<O>),
    Sent(Pending<O>),
    Answered,
}

impl<O> IntoFuture for Call<O> {
    type Output = O;
    type IntoFuture = Awaiting<O>;

    /// The call as a future, which `.await` asks for. Nothing happens before it is polled. Awaited calls have no order among themselves or
    /// with others: what is to come after one awaits it first. The server runs [`async_workers`](crate::ServerBuilder::async_workers) of
    /// them at one time.
    fn into_future(self) -> Awaiting<O> {
        Awaiting(State::Made(self))
    }
}

impl<O> Call<O> {
    /// Makes the call and returns at once; its answer is fetched later, or awaited. Many calls can be on their way at the same time, and
    /// need one thread.
    ///
    /// The started, plain and one-way calls of one thread on one object keep their order: the next plain call waits for this one.
    /// Behind 1,024 of them without an answer, further ones go another way, which 1,024 to one server may go at one time; the rest wait in this
    /// process.
    ///
    /// What is wrong with the call is said with the answer, and so is that its `.timeout(…)` has passed.
    pub fn start(self) -> Pending<O> {
        Pending::of(self, Kind::InOrder)
    }
}

impl<O> Future for Awaiting<O> {
    type Output = O;

    /// # Panics
    ///
    /// If it is polled again after it was ready.
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<O> {
        let mut pending = match std::mem::replace(&mut self.0, State::Answered) {
            State::Made(call) => Pending::of(call, Kind::Beside),
            State::Sent(pending) => pending,
            State::Answered => panic!("the answer of a call is fetched once"),
        };
        let polled = Pin::new(&mut pending).poll(context);
        if polled.is_pending() {
            self.0 = State::Sent(pending);
        }
        polled
    }
}

impl<O> fmt::Debug for Awaiting<O> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            State::Made(call) => f.debug_tuple("Awaiting").field(call).finish(),
            State::Sent(pending) => f.debug_tuple("Awaiting").field(pending).finish(),
            State::Answered => f.write_str("Awaiting(answered)"),
        }
    }
}
