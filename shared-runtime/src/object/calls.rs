//! The calls that run in this process right now: for `inspect`, for the name of a lock's holder, and to let a server
//! finish before it ends.

use std::marker::PhantomData;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::Duration;

use super::caller::Caller;
use super::lock::Access;
use super::record::{self, MethodName, Noted, Place, Record};
use crate::os::{Deadline, Moment};

/// The calls of this process.
pub(crate) static CALLS: Calls = Calls {
    awaited: AtomicBool::new(false),
    waiting: Mutex::new(()),
    over: Condvar::new(),
};

/// Who waits for the calls to end. The calls themselves are in the records of their threads.
#[derive(Debug)]
pub(crate) struct Calls {
    /// Whether anybody does: waking nobody costs a system call all the same.
    awaited: AtomicBool,
    waiting: Mutex<()>,
    over: Condvar,
}

/// How long a wait goes on without a look of its own. A call that ends looks for those who wait with no fence, which each call would have
/// to pay for, and may just not have seen them.
const LOOK_AGAIN: Duration = Duration::from_millis(1);

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct RunningCall {
    pub(crate) object: Option<u64>,
    pub(crate) method: MethodName,
    pub(crate) caller: Arc<Caller>,
    pub(crate) since: Moment,
    /// How it holds the object's lock, once it does.
    pub(crate) holds: Option<Access>,
}

impl RunningCall {
    /// `None` if its caller is gone, and so the call over.
    fn of(noted: Noted) -> Option<Self> {
        Some(Self {
            object: noted.object,
            method: noted.method,
            caller: Caller::of(noted.caller)?,
            since: noted.since,
            holds: noted.holds,
        })
    }
}

#[expect(
    clippy::unused_self,
    reason = "the calls of this process are one thing, wherever they are noted"
)]
impl Calls {
    /// Notes a call, inside of those that this thread has noted and not ended; the note goes with the returned value.
    #[inline]
    pub(crate) fn begin(&self, object: Option<u64>, method: MethodName, caller: &Caller) -> Call {
        let (record, lent) = own_or_lent();
        let place = record.push(&Noted {
            object,
            method,
            caller: caller.session,
            since: Moment::now(),
            holds: None,
        });
        Call {
            record,
            place,
            lent,
            of_this_thread: PhantomData,
        }
    }

    /// Notes that a call has arrived; it is over when the returned value goes, on whichever thread.
    #[inline]
    pub(crate) fn commit(&self) -> Committed {
        let (record, lent) = own_or_lent();
        record.begin();
        if lent {
            record::give_back(record);
        }
        Committed(record)
    }

    /// The longest first, as far as a clock of some milliseconds tells.
    pub(crate) fn list(&self) -> Vec<RunningCall> {
        let running = record::running().into_iter();
        running.filter_map(RunningCall::of).collect()
    }

    /// The calls that hold the lock of `object`, as people would name them.
    pub(crate) fn holders(&self, object: u64) -> Vec<String> {
        let running = self.list().into_iter();
        running
            .filter(|call| call.object == Some(object) && call.holds.is_some())
            .map(|call| format!("{} called by {}", call.method, call.caller.label))
            .collect()
    }

    /// Waits until every call that has arrived is over, or the deadline passes.
    pub(crate) fn wait_for_none(&self, deadline: Deadline) {
        self.awaited.store(true, Ordering::SeqCst);
        let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        while !record::nothing_under_way() && !deadline.passed() {
            let look_again = deadline.earlier(Deadline::after(Some(LOOK_AGAIN)));
            waiting = look_again.wait_on(&self.over, waiting);
        }
    }

    #[inline]
    fn one_is_over(&self) {
        if self.awaited.load(Ordering::Relaxed) {
            self.over.notify_all();
        }
    }
}

/// The record of this thread, or another one for a moment, which is to be given back: in a destructor of a thread-local that runs late.
#[inline]
fn own_or_lent() -> (&'static Record, bool) {
    match record::own() {
        Some(own) => (own, false),
        None => (record::take(), true),
    }
}

/// A call that is running. Ends on the thread it began on, before those that it is inside of.
#[derive(Debug)]
pub(crate) struct Call {
    record: &'static Record,
    place: &'static Place,
    lent: bool,
    of_this_thread: PhantomData<*const ()>,
}

impl Call {
    /// The call now holds its object's lock.
    #[inline]
    pub(crate) fn holds(&self, access: Access) {
        self.place.holds(access);
    }
}

impl Drop for Call {
    #[inline]
    fn drop(&mut self) {
        self.record.pop(self.place);
        if self.lent {
            record::give_back(self.record);
        }
        CALLS.one_is_over();
    }
}

/// A call that is not over.
#[derive(Debug)]
pub(crate) struct Committed(&'static Record);

impl Drop for Committed {
    #[inline]
    fn drop(&mut self) {
        match record::own() {
            Some(own) if std::ptr::eq(own, self.0) => own.end(),
            _ => self.0.end_elsewhere(),
        }
        CALLS.one_is_over();
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::sync::mpsc::{Receiver, Sender, channel};
    use std::thread;

    use super::*;
    use crate::program;

    fn this_process() -> &'static Arc<Caller> {
        Caller::this_process(program::label())
    }

    #[test]
    fn others_see_what_runs_and_what_it_holds() {
        let outer = CALLS.begin(Some(u64::MAX), MethodName("Type", "outer"), this_process());
        outer.holds(Access::Shared);
        let inner = CALLS.begin(None, MethodName("Type", "inner"), this_process());
        let listed = || {
            let list = thread::spawn(|| CALLS.list()).join().unwrap();
            let list = list.into_iter().filter(|call| call.method.0 == "Type");
            list.map(|call| (call.method.1, call.object, call.holds))
                .collect::<Vec<_>>()
        };
        let seen = ("outer", Some(u64::MAX), Some(Access::Shared));
        assert_eq!(listed(), [seen, ("inner", None, None)]);
        let holder = format!("Type::outer called by {}", program::label());
        assert_eq!(CALLS.holders(u64::MAX), [holder]);
        drop(inner);
        assert_eq!(listed(), [seen]);
        drop(outer);
        assert_eq!(listed(), []);
    }

    type PassedOn = (Committed, u32);

    /// Each ends on another thread, after it has begun the next one there: until the last there is no moment without any.
    #[test]
    fn calls_that_go_from_thread_to_thread_are_never_overlooked() {
        let last = Arc::new(AtomicBool::new(false));
        let pass_on = |from: Receiver<PassedOn>, to: Sender<PassedOn>| {
            let last = Arc::clone(&last);
            thread::spawn(move || {
                for (earlier, left) in from {
                    let later = CALLS.commit();
                    drop(earlier);
                    if left == 0 {
                        last.store(true, Ordering::SeqCst);
                        return;
                    }
                    // The other one has had the last.
                    let _ = to.send((later, left - 1));
                }
            })
        };
        let ((first, jobs), (next, back)) = (channel(), channel());
        first.send((CALLS.commit(), 20_000)).unwrap();
        let threads = [pass_on(jobs, next), pass_on(back, first)];
        while !last.load(Ordering::SeqCst) {
            let none = record::nothing_under_way();
            assert!(!none || last.load(Ordering::SeqCst));
        }
        for thread in threads {
            thread.join().unwrap();
        }
        CALLS.wait_for_none(Deadline::NEVER);
    }

    /// Calls when the record of its thread has gone.
    struct Late(RefCell<Option<Committed>>);

    impl Drop for Late {
        fn drop(&mut self) {
            assert!(record::own().is_none());
            drop(self.0.take());
            drop(CALLS.commit());
            let _outer = CALLS.begin(Some(1), MethodName("Late", "outer"), this_process());
            let _inner = CALLS.begin(Some(1), MethodName("Late", "inner"), this_process());
            assert!(CALLS.list().iter().any(|call| call.method.1 == "inner"));
        }
    }

    #[test]
    fn a_late_destructor_may_call() {
        thread_local! {
            static LATE: Late = const { Late(RefCell::new(None)) };
        }
        thread::spawn(|| {
            // Before the record: so it is dropped after it.
            LATE.with(|late| late.0.borrow_mut().take());
            LATE.with(|late| *late.0.borrow_mut() = Some(CALLS.commit()));
        })
        .join()
        .unwrap();
        assert!(!CALLS.list().iter().any(|call| call.method.0 == "Late"));
        CALLS.wait_for_none(Deadline::NEVER);
    }
}
