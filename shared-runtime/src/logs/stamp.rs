//! When a record was made, as people read it: RFC 3339 in UTC, to the microsecond.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Microseconds since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(super) struct Stamp(u64);

impl Stamp {
    pub(super) fn now() -> Self {
        // A clock before 1970 is not set.
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Self(u64::try_from(since.as_micros()).unwrap_or(u64::MAX))
    }

    pub(super) fn time(self) -> SystemTime {
        UNIX_EPOCH
            .checked_add(Duration::from_micros(self.0))
            .unwrap_or(UNIX_EPOCH)
    }

    /// What `Display` has written.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (date, clock) = text.strip_suffix('Z')?.split_once('T')?;
        let [year, month, day] = numbers(date, '-')?;
        let (clock, micros) = clock.split_once('.')?;
        let [hours, minutes, seconds] = numbers(clock, ':')?;
        let days = days(year, month, day)?;
        let seconds = ((days * 24 + hours) * 60 + minutes) * 60 + seconds;
        let micros = micros.parse().ok()?;
        seconds
            .checked_mul(1_000_000)?
            .checked_add(micros)
            .map(Self)
    }
}

fn numbers(text: &str, between: char) -> Option<[u64; 3]> {
    let mut numbers = [0; 3];
    let mut parts = text.split(between);
    for number in &mut numbers {
        let part = parts.next().filter(|part| part.len() <= 9)?;
        *number = part.parse().ok()?;
    }
    Some(numbers)
}

/// Days of the months, March first: the leap day is the last of the year.
const BEFORE_MONTH: [u64; 12] = [0, 31, 61, 92, 122, 153, 184, 214, 245, 275, 306, 337];

/// From the first of March of the year 0 to 1970.
const TO_1970: u64 = 719_468;

fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    let month = month.checked_sub(1).filter(|month| *month < 12)?;
    // A year begins in March here.
    let year = if month < 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let before = BEFORE_MONTH.get(usize::try_from((month + 10) % 12).ok()?)?;
    (year * 365 + year / 4 + year / 400 + before + day).checked_sub(year / 100 + TO_1970 + 1)
}

/// Year, month and day.
fn date(days: u64) -> [u64; 3] {
    let days = days + TO_1970;
    let (era, day) = (days / 146_097, days % 146_097);
    // The last day of four years, and that of four hundred, belong to the year that ends with them.
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = BEFORE_MONTH.partition_point(|before| *before <= day) - 1;
    let number = (month as u64 + 2) % 12 + 1;
    let year = era * 400 + year + u64::from(number <= 2);
    [year, number, day - BEFORE_MONTH[month] + 1]
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (seconds, micros) = (self.0 / 1_000_000, self.0 % 1_000_000);
        let [year, month, day] = date(seconds / 86_400);
        let (hours, minutes) = (seconds / 3_600 % 24, seconds / 60 % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:")?;
        write!(f, "{:02}.{micros:06}Z", seconds % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_moments_are_written_and_read() {
        let known = [
            (0, "1970-01-01T00:00:00.000000Z"),
            (951_782_399_999_999, "2000-02-28T23:59:59.999999Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00.000000Z"),
            (951_868_800_000_000, "2000-03-01T00:00:00.000000Z"),
            (1_709_251_199_000_001, "2024-02-29T23:59:59.000001Z"),
            (4_107_542_400_000_000, "2100-03-01T00:00:00.000000Z"),
            (1_671_557_394_386_000, "2022-12-20T17:29:54.386000Z"),
        ];
        for (micros, text) in known {
            assert_eq!(Stamp(micros).to_string(), text);
            assert_eq!(Stamp::parse(text), Some(Stamp(micros)), "{text}");
        }
    }

    #[test]
    fn every_day_of_four_hundred_years_comes_back() {
        for day in 0..146_097 {
            let stamp = Stamp(day * 86_400_000_000);
            assert_eq!(Stamp::parse(&stamp.to_string()), Some(stamp));
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in [
            "",
            "now",
            "2022-12-20",
            "2022-13-20T17:29:54.386000Z",
            "-T.Z",
        ] {
            assert_eq!(Stamp::parse(text), None, "{text}");
        }
    }
}
