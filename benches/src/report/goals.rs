//! What is to be reached, and whether it was in this run.

use serde::Serialize;

use super::figures::{Figures, Ratios};
use crate::contenders::DEFAULT;

/// A goal, and what came.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct Goal {
    pub(super) name: String,
    pub(super) wanted: String,
    pub(super) value: f64,
    pub(super) met: bool,
}

/// Ratios, each with the most it may be.
const RATIOS: [(&str, f64); 8] = [
    ("tiny_call/floor", 2.2),
    ("tiny_call_p99/floor", 3.0),
    ("tiny_call/iceoryx2_polling", 1.0 / 8.0),
    ("tiny_call_same_cpu/futex", 1.15),
    ("tiny_call_busy/futex", 1.15),
    ("echo_64k/floor", 0.7),
    ("echo_1m/floor", 1.3),
    ("echo_16m/floor", 1.7),
];

/// Those libraries that carry calls over sockets: the best of them is the measure.
const OVER_SOCKETS: [&str; 4] = ["ipc_channel", "remoc", "tarpc", "zbus"];
const TO_BEST_OVER_SOCKETS: f64 = 1.0 / 100.0;

/// Calls a second: in the worst round, in the median one.
const TWO_THREADS: f64 = 1e6;
const PIPELINED: f64 = 15e6;

/// No CPU is used: what the process that looks costs itself, and a thread that goes to sleep, is less than a thousandth.
const IDLE_NS: f64 = 1e6;
const CONNECTION_BYTES: f64 = 65_536.0;

pub(super) fn goals(ratios: &Ratios, figures: &Figures) -> Vec<Goal> {
    let named = RATIOS.iter().filter_map(|(name, most)| {
        let ratio = ratios.get(*name)?;
        Some(at_most(name, *most, ratio.median))
    });
    let others = [
        best_over_sockets(ratios),
        amount(figures, "idle_cpu", IDLE_NS),
        amount(figures, "memory_per_connection", CONNECTION_BYTES),
    ];
    let rates = [two_threads(figures), pipelined(figures)];
    let all = named.chain(others.into_iter().flatten());
    all.chain(rates.into_iter().flatten()).collect()
}

fn at_most(name: &str, most: f64, value: f64) -> Goal {
    Goal {
        name: name.to_owned(),
        wanted: format!("at most {most}"),
        value,
        met: value <= most,
    }
}

fn at_least(name: &str, least: f64, value: f64) -> Goal {
    Goal {
        name: name.to_owned(),
        wanted: format!("at least {least}"),
        value,
        met: value >= least,
    }
}

/// Whoever is fastest has the largest ratio.
fn best_over_sockets(ratios: &Ratios) -> Option<Goal> {
    let ratio = |name| ratios.get(&format!("tiny_call/{name}"));
    let all = OVER_SOCKETS.iter().filter_map(ratio);
    let best = all.map(|ratio| ratio.median).reduce(f64::max)?;
    let name = "tiny_call/the best library over sockets";
    Some(at_most(name, TO_BEST_OVER_SOCKETS, best))
}

fn amount(figures: &Figures, case: &str, most: f64) -> Option<Goal> {
    let figure = figures.get(case)?.get(DEFAULT)?;
    Some(at_most(case, most, figure.value.median))
}

fn two_threads(figures: &Figures) -> Option<Goal> {
    let figure = figures.get("tiny_call_2_threads")?.get(DEFAULT)?;
    let name = "tiny_call_2_threads, calls a second in the worst round";
    Some(at_least(name, TWO_THREADS, 1e9 / figure.value.max))
}

fn pipelined(figures: &Figures) -> Option<Goal> {
    let figure = figures.get("pipelined")?.get(DEFAULT)?;
    let name = "pipelined, calls a second";
    Some(at_least(name, PIPELINED, 1e9 / figure.value.median))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::Spread;

    fn ratios(pairs: &[(&str, f64)]) -> Ratios {
        let spread = |median| Spread {
            median,
            min: 0.0,
            max: 9.0,
        };
        let named = pairs
            .iter()
            .map(|(name, median)| ((*name).to_owned(), spread(*median)));
        named.collect()
    }

    #[test]
    fn a_goal_is_met_by_the_median() {
        let ratios = ratios(&[("tiny_call/floor", 2.2), ("echo_64k/floor", 0.71)]);
        let met: Vec<bool> = goals(&ratios, &Figures::new())
            .iter()
            .map(|goal| goal.met)
            .collect();
        assert_eq!(met, [true, false]);
    }

    #[test]
    fn the_best_of_the_others_counts() {
        let ratios = ratios(&[("tiny_call/zbus", 0.02), ("tiny_call/remoc", 0.005)]);
        let [goal] = goals(&ratios, &Figures::new()).try_into().unwrap();
        assert!((goal.value - 0.02).abs() < 1e-9 && !goal.met, "{goal:?}");
    }
}
