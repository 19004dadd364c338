//! The whole of a run, as it is told.

use serde::Serialize;

use super::about::About;
use super::figures::{Figures, Ratios, all_ratios, figures};
use super::goals::{Goal, goals};
use crate::rounds::Outcome;

/// The whole of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    #[serde(flatten)]
    pub(super) about: About,
    pub(super) failures: &'a [String],
    pub(super) goals: Vec<Goal>,
    pub(super) ratios: Ratios,
    pub(super) figures: Figures,
}

impl<'a> Report<'a> {
    pub(crate) fn of(about: About, outcome: &'a Outcome) -> Self {
        let figures = figures(&outcome.records);
        let ratios = all_ratios(&outcome.records);
        Self {
            about,
            failures: &outcome.failures,
            goals: goals(&ratios, &figures),
            ratios,
            figures,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::machine::Machine;

    pub(crate) fn about() -> About {
        About {
            mode: "quick",
            begun: 1_700_000_000,
            machine: Machine {
                commit: "c0ffee".to_owned(),
                kernel: "6.18".to_owned(),
                cpu: "Some <CPU>".to_owned(),
                cpus: 2,
                rustc: "rustc 1.95.0".to_owned(),
            },
            versions: BTreeMap::from([("shared-runtime".to_owned(), "0.1.0".to_owned())]),
            skipped: BTreeMap::from([("mpservice", "not installed".to_owned())]),
            clock_ns: 25.0,
            load: 1.5,
        }
    }
}
