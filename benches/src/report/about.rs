//! What figures were made under: the machine, the versions, who was not there.

use std::collections::BTreeMap;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::contenders::Invited;
use crate::machine::{Machine, load, version};
use crate::measure::clock_cost;

/// More threads than this want a CPU of a machine that is left alone, hardly ever.
const QUIET_LOAD: f64 = 0.3;

/// What figures are made under.
#[derive(Debug, Serialize)]
pub(crate) struct About {
    pub(super) mode: &'static str,
    /// Seconds since 1970.
    pub(super) begun: u64,
    pub(super) machine: Machine,
    pub(super) versions: BTreeMap<String, String>,
    pub(super) skipped: BTreeMap<&'static str, String>,
    /// What reading the clock costs, in nanoseconds; nothing is subtracted for it.
    pub(super) clock_ns: f64,
    /// How many threads of anybody wanted a CPU when the run began.
    pub(super) load: f64,
}

impl About {
    /// Looked up before the run, which adds to the load.
    pub(crate) fn begin(quick: bool, invited: &Invited) -> Self {
        let load = load();
        if load > QUIET_LOAD {
            eprintln!("warning: the machine is busy (load {load}): figures will be off");
        }
        for (name, why) in &invited.skipped {
            eprintln!("skipped: {name}: {why}");
        }
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        let ours = ("shared-runtime".to_owned(), version("shared-runtime"));
        let theirs = invited.able.iter().flat_map(|one| one.versions());
        Self {
            mode: if quick { "quick" } else { "full" },
            begun: since.map_or(0, |since| since.as_secs()),
            machine: Machine::this(),
            versions: theirs.chain([ours]).collect(),
            skipped: invited.skipped.clone(),
            clock_ns: clock_cost(),
            load,
        }
    }

    pub(super) fn is_busy(&self) -> bool {
        self.load > QUIET_LOAD
    }
}
