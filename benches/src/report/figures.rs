//! Figures and ratios, out of the samples of all rounds.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::cases::Case;
use crate::contenders::{DEFAULT, is_ours};
use crate::measure::Sample;
use crate::rounds::Record;
use crate::stats::{Spread, median, number, ratios};

/// All of a contender in a case.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// Nanoseconds for each call in batches, or what `unit` says: median, least and most of the rounds.
    #[serde(flatten)]
    pub(super) value: Spread,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    /// Medians over the rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) p50_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) p99_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) calls_per_s: Option<f64>,
    /// What was measured, in the order of the rounds.
    rounds: Vec<Sample>,
}

impl Figure {
    fn of(case: &str, rounds: Vec<Sample>) -> Option<Self> {
        let middle = |of: &dyn Fn(&Sample) -> Option<f64>| {
            median(&rounds.iter().filter_map(of).collect::<Vec<_>>())
        };
        let values: Vec<f64> = rounds.iter().map(|sample| sample.value).collect();
        Some(Self {
            value: Spread::of(&values)?,
            unit: Case::named(case).and_then(Case::unit),
            p50_ns: middle(&|sample| percentile(sample, 50)),
            p99_ns: middle(&|sample| percentile(sample, 99)),
            calls_per_s: middle(&|sample| sample.calls_per_s),
            rounds,
        })
    }
}

fn percentile(sample: &Sample, percent: u64) -> Option<f64> {
    sample.timed.as_ref()?.percentile(percent).map(number)
}

pub(super) type Figures = BTreeMap<&'static str, BTreeMap<&'static str, Figure>>;
pub(super) type Ratios = BTreeMap<String, Spread>;

pub(super) fn figures(records: &[Record]) -> Figures {
    let mut samples: BTreeMap<_, BTreeMap<_, Vec<Sample>>> = BTreeMap::new();
    for record in records {
        let case = samples.entry(record.case).or_default();
        let rounds = case.entry(record.contender).or_default();
        rounds.push(record.sample.clone());
    }
    let figure = |case, (contender, rounds)| Some((contender, Figure::of(case, rounds)?));
    let cases = samples.into_iter().map(|(case, all)| {
        let all = all.into_iter().filter_map(|one| figure(case, one));
        (case, all.collect())
    });
    cases.collect()
}

/// A figure by case and contender, and then by round.
type Series = BTreeMap<(String, &'static str), BTreeMap<usize, f64>>;

/// Ours by theirs, for each case of calls: `tiny_call/floor` is of our default, `tiny_call_channel/floor` of the other transport, and
/// `tiny_call_p99/floor` is of the 99th percentiles.
pub(super) fn all_ratios(records: &[Record]) -> Ratios {
    let series = series(records);
    let mut found = Ratios::new();
    for ((case, ours), mine) in series.iter().filter(|((_, name), _)| is_ours(name)) {
        let others = series
            .iter()
            .filter(|((of, name), _)| of == case && !is_ours(name));
        for ((_, theirs), other) in others {
            if let Some(spread) = Spread::of(&ratios(mine, other)) {
                found.insert(format!("{}/{theirs}", titled(case, ours)), spread);
            }
        }
    }
    found
}

fn titled(case: &str, ours: &str) -> String {
    match (ours, case.strip_suffix("_p99")) {
        (DEFAULT, _) => case.to_owned(),
        (_, Some(case)) => format!("{case}_{ours}_p99"),
        (_, None) => format!("{case}_{ours}"),
    }
}

fn series(records: &[Record]) -> Series {
    let is_calls =
        |record: &&Record| Case::named(record.case).is_some_and(|case| case.unit().is_none());
    let mut series = Series::new();
    let mut add = |case: String, record: &Record, value| {
        let rounds = series.entry((case, record.contender)).or_default();
        rounds.insert(record.round, value);
    };
    for record in records.iter().filter(is_calls) {
        add(record.case.to_owned(), record, record.sample.value);
        if let Some(value) = percentile(&record.sample, 99) {
            add(format!("{}_p99", record.case), record, value);
        }
    }
    series
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::rounds::Outcome;

    fn record(round: usize, contender: &'static str, value: f64, timed: &[u64]) -> Record {
        let sample = Sample {
            value,
            calls_per_s: Some(1e9 / value),
            timed: Some(timed.iter().copied().collect()),
        };
        Record {
            round,
            case: "tiny_call",
            contender,
            sample,
        }
    }

    /// Two rounds, in which everything was twice as slow in the second.
    pub(crate) fn outcome() -> Outcome {
        let records = vec![
            record(0, "ring", 150.0, &[160, 170]),
            record(0, "channel", 60_000.0, &[70_000]),
            record(0, "floor", 75.0, &[85]),
            record(1, "floor", 150.0, &[170]),
            record(1, "ring", 300.0, &[320, 340]),
            record(1, "channel", 120_000.0, &[140_000]),
        ];
        let failures = vec!["round 1, tiny_call, tcp: gone".to_owned()];
        Outcome { records, failures }
    }

    #[test]
    fn ratios_are_of_one_round() {
        let ratios = all_ratios(&outcome().records);
        let same = |value| Spread {
            median: value,
            min: value,
            max: value,
        };
        assert_eq!(ratios["tiny_call/floor"], same(2.0));
        assert_eq!(ratios["tiny_call_p99/floor"], same(2.0));
        assert_eq!(ratios["tiny_call_channel/floor"], same(800.0));
        assert!(ratios.contains_key("tiny_call_channel_p99/floor"));
        assert_eq!(ratios.len(), 4, "{ratios:?}");
    }

    #[test]
    fn figures_are_medians_over_rounds() {
        let figures = figures(&outcome().records);
        let ring = &figures["tiny_call"]["ring"];
        assert_eq!(Some(ring.value), Spread::of(&[150.0, 300.0]));
        assert_eq!(ring.p50_ns, Some(240.0));
        assert_eq!(ring.p99_ns, Some(255.0));
        assert_eq!(ring.rounds.len(), 2);
    }
}
