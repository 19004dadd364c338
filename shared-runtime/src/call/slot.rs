//! Where the answer of a call that is not waited for on the spot arrives, for a thread or a task to find it.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use crate::order::TimedOut;
use crate::os::Deadline;
use crate::panic::wake;

/// The place of one answer. It is given once; whatever comes later is dropped.
pub(super) struct Slot<A> {
    state: Mutex<State<A>>,
    changed: Condvar,
}

struct State<A> {
    answer: Option<A>,
    over: bool,
    sent: bool,
    /// Nobody wants it any more.
    abandoned: bool,
    waker: Option<Waker>,
    /// How many threads wait: to wake nobody takes a system call, too.
    sleepers: usize,
}

impl<A> Default for Slot<A> {
    fn default() -> Self {
        let state = State {
            answer: None,
            over: false,
            sent: false,
            abandoned: false,
            waker: None,
            sleepers: 0,
        };
        Self {
            state: Mutex::new(state),
            changed: Condvar::new(),
        }
    }
}

impl<A> Slot<A> {
    /// Gives the answer, unless there is one. `answer` hears whether the call was sent.
    pub(super) fn fill(&self, answer: impl FnOnce(bool) -> A) {
        let mut state = self.state();
        if state.over {
            return;
        }
        let answer = answer(state.sent);
        state.over = true;
        let waker = state.waker.take();
        let unwanted = if state.abandoned {
            Some(answer)
        } else {
            state.answer = Some(answer);
            None
        };
        self.wake(state);
        // After the lock: it may hold the last handle to an object.
        drop(unwanted);
        wake(waker);
    }

    /// The call is about to be sent: unless it is over, or nobody wants it and it need not be sent then.
    pub(super) fn commit(&self, even_unwanted: bool) -> bool {
        let mut state = self.state();
        if state.over || (state.abandoned && !even_unwanted) {
            return false;
        }
        state.sent = true;
        self.wake(state);
        true
    }

    /// Whether an answer would still be of use.
    pub(super) fn is_wanted(&self) -> bool {
        let state = self.state();
        !state.over && !state.abandoned
    }

    pub(super) fn is_sent(&self) -> bool {
        self.state().sent
    }

    pub(super) fn is_over(&self) -> bool {
        self.state().over
    }

    /// Nobody waits for the answer any more.
    pub(super) fn abandon(&self) {
        let mut state = self.state();
        state.abandoned = true;
        let left = (state.answer.take(), state.waker.take());
        drop(state);
        drop(left);
    }

    /// The answer, or `waker` is woken when it is there.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<A> {
        let mut state = self.state();
        if let Some(answer) = state.answer.take() {
            return Poll::Ready(answer);
        }
        let known = state.waker.as_ref();
        if known.is_some_and(|known| known.will_wake(context.waker())) {
            return Poll::Pending;
        }
        drop(state);
        // An executor's code, so outside of the lock.
        let waker = context.waker().clone();
        let mut state = self.state();
        if let Some(answer) = state.answer.take() {
            return Poll::Ready(answer);
        }
        let earlier = state.waker.replace(waker);
        drop(state);
        drop(earlier);
        Poll::Pending
    }

    /// Waits for the answer; `None` if the deadline passes first.
    pub(super) fn wait(&self, deadline: Deadline) -> Option<A> {
        let mut state = self.wait_while(deadline, |state| !state.over).ok()?;
        state.answer.take()
    }

    pub(super) fn wait_until_sent(&self, deadline: Deadline) -> Result<(), TimedOut> {
        self.wait_while(deadline, |state| !state.sent && !state.over)
            .map(drop)
    }

    pub(super) fn wait_until_over(&self, deadline: Deadline) -> Result<(), TimedOut> {
        self.wait_while(deadline, |state| !state.over).map(drop)
    }

    fn wait_while(
        &self,
        deadline: Deadline,
        unmet: impl Fn(&State<A>) -> bool,
    ) -> Result<MutexGuard<'_, State<A>>, TimedOut> {
        let mut state = self.state();
        while unmet(&state) {
            if deadline.passed() {
                return Err(TimedOut);
            }
            state.sleepers += 1;
            state = deadline.wait_on(&self.changed, state);
            state.sleepers -= 1;
        }
        Ok(state)
    }

    fn wake(&self, state: MutexGuard<'_, State<A>>) {
        let sleepers = state.sleepers;
        drop(state);
        if sleepers > 0 {
            self.changed.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State<A>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};
    use std::task::Wake;

    use super::*;

    #[derive(Default)]
    struct Count(AtomicU32);

    impl Wake for Count {
        fn wake(self: Arc<Self>) {
            self.0.fetch_add(1, Ordering::Relaxed);
        }
    }

    fn waker() -> (Arc<Count>, Waker) {
        let count = Arc::new(Count::default());
        (Arc::clone(&count), Waker::from(count))
    }

    #[test]
    fn the_first_answer_counts_and_wakes_who_polled_last() {
        let slot = Slot::default();
        let ((one, early), (other, late)) = (waker(), waker());
        assert!(slot.poll(&Context::from_waker(&early)).is_pending());
        assert!(slot.poll(&Context::from_waker(&late)).is_pending());
        slot.fill(|sent| (1, sent));
        slot.fill(|_| unreachable!("there is an answer"));
        let woken = [one, other].map(|count| count.0.load(Ordering::Relaxed));
        assert_eq!(woken, [0, 1]);
        let answer = slot.poll(&Context::from_waker(&late));
        assert_eq!(answer, Poll::Ready((1, false)));
    }

    #[test]
    fn what_is_over_or_unwanted_is_not_sent() {
        let over = Slot::default();
        over.fill(|_| ());
        assert!(!over.commit(true));
        let unwanted: Slot<()> = Slot::default();
        unwanted.abandon();
        assert!(!unwanted.commit(false));
        assert!(unwanted.commit(true) && unwanted.is_sent());
    }

    #[test]
    fn an_answer_that_nobody_wants_is_dropped() {
        let answer = Arc::new(());
        for before in [true, false] {
            let slot = Slot::default();
            if before {
                slot.abandon();
            }
            slot.fill(|_| Arc::clone(&answer));
            slot.abandon();
            assert!(slot.is_over());
            assert_eq!(Arc::strong_count(&answer), 1);
        }
    }

    #[test]
    fn a_waker_that_panics_ends_nothing() {
        struct Worse;
        impl Drop for Worse {
            fn drop(&mut self) {
                panic!("what was thrown panics, too");
            }
        }
        struct Bad;
        impl Wake for Bad {
            fn wake(self: Arc<Self>) {
                std::panic::panic_any(Worse);
            }
        }
        let slot = Slot::default();
        let waker = Waker::from(Arc::new(Bad));
        assert!(slot.poll(&Context::from_waker(&waker)).is_pending());
        slot.fill(|_| 7);
        assert_eq!(slot.wait(Deadline::NEVER), Some(7));
    }
}
