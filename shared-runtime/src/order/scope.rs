//! What the code of one scope has done without waiting for it: a thread outside of methods, or a method while it runs.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::mem::ManuallyDrop;
use std::num::NonZeroU64;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::earlier::{Earlier, ObjectKey, TimedOut};
use crate::message::After;
use crate::os::Deadline;

/// What the code that runs on this thread has done without waiting for it. A method has a scope of its own: the server's threads run
/// the methods of many callers, which are nothing to each other.
#[derive(Default)]
struct Scope {
    /// Never used again in this process; none before it is needed.
    number: Option<NonZeroU64>,
    /// The calls on each object that a later one may have to wait for.
    last: BTreeMap<ObjectKey, Last>,
    /// With so many entries, those that have run are looked for.
    tidy_at: usize,
}

/// In the order in which they were made. A one-way call ends when all others have; a started one may be given up before, or not be sent.
#[derive(Default)]
struct Last {
    calls: Vec<Arc<dyn Earlier>>,
    /// With so many, those that are over are looked for.
    tidy_at: usize,
}

impl Last {
    fn push(&mut self, call: Arc<dyn Earlier>) {
        if call.is_last_to_end() {
            self.calls.clear();
        } else if self.calls.len() >= self.tidy_at {
            self.calls.retain(|call| !call.is_over());
            self.tidy_at = TIDY_FROM.max(2 * self.calls.len());
        }
        self.calls.push(call);
    }

    fn is_over(&self) -> bool {
        self.calls.iter().all(|call| call.is_over())
    }
}

thread_local! {
    /// None before it is needed: most code never does anything that it does not wait for.
    static SCOPE: RefCell<Option<Box<Scope>>> = const { RefCell::new(None) };
}

/// Runs a method in a scope of its own.
#[inline]
pub(crate) fn scoped<R>(method: impl FnOnce() -> R) -> R {
    // Where the thread has none any more, none is put back.
    let outer = SCOPE.try_with(RefCell::take).ok().flatten();
    let _restore = Restore(ManuallyDrop::new(outer));
    method()
}

/// Puts the outer scope back, also after a panic. Most often there is none, and nothing to be dropped by hand.
struct Restore(ManuallyDrop<Option<Box<Scope>>>);

impl Drop for Restore {
    #[inline]
    fn drop(&mut self) {
        let inner = SCOPE.try_with(|scope| scope.replace(self.0.take()));
        if let Ok(Some(inner)) = inner {
            drop(inner);
        }
    }
}

/// So many entries are kept before those that have run are looked for, and then twice those that had not.
const TIDY_FROM: usize = 64;

/// Notes a call of this scope that is not waited for.
pub(crate) fn note(object: ObjectKey, call: Arc<dyn Earlier>) {
    // In a destructor of a thread that ends nothing of it comes later.
    let _ = SCOPE.try_with(|scope| {
        let mut scope = scope.borrow_mut();
        let scope = scope.get_or_insert_default();
        if scope.last.len() >= scope.tidy_at.max(TIDY_FROM) {
            scope.last.retain(|_, last| !last.is_over());
            scope.tidy_at = 2 * scope.last.len();
        }
        scope.last.entry(object).or_default().push(call);
    });
}

/// What of this scope a new call on an object comes after.
pub(crate) enum Before {
    Nothing,
    /// Nothing else.
    One(Arc<dyn Earlier>),
    Several,
}

/// What of this scope a new call on `object` comes after; the last of it may be over.
pub(crate) fn before(object: ObjectKey) -> Before {
    let before = SCOPE.try_with(|scope| {
        let mut scope = scope.borrow_mut();
        let last = scope.as_mut()?.last.get_mut(&object)?;
        if last.calls.len() > 1 {
            // The newest first: with many under way, two of these are enough to know.
            let newest = last.calls.iter().rev();
            if newest.filter(|call| !call.is_over()).nth(1).is_some() {
                return Some(Before::Several);
            }
            last.calls.retain(|call| !call.is_over());
        }
        match last.calls.as_slice() {
            [] => None,
            [one] => Some(Before::One(Arc::clone(one))),
            _ => Some(Before::Several),
        }
    });
    before.ok().flatten().unwrap_or(Before::Nothing)
}

/// What a call of the lane on `object` says that is made now.
pub(crate) fn after(object: ObjectKey) -> Option<After> {
    let after = SCOPE.try_with(|scope| {
        let scope = scope.borrow();
        let last = scope.as_ref()?.last.get(&object)?;
        last.calls.iter().find_map(|call| call.after())
    });
    after.ok().flatten()
}

/// Whether this scope has done nothing that it did not wait for.
#[inline]
pub(crate) fn is_empty() -> bool {
    SCOPE
        .try_with(|scope| {
            scope
                .borrow()
                .as_ref()
                .is_none_or(|scope| scope.last.is_empty())
        })
        .unwrap_or(true)
}

/// Waits until what this scope did to `object` is over.
pub(crate) fn wait_for_own(object: ObjectKey, deadline: Deadline) -> Result<(), TimedOut> {
    let calls = noted(object);
    if calls.is_empty() {
        return Ok(());
    }
    for call in calls {
        call.wait_until_over(deadline)?;
    }
    let _ = SCOPE.try_with(|scope| {
        let mut scope = scope.borrow_mut();
        scope.as_mut().map(|scope| scope.last.remove(&object))
    });
    Ok(())
}

/// Waits until what this scope did to `object` is on its way.
pub(crate) fn wait_until_own_is_sent(
    object: ObjectKey,
    deadline: Deadline,
) -> Result<(), TimedOut> {
    let mut calls = noted(object).into_iter();
    calls.try_for_each(|call| call.wait_until_sent(deadline))
}

fn noted(object: ObjectKey) -> Vec<Arc<dyn Earlier>> {
    let calls = SCOPE.try_with(|scope| {
        let scope = scope.borrow();
        let last = scope.as_ref()?.last.get(&object)?;
        Some(last.calls.clone())
    });
    calls.ok().flatten().unwrap_or_default()
}

/// The number of this scope.
pub(crate) fn scope_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    let next = || NonZeroU64::new(NEXT.fetch_add(1, Ordering::Relaxed)).unwrap_or(NonZeroU64::MAX);
    let own = SCOPE.try_with(|scope| {
        let mut scope = scope.borrow_mut();
        *scope
            .get_or_insert_default()
            .number
            .get_or_insert_with(next)
    });
    // A thread whose scope is gone already makes each call a line of its own.
    own.unwrap_or_else(|_| next()).get()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::super::outstanding::{OneWay, Outstanding};
    use super::*;
    use crate::address::ServerId;

    fn soon() -> Deadline {
        Deadline::after(Some(Duration::from_millis(5)))
    }

    fn object(number: u64) -> ObjectKey {
        (ServerId::random(), number)
    }

    fn one_way(among: &Arc<Outstanding>) -> Arc<OneWay> {
        Arc::new(OneWay {
            among: Arc::clone(among),
            number: among.begin(Box::new(()), false, Deadline::NEVER).unwrap(),
        })
    }

    #[test]
    fn what_comes_after_many_looks_at_few_of_them() {
        let looks = Arc::new(AtomicU64::new(0));
        let it = object(1);
        for n in 0..1000 {
            assert_eq!(matches!(before(it), Before::Several), n > 1);
            note(it, watched(&looks, false));
        }
        assert!(looks.load(Ordering::Relaxed) < 10_000);
    }

    #[test]
    fn a_thread_waits_for_its_own_calls_on_that_object_alone() {
        let calls = Outstanding::new();
        let (it, other) = (object(1), object(2));
        let call = one_way(&calls);
        let number = call.number;
        note(it, call);
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
        note(it, one_way(&calls));
        scoped(|| {
            assert_eq!(wait_for_own(it, Deadline::NEVER), Ok(()));
            assert_ne!(scope_number(), outside);
            note(it, one_way(&calls));
        });
        assert_eq!(scope_number(), outside);
        calls.end(&[2]);
        assert_eq!(
            wait_for_own(it, soon()),
            Err(TimedOut),
            "the first is its own"
        );
    }

    /// Ends at a deadline of its own.
    struct Hasty(Arc<OneWay>);

    impl Earlier for Hasty {
        fn wait_until_sent(&self, _deadline: Deadline) -> Result<(), TimedOut> {
            Ok(())
        }
        fn wait_until_over(&self, deadline: Deadline) -> Result<(), TimedOut> {
            self.0.wait_until_over(deadline)
        }
        fn is_over(&self) -> bool {
            self.0.is_over()
        }
        fn is_last_to_end(&self) -> bool {
            false
        }
    }

    #[test]
    fn a_call_that_gave_up_hides_no_earlier_one() {
        let calls = Outstanding::new();
        let it = object(1);
        let (first, hasty) = (one_way(&calls), one_way(&calls));
        note(it, first.clone());
        for _ in 0..3 * TIDY_FROM {
            note(it, Arc::new(Hasty(hasty.clone())));
        }
        calls.end(&[hasty.number]);
        assert_eq!(wait_for_own(it, soon()), Err(TimedOut));
        calls.end(&[first.number]);
        assert_eq!(wait_for_own(it, Deadline::NEVER), Ok(()));
    }

    /// Never ends, and counts how often it is looked at.
    struct Watched {
        looks: Arc<AtomicU64>,
        is_last_to_end: bool,
    }

    fn watched(looks: &Arc<AtomicU64>, is_last_to_end: bool) -> Arc<Watched> {
        Arc::new(Watched {
            looks: Arc::clone(looks),
            is_last_to_end,
        })
    }

    impl Earlier for Watched {
        fn wait_until_sent(&self, _deadline: Deadline) -> Result<(), TimedOut> {
            Ok(())
        }
        fn wait_until_over(&self, _deadline: Deadline) -> Result<(), TimedOut> {
            Err(TimedOut)
        }
        fn is_over(&self) -> bool {
            self.looks.fetch_add(1, Ordering::Relaxed);
            false
        }
        fn is_last_to_end(&self) -> bool {
            self.is_last_to_end
        }
    }

    #[test]
    fn calls_on_many_objects_are_not_all_looked_at_each_time() {
        let looks = Arc::new(AtomicU64::new(0));
        let server = ServerId::random();
        let calls = 100 * TIDY_FROM as u64;
        for n in 0..calls {
            note((server, n), watched(&looks, true));
        }
        let looks = looks.load(Ordering::Relaxed);
        assert!(looks < 2 * calls, "{looks} looks for {calls} calls");
    }
}
