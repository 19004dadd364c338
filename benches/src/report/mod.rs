//! What a run is told as: figures, ratios and goals, out of the samples of all rounds. How they are written is left to the files here.

mod goals;
mod json;
mod markdown;
mod plot;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use serde::Serialize;

use crate::arguments::Options;
use crate::cases::Case;
use crate::contender::Result;
use crate::contenders::{DEFAULT, Invited, is_ours};
use crate::machine::{Machine, load, version};
use crate::measure::{Sample, clock_cost};
use crate::rounds::{Outcome, Record};
use crate::stats::{Spread, median, number, ratios};
use goals::{Goal, goals};

/// More threads than this want a CPU of a machine that is left alone, hardly ever.
const QUIET_LOAD: f64 = 0.3;

/// What figures are made under.
#[derive(Debug, Serialize)]
pub(crate) struct About {
    mode: &'static str,
    /// Seconds since 1970.
    begun: u64,
    machine: Machine,
    versions: BTreeMap<String, String>,
    skipped: BTreeMap<&'static str, String>,
    /// What reading the clock costs, in nanoseconds; nothing is subtracted for it.
    clock_ns: f64,
    /// How many threads of anybody wanted a CPU when the run began.
    load: f64,
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

    fn is_busy(&self) -> bool {
        self.load > QUIET_LOAD
    }
}

/// All of a contender in a case.
#[derive(Debug, Serialize)]
pub(crate) struct Figure {
    /// Nanoseconds for each call in batches, or what `unit` says: median, least and most of the rounds.
    #[serde(flatten)]
    value: Spread,
    #[serde(skip_serializing_if = "Option::is_none")]
    unit: Option<&'static str>,
    /// Medians over the rounds.
    #[serde(skip_serializing_if = "Option::is_none")]
    p50_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    p99_ns: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    calls_per_s: Option<f64>,
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

type Figures = BTreeMap<&'static str, BTreeMap<&'static str, Figure>>;
type Ratios = BTreeMap<String, Spread>;

/// The whole of a run.
#[derive(Debug, Serialize)]
pub(crate) struct Report<'a> {
    #[serde(flatten)]
    about: About,
    failures: &'a [String],
    goals: Vec<Goal>,
    ratios: Ratios,
    figures: Figures,
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

    /// Into the files that were asked for; the table to the screen if none was.
    pub(crate) fn write(&self, options: &Options) -> Result<()> {
        let files = [
            (&options.json, json::text(self)?),
            (&options.markdown, markdown::text(self)),
            (&options.plot, plot::text(self)),
        ];
        if files.iter().all(|(file, _)| file.is_none()) {
            println!("{}", markdown::text(self));
        }
        for (file, text) in files {
            file.as_deref().map_or(Ok(()), |file| save(file, &text))?;
        }
        Ok(())
    }
}

fn save(file: &Path, text: &str) -> Result<()> {
    fs::write(file, text).map_err(|error| format!("{}: {error}", file.display()).into())
}

fn figures(records: &[Record]) -> Figures {
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
fn all_ratios(records: &[Record]) -> Ratios {
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
