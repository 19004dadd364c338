//! Figures about figures: medians, percentiles, histograms, ratios within rounds. Knows nothing of what was measured.

use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How often a call took so long: by nanoseconds, in their first eight binary digits, which is exact to 255 ns and to 0.8 % beyond.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(into = "Vec<(u64, u64)>", from = "Vec<(u64, u64)>")]
pub(crate) struct Histogram(BTreeMap<u64, u64>);

const DIGITS: u32 = 8;

impl Histogram {
    pub(crate) fn count(&self) -> u64 {
        self.0.values().sum()
    }

    /// What the given share of all calls did not exceed; `None` of nothing.
    pub(crate) fn percentile(&self, percent: u64) -> Option<u64> {
        let needed = (self.count() * percent).div_ceil(100).max(1);
        let mut passed = 0;
        let reaches = |(_, count): &(&u64, &u64)| {
            passed += **count;
            passed >= needed
        };
        self.0.iter().find(reaches).map(|(value, _)| *value)
    }
}

fn rounded(nanoseconds: u64) -> u64 {
    let digits = u64::BITS - nanoseconds.leading_zeros();
    let shift = digits.saturating_sub(DIGITS);
    nanoseconds >> shift << shift
}

impl FromIterator<u64> for Histogram {
    fn from_iter<I: IntoIterator<Item = u64>>(all: I) -> Self {
        let mut histogram = Self::default();
        histogram.extend(all);
        histogram
    }
}

impl Extend<u64> for Histogram {
    fn extend<I: IntoIterator<Item = u64>>(&mut self, all: I) {
        for nanoseconds in all {
            *self.0.entry(rounded(nanoseconds)).or_default() += 1;
        }
    }
}

impl From<Histogram> for Vec<(u64, u64)> {
    fn from(histogram: Histogram) -> Self {
        histogram.0.into_iter().collect()
    }
}

impl From<Vec<(u64, u64)>> for Histogram {
    fn from(pairs: Vec<(u64, u64)>) -> Self {
        Self(pairs.into_iter().collect())
    }
}

/// What a figure was over the rounds.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
}

impl Spread {
    /// `None` of nothing.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        Some(Self {
            median: median(values)?,
            min: values.iter().copied().reduce(f64::min)?,
            max: values.iter().copied().reduce(f64::max)?,
        })
    }
}

/// The middle one, or the mean of the two in the middle; `None` of nothing.
pub(crate) fn median(values: &[f64]) -> Option<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let upper = *sorted.get(middle)?;
    if sorted.len() % 2 == 1 {
        return Some(upper);
    }
    Some(f64::midpoint(sorted[middle - 1], upper))
}

/// Ours by theirs, in each round that has both: figures of two rounds are never compared.
pub(crate) fn ratios(ours: &BTreeMap<usize, f64>, theirs: &BTreeMap<usize, f64>) -> Vec<f64> {
    let ratio = |(round, ours): (&usize, &f64)| theirs.get(round).map(|theirs| ours / theirs);
    ours.iter().filter_map(ratio).collect()
}

/// Whole nanoseconds.
pub(crate) fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// A count as a number to reckon with.
#[expect(
    clippy::cast_precision_loss,
    reason = "nothing here counts to 2^53, and if so its last digit would not matter"
)]
pub(crate) fn number(count: u64) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_in_the_middle() {
        assert_eq!(median(&[]), None);
        assert_eq!(median(&[3.0, 1.0, 2.0]), Some(2.0));
        assert_eq!(median(&[4.0, 1.0, 3.0, 2.0]), Some(2.5));
    }

    #[test]
    fn a_spread_is_median_least_and_most() {
        let expected = Spread {
            median: 2.0,
            min: 1.0,
            max: 9.0,
        };
        assert_eq!(Spread::of(&[9.0, 1.0, 2.0]), Some(expected));
        assert_eq!(Spread::of(&[]), None);
    }

    #[test]
    fn percentiles_count_calls() {
        let all: Histogram = (1..=100).collect();
        assert_eq!(all.percentile(50), Some(50));
        assert_eq!(all.percentile(99), Some(99));
        assert_eq!(all.percentile(100), Some(100));
        let few: Histogram = [7, 9].into_iter().collect();
        assert_eq!(few.percentile(50), Some(7));
        assert_eq!(few.percentile(99), Some(9));
        assert_eq!(Histogram::default().percentile(50), None);
    }

    #[test]
    fn one_slow_call_in_a_hundred_is_not_the_99th() {
        let mut calls = vec![100; 990];
        calls.extend([50_000; 10]);
        let calls: Histogram = calls.into_iter().collect();
        assert_eq!(calls.percentile(99), Some(100));
        assert_eq!(calls.count(), 1000);
    }

    #[test]
    fn buckets_keep_eight_binary_digits() {
        assert_eq!(rounded(0), 0);
        assert_eq!(rounded(255), 255);
        assert_eq!(rounded(257), 256);
        assert_eq!(rounded(1_000_000), 999_424);
        assert_eq!(rounded(u64::MAX), 0xFF << 56);
    }

    #[test]
    fn a_histogram_is_written_as_pairs() {
        let calls: Histogram = [5, 5, 300].into_iter().collect();
        let text = serde_json::to_string(&calls).unwrap();
        assert_eq!(text, "[[5,2],[300,1]]");
        assert_eq!(serde_json::from_str::<Histogram>(&text).unwrap(), calls);
    }

    #[test]
    fn ratios_stay_within_their_rounds() {
        let ours = BTreeMap::from([(0, 2.0), (1, 30.0), (2, 4.0)]);
        let theirs = BTreeMap::from([(0, 1.0), (1, 10.0), (3, 100.0)]);
        assert_eq!(ratios(&ours, &theirs), [2.0, 3.0]);
    }
}
