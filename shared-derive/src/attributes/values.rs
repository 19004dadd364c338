//! Values of options that are more than a word.

use std::time::Duration;

use syn::parse::{Parse, ParseStream};
use syn::{LitInt, LitStr};

/// `"250ms"`.
pub(crate) struct Timeout {
    pub(crate) literal: LitStr,
    pub(crate) duration: Duration,
}

/// `"mutex"`.
pub(crate) struct Mutex;

/// A number from 1.
pub(crate) struct Version(pub(crate) u32);

impl Parse for Timeout {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let literal: LitStr = input.parse()?;
        let duration =
            duration(&literal.value()).ok_or_else(|| input.error("a whole number and its unit"))?;
        Ok(Self { literal, duration })
    }
}

/// A whole number above zero with a unit.
fn duration(text: &str) -> Option<Duration> {
    let digits = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok().filter(|number| *number > 0)?;
    let seconds = |each: u64| number.checked_mul(each).map(Duration::from_secs);
    match unit.trim_start() {
        "us" => Some(Duration::from_micros(number)),
        "ms" => Some(Duration::from_millis(number)),
        "s" => seconds(1),
        "min" => seconds(60),
        "h" => seconds(60 * 60),
        _ => None,
    }
}

impl Parse for Mutex {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let literal: LitStr = input.parse()?;
        if literal.value() == "mutex" {
            Ok(Self)
        } else {
            Err(input.error("the only other kind of lock"))
        }
    }
}

impl Parse for Version {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let number: u32 = input.parse::<LitInt>()?.base10_parse()?;
        if number > 0 {
            Ok(Self(number))
        } else {
            Err(input.error("0 is what a type without a version has"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_whole_numbers_with_a_unit() {
        assert_eq!(duration("250ms"), Some(Duration::from_millis(250)));
        assert_eq!(duration("2 min"), Some(Duration::from_mins(2)));
        assert_eq!(duration("40us"), Some(Duration::from_micros(40)));
        for wrong in [
            "",
            "250",
            "ms",
            "0s",
            "-1s",
            "1.5s",
            "1 day",
            "99999999999999999999s",
        ] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }
}
