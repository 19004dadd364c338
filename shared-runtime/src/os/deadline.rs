//! A point in time after which nobody waits any more, or never.

use std::sync::{Condvar, LazyLock, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Deadline(Option<Instant>);

impl Deadline {
    pub(crate) const NEVER: Self = Self(None);

    /// `None`, and a duration too long for the clock, are never.
    pub(crate) fn after(duration: Option<Duration>) -> Self {
        Self(duration.and_then(|duration| Instant::now().checked_add(duration)))
    }

    /// `None`: never. Zero: passed.
    pub(crate) fn remaining(self) -> Option<Duration> {
        self.0
            .map(|at| at.saturating_duration_since(Instant::now()))
    }

    /// One that has passed, without a look at the clock.
    pub(crate) fn now() -> Self {
        static BEFORE: LazyLock<Instant> = LazyLock::new(Instant::now);
        Self(Some(*BEFORE))
    }

    /// `None`: never.
    pub(crate) fn until(at: Option<Instant>) -> Self {
        Self(at)
    }

    /// `None`: never.
    pub(crate) fn at(self) -> Option<Instant> {
        self.0
    }

    pub(crate) fn passed(self) -> bool {
        self.remaining().is_some_and(|left| left.is_zero())
    }

    /// Waits until `changed` is notified or this has passed; which of the two, the caller looks for.
    pub(crate) fn wait_on<'a, T>(
        self,
        changed: &Condvar,
        guard: MutexGuard<'a, T>,
    ) -> MutexGuard<'a, T> {
        match self.remaining() {
            Some(left) => {
                let waited = changed.wait_timeout(guard, left);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
            None => changed.wait(guard).unwrap_or_else(PoisonError::into_inner),
        }
    }

    pub(crate) fn earlier(self, other: Self) -> Self {
        match (self.0, other.0) {
            (Some(a), Some(b)) => Self(Some(a.min(b))),
            (a, b) => Self(a.or(b)),
        }
    }
}
