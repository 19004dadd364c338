//! How far a pool has come.

use serde::{Deserialize, Serialize};

/// How far a pool has come: what [`Pool::progress`](super::Pool::progress) tells, for a progress bar.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Progress {
    /// The jobs the pool has been given so far.
    pub submitted: u64,
    /// Those that run now.
    pub running: u64,
    /// Those that have ended, in whichever way.
    pub done: u64,
    /// Those of `done` that ended by an error, a panic, or with their process.
    pub failed: u64,
}

impl Progress {
    /// Those that wait for a worker.
    #[must_use]
    pub fn waiting(&self) -> u64 {
        self.submitted.saturating_sub(self.running + self.done)
    }
}
