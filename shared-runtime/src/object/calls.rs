//! The calls that run in this process right now: for `inspect`, for the name of a lock's holder, and to let a server
//! finish before it ends.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::caller::Caller;
use super::lock::Access;
use crate::os::Deadline;

/// The calls of this process.
pub(crate) static CALLS: Calls = Calls {
    state: Mutex::new(State {
        last: 0,
        running: BTreeMap::new(),
        committed: 0,
        awaited: false,
    }),
    over: Condvar::new(),
};

#[derive(Debug)]
pub(crate) struct Calls {
    state: Mutex<State>,
    over: Condvar,
}

#[derive(Debug)]
struct State {
    last: u64,
    running: BTreeMap<u64, RunningCall>,
    /// The calls that have arrived and are not over: those that run, those whose answer is being sent, and one-way calls in a
    /// queue.
    committed: usize,
    /// Whether anybody waits for the calls to end: waking nobody costs a system call all the same.
    awaited: bool,
}

/// `crate::Type` and `method`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct MethodName(pub(crate) &'static str, pub(crate) &'static str);

impl fmt::Display for MethodName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.0, self.1)
    }
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct RunningCall {
    pub(crate) object: Option<u64>,
    pub(crate) method: MethodName,
    pub(crate) caller: Arc<Caller>,
    pub(crate) since: Instant,
    /// How it holds the object's lock, once it does.
    pub(crate) holds: Option<Access>,
}

impl Calls {
    /// Notes a call; the entry goes with the returned value.
    pub(crate) fn begin(
        &self,
        object: Option<u64>,
        method: MethodName,
        caller: &Arc<Caller>,
    ) -> Call {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        let call = RunningCall {
            object,
            method,
            caller: Arc::clone(caller),
            since: Instant::now(),
            holds: None,
        };
        state.running.insert(number, call);
        Call(number)
    }

    /// Notes that a call has arrived; it is over when the returned value goes.
    pub(crate) fn commit(&self) -> Committed {
        self.state().committed += 1;
        Committed(())
    }

    pub(crate) fn list(&self) -> Vec<RunningCall> {
        self.state().running.values().cloned().collect()
    }

    /// The calls that hold the lock of `object`, as people would name them.
    pub(crate) fn holders(&self, object: u64) -> Vec<String> {
        let state = self.state();
        let holding = state
            .running
            .values()
            .filter(|call| call.object == Some(object) && call.holds.is_some());
        holding
            .map(|call| format!("{} called by {}", call.method, call.caller.label))
            .collect()
    }

    /// Waits until every call that has arrived is over, or the deadline passes.
    pub(crate) fn wait_for_none(&self, deadline: Deadline) {
        let mut state = self.state();
        state.awaited = true;
        while (state.committed > 0 || !state.running.is_empty()) && !deadline.passed() {
            state = deadline.wait_on(&self.over, state);
        }
    }

    fn end(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if state.awaited {
            self.over.notify_all();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A call that is running.
#[derive(Debug)]
pub(crate) struct Call(u64);

impl Call {
    /// The call now holds its object's lock.
    pub(crate) fn holds(&self, access: Access) {
        if let Some(call) = CALLS.state().running.get_mut(&self.0) {
            call.holds = Some(access);
        }
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        CALLS.end(|state| drop(state.running.remove(&self.0)));
    }
}

/// A call that is not over.
#[derive(Debug)]
pub(crate) struct Committed(());

impl Drop for Committed {
    fn drop(&mut self) {
        CALLS.end(|state| state.committed -= 1);
    }
}
