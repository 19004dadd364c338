//! The calls that run in this process right now: for `inspect`, for the name of a lock's holder, and to let a server
//! finish before it ends.

use std::collections::BTreeMap;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::lock::Access;
use crate::os::Deadline;

/// The calls of this process.
pub(crate) static CALLS: Calls = Calls {
    state: Mutex::new(State {
        last: 0,
        running: BTreeMap::new(),
        awaited: false,
    }),
    ended: Condvar::new(),
};

#[derive(Debug)]
pub(crate) struct Calls {
    state: Mutex<State>,
    ended: Condvar,
}

#[derive(Debug)]
struct State {
    last: u64,
    running: BTreeMap<u64, RunningCall>,
    /// Whether anybody waits for the calls to end: waking nobody costs a system call all the same.
    awaited: bool,
}

/// One call.
#[derive(Clone, Debug)]
pub(crate) struct RunningCall {
    pub(crate) object: Option<u64>,
    /// `crate::Type::method`.
    pub(crate) method: String,
    pub(crate) caller: String,
    pub(crate) since: Instant,
    /// How it holds the object's lock, once it does.
    pub(crate) holds: Option<Access>,
}

impl Calls {
    /// Notes a call; the entry goes with the returned value.
    pub(crate) fn begin(&self, object: Option<u64>, method: String, caller: &str) -> Call {
        let mut state = self.state();
        state.last += 1;
        let number = state.last;
        let call = RunningCall {
            object,
            method,
            caller: caller.to_owned(),
            since: Instant::now(),
            holds: None,
        };
        state.running.insert(number, call);
        Call(number)
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
            .map(|call| format!("{} called by {}", call.method, call.caller))
            .collect()
    }

    /// Waits until no call runs, or the deadline passes.
    pub(crate) fn wait_for_none(&self, deadline: Deadline) {
        let mut state = self.state();
        state.awaited = true;
        while !state.running.is_empty() && !deadline.passed() {
            state = match deadline.remaining() {
                Some(left) => {
                    self.ended
                        .wait_timeout(state, left)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self
                    .ended
                    .wait(state)
                    .unwrap_or_else(PoisonError::into_inner),
            };
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
        let mut state = CALLS.state();
        state.running.remove(&self.0);
        if state.awaited {
            CALLS.ended.notify_all();
        }
    }
}
