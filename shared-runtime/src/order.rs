//! One-way calls that have not run yet, and who must come after them: what one thread does to one object stays in order, also
//! where some of it is not waited for.

use std::any::Any;
use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::num::NonZeroU64;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use crate::address::ServerId;
use crate::message::MAX_ONE_WAY;
use crate::os::Deadline;

/// A server and one of its objects.
pub(crate) type ObjectKey = (ServerId, u64);

/// What a call keeps alive until it has run.
pub(crate) type Pins = Box<dyn Any + Send>;

/// The one-way calls to one server, by number.
pub(crate) struct Outstanding {
    state: Mutex<State>,
    fewer: Condvar,
}

#[derive(Default)]
struct State {
    last: u64,
    calls: BTreeMap<u64, Pins>,
    /// Those of them whose arguments name objects that the server has to ask others for, and has not yet.
    unheld: BTreeSet<u64>,
    /// Nobody will say of any that it has run.
    ended: bool,
}

/// The deadline passed first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct TimedOut;

/// Why there is no number for a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NotBegun {
    TimedOut,
    /// The server has ended.
    Ended,
}

impl From<TimedOut> for NotBegun {
    fn from(_: TimedOut) -> Self {
        Self::TimedOut
    }
}

impl Outstanding {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self {
            state: Mutex::default(),
            fewer: Condvar::new(),
        })
    }

    /// A number for one more, when there is room for it. `pins` are dropped when it has run. `unheld` says that the server has others to
    /// ask first.
    pub(crate) fn begin(
        &self,
        pins: Pins,
        unheld: bool,
        deadline: Deadline,
    ) -> Result<u64, NotBegun> {
        let mut state = self.wait_while(deadline, |state| state.calls.len() >= MAX_ONE_WAY)?;
        if state.ended {
            return Err(NotBegun::Ended);
        }
        state.last += 1;
        let number = state.last;
        state.calls.insert(number, pins);
        if unheld {
            state.unheld.insert(number);
        }
        Ok(number)
    }

    /// The server has all that these need.
    pub(crate) fn held(&self, numbers: &[u64]) {
        self.state().forget_unheld(numbers);
        self.fewer.notify_all();
    }

    /// These have run, or never will.
    pub(crate) fn end(&self, numbers: &[u64]) {
        let mut state = self.state();
        // Dropped after the lock: a pin may be the last handle to its object.
        let _pins: Vec<Pins> = numbers
            .iter()
            .filter_map(|number| state.calls.remove(number))
            .collect();
        state.forget_unheld(numbers);
        drop(state);
        self.fewer.notify_all();
    }

    /// The server has ended.
    pub(crate) fn end_all(&self) {
        let mut state = self.state();
        state.ended = true;
        let _pins = std::mem::take(&mut state.calls);
        drop(state);
        self.fewer.notify_all();
    }

    /// Waits until the call of this number has run.
    pub(crate) fn wait_for(&self, number: u64, deadline: Deadline) -> Result<(), TimedOut> {
        self.wait_while(deadline, |state| state.calls.contains_key(&number))
            .map(drop)
    }

    /// Waits until the server needs nothing of this process any more for any of them.
    pub(crate) fn wait_until_held(&self, deadline: Deadline) -> Result<(), TimedOut> {
        self.wait_while(deadline, |state| !state.unheld.is_empty())
            .map(drop)
    }

    fn has(&self, number: u64) -> bool {
        self.state().calls.contains_key(&number)
    }

    fn wait_while(
        &self,
        deadline: Deadline,
        unmet: impl Fn(&State) -> bool,
    ) -> Result<MutexGuard<'_, State>, TimedOut> {
        let mut state = self.state();
        while unmet(&state) && !state.ended {
            if deadline.passed() {
                return Err(TimedOut);
            }
            state = deadline.wait_on(&self.fewer, state);
        }
        Ok(state)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn forget_unheld(&mut self, numbers: &[u64]) {
        for number in numbers {
            self.unheld.remove(number);
        }
    }
}

impl fmt::Debug for Outstanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let state = self.state();
        f.debug_struct("Outstanding")
            .field("calls", &state.calls.len())
            .field("ended", &state.ended)
            .finish_non_exhaustive()
    }
}

/// What the code that runs on this thread has done one-way. A method has a scope of its own: the server's threads run the methods
/// of many callers, which are nothing to each other.
#[derive(Default)]
struct Scope {
    /// Never used again in this process; none before it is needed.
    number: Option<NonZeroU64>,
    /// The last one-way call on each object, as long as it may not have run.
    last: HashMap<ObjectKey, Last>,
}

struct Last {
    among: Arc<Outstanding>,
    number: u64,
}

thread_local! {
    static SCOPE: RefCell<Scope> = RefCell::default();
}

/// Runs a method in a scope of its own.
pub(crate) fn scoped<R>(method: impl FnOnce() -> R) -> R {
    let outer = SCOPE.try_with(RefCell::take).ok();
    let _restore = Restore(outer);
    method()
}

/// Puts the outer scope back, also after a panic.
struct Restore(Option<Scope>);

impl Drop for Restore {
    fn drop(&mut self) {
        if let Some(outer) = self.0.take() {
            let _inner = SCOPE.try_with(|scope| scope.replace(outer));
        }
    }
}

/// So many entries are kept before those that have run are looked for.
const TIDY_FROM: usize = 64;

/// Notes a one-way call of this scope.
pub(crate) fn note(object: ObjectKey, among: &Arc<Outstanding>, number: u64) {
    let last = Last {
        among: Arc::clone(among),
        number,
    };
    // In a destructor of a thread that ends nothing of it comes later.
    let _ = SCOPE.try_with(|scope| {
        let all = &mut scope.borrow_mut().last;
        if all.len() >= TIDY_FROM {
            all.retain(|_, last| last.among.has(last.number));
        }
        all.insert(object, last);
    });
}

/// Waits until the one-way calls of this scope on `object` have run.
pub(crate) fn wait_for_own(object: ObjectKey, deadline: Deadline) -> Result<(), TimedOut> {
    let last = SCOPE.try_with(|scope| {
        let all = &mut scope.borrow_mut().last;
        if all.is_empty() {
            None
        } else {
            all.remove(&object)
        }
    });
    let Ok(Some(last)) = last else { return Ok(()) };
    let waited = last.among.wait_for(last.number, deadline);
    if waited.is_err() {
        note(object, &last.among, last.number);
    }
    waited
}

/// The number of this scope.
pub(crate) fn scope_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = || NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX);
    let own = SCOPE.try_with(|scope| *scope.borrow_mut().number.get_or_insert_with(next));
    // A thread whose scope is gone already makes each call a line of its own.
    own.unwrap_or_else(|_| next()).get()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Some(Duration::from_millis(5)))
    }

    fn object(number: u64) -> ObjectKey {
        (ServerId::random(), number)
    }

    #[test]
    fn a_thread_waits_for_its_own_calls_on_that_object_alone() {
        let calls = Outstanding::new();
        let (it, other) = (object(1), object(2));
        let number = calls.begin(Box::new(()), false, Deadline::NEVER).unwrap();
        note(it, &calls, number);
        assert_eq!(wait_for_own(it, soon()), Err(TimedOut));
        assert_eq!(
            wait_for_own(it, soon()),
            Err(TimedOut),
            "it is not forgotten"
        );
        assert_eq!(wait_for_own(other, Deadline::NEVER), Ok(()));
        std::thread::scope(|scope| {
            scope.spawn(|| assert_eq!(wait_for_own(it, Deadline::NEVER), Ok(())));
        });
        calls.end(&[number]);
        assert_eq!(wait_for_own(it, Deadline::NEVER), Ok(()));
    }

    #[test]
    fn a_method_knows_nothing_of_what_its_thread_did_before() {
        let calls = Outstanding::new();
        let it = object(1);
        let outside = scope_number();
        note(
            it,
            &calls,
            calls.begin(Box::new(()), false, Deadline::NEVER).unwrap(),
        );
        scoped(|| {
            assert_eq!(wait_for_own(it, Deadline::NEVER), Ok(()));
            assert_ne!(scope_number(), outside);
            note(
                it,
                &calls,
                calls.begin(Box::new(()), false, Deadline::NEVER).unwrap(),
            );
        });
        assert_eq!(scope_number(), outside);
        calls.end(&[2]);
        assert_eq!(
            wait_for_own(it, soon()),
            Err(TimedOut),
            "the first is its own"
        );
    }

    #[test]
    fn there_is_room_for_so_many_and_pins_go_with_the_call() {
        let calls = Outstanding::new();
        let pin = Arc::new(());
        for _ in 0..MAX_ONE_WAY {
            calls
                .begin(Box::new(Arc::clone(&pin)), false, Deadline::NEVER)
                .unwrap();
        }
        assert_eq!(
            calls.begin(Box::new(()), false, soon()),
            Err(NotBegun::TimedOut)
        );
        calls.end(&[7]);
        assert_eq!(Arc::strong_count(&pin), MAX_ONE_WAY);
        assert!(calls.begin(Box::new(()), false, soon()).is_ok());
        calls.end_all();
        assert_eq!(Arc::strong_count(&pin), 1);
        let late = calls.begin(Box::new(Arc::clone(&pin)), false, Deadline::NEVER);
        assert_eq!((late, Arc::strong_count(&pin)), (Err(NotBegun::Ended), 1));
        assert_eq!(calls.wait_for(8, Deadline::NEVER), Ok(()));
    }
}
