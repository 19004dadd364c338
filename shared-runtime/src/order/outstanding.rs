//! One-way calls that have not run yet.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use super::earlier::{Earlier, TimedOut};
use crate::message::MAX_UNDER_WAY;
use crate::os::Deadline;

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

/// A one-way call: sent before it is noted.
pub(crate) struct OneWay {
    pub(crate) among: Arc<Outstanding>,
    pub(crate) number: u64,
}

impl Earlier for OneWay {
    fn wait_until_sent(&self, _deadline: Deadline) -> Result<(), TimedOut> {
        Ok(())
    }

    fn wait_until_over(&self, deadline: Deadline) -> Result<(), TimedOut> {
        self.among.wait_for(self.number, deadline)
    }

    fn is_over(&self) -> bool {
        !self.among.has(self.number)
    }

    fn is_last_to_end(&self) -> bool {
        true
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
        let mut state = self.wait_while(deadline, |state| state.calls.len() >= MAX_UNDER_WAY)?;
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn soon() -> Deadline {
        Deadline::after(Some(Duration::from_millis(5)))
    }

    #[test]
    fn there_is_room_for_so_many_and_pins_go_with_the_call() {
        let calls = Outstanding::new();
        let pin = Arc::new(());
        for _ in 0..MAX_UNDER_WAY {
            calls
                .begin(Box::new(Arc::clone(&pin)), false, Deadline::NEVER)
                .unwrap();
        }
        assert_eq!(
            calls.begin(Box::new(()), false, soon()),
            Err(NotBegun::TimedOut)
        );
        calls.end(&[7]);
        assert_eq!(Arc::strong_count(&pin), MAX_UNDER_WAY);
        assert!(calls.begin(Box::new(()), false, soon()).is_ok());
        calls.end_all();
        assert_eq!(Arc::strong_count(&pin), 1);
        let late = calls.begin(Box::new(Arc::clone(&pin)), false, Deadline::NEVER);
        assert_eq!((late, Arc::strong_count(&pin)), (Err(NotBegun::Ended), 1));
        assert_eq!(calls.wait_for(8, Deadline::NEVER), Ok(()));
    }
}
