//! Lists and items as CPython shows them.

use std::fmt::{self, Write};

use super::item::Item;
use super::shareable_list::ShareableList;

/// As CPython shows it: `ShareableList([0, 'a', None], name='psm_…')`. What cannot be read is shown as its error, in `<>`.
impl fmt::Debug for ShareableList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("ShareableList([")?;
        for (index, item) in self.iter().enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            match item {
                Ok(item) => show(&item, f)?,
                Err(error) => write!(f, "<{error}>")?,
            }
        }
        f.write_str("], name=")?;
        show_text(self.name(), f)?;
        f.write_char(')')
    }
}

fn show(item: &Item, f: &mut impl Write) -> fmt::Result {
    match item {
        Item::Int(number) => write!(f, "{number}"),
        Item::Float(number) => show_float(*number, f),
        Item::Bool(true) => f.write_str("True"),
        Item::Bool(false) => f.write_str("False"),
        Item::Str(text) => show_text(text, f),
        Item::Bytes(bytes) => show_bytes(bytes, f),
        Item::None => f.write_str("None"),
    }
}

/// The fewest digits that are this number alone, with an exponent where it is below -4 or above 15.
fn show_float(number: f64, f: &mut impl Write) -> fmt::Result {
    let digits = shortest(number);
    let Some((digits, exponent)) = digits.split_once('e') else {
        return f.write_str(match number {
            f64::INFINITY => "inf",
            f64::NEG_INFINITY => "-inf",
            _ => "nan",
        });
    };
    match exponent.parse::<i32>().unwrap_or_default() {
        exponent @ -4..16 => show_plain(digits, exponent, f),
        exponent => write!(f, "{digits}e{exponent:+03}"),
    }
}

/// The digits with their point moved.
fn show_plain(digits: &str, exponent: i32, f: &mut impl Write) -> fmt::Result {
    let (sign, digits) = match digits.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", digits),
    };
    let digits = digits.replace('.', "");
    let Ok(exponent) = usize::try_from(exponent) else {
        let zeros = "0".repeat(exponent.unsigned_abs() as usize - 1);
        return write!(f, "{sign}0.{zeros}{digits}");
    };
    let digits = format!("{digits:0<width$}", width = exponent + 2);
    let (whole, fraction) = digits.split_at(exponent + 1);
    write!(f, "{sign}{whole}.{fraction}")
}

/// Of two that are as near and as short, Python takes the even one. Rust does so when it is asked for so many digits, but may leave the numbers that
/// are read back as this one then: below a power of two they are half as far apart.
fn shortest(number: f64) -> String {
    let shortest = format!("{number:e}");
    let digits = shortest.split('e').next().unwrap_or_default();
    let decimals = digits.split_once('.').map_or(0, |(_, rest)| rest.len());
    let even = format!("{number:.decimals$e}");
    if even.parse() == Ok(number) {
        even
    } else {
        shortest
    }
}

fn show_text(text: &str, f: &mut impl Write) -> fmt::Result {
    let quote = quote(text.contains('\''), text.contains('"'));
    f.write_char(quote)?;
    for c in text.chars() {
        let code = u32::from(c);
        match c {
            _ if show_common(c, quote, f)? => {}
            _ if is_printable(c) => f.write_char(c)?,
            '\0'..='\u{ff}' => write!(f, "\\x{code:02x}")?,
            '\u{100}'..='\u{ffff}' => write!(f, "\\u{code:04x}")?,
            _ => write!(f, "\\U{code:08x}")?,
        }
    }
    f.write_char(quote)
}

fn show_bytes(bytes: &[u8], f: &mut impl Write) -> fmt::Result {
    let quote = quote(bytes.contains(&b'\''), bytes.contains(&b'"'));
    write!(f, "b{quote}")?;
    for byte in bytes {
        match char::from(*byte) {
            c if show_common(c, quote, f)? => {}
            c @ ' '..='~' => f.write_char(c)?,
            _ => write!(f, "\\x{byte:02x}")?,
        }
    }
    f.write_char(quote)
}

fn quote(has_single: bool, has_double: bool) -> char {
    if has_single && !has_double { '"' } else { '\'' }
}

/// Whether it was one of those that are escaped alike in text and bytes.
fn show_common(c: char, quote: char, f: &mut impl Write) -> Result<bool, fmt::Error> {
    match c {
        '\n' => f.write_str("\\n")?,
        '\r' => f.write_str("\\r")?,
        '\t' => f.write_str("\\t")?,
        '\\' => f.write_str("\\\\")?,
        c if c == quote => write!(f, "\\{c}")?,
        _ => return Ok(false),
    }
    Ok(true)
}

/// Whether Python shows it as it is: neither control nor format, private, unassigned, nor a space but the common one. Rust's own rule for text is
/// the same, and escapes nothing else behind a first character.
fn is_printable(c: char) -> bool {
    let mut bytes = [b'a', 0, 0, 0, 0];
    let length = c.encode_utf8(&mut bytes[1..]).len();
    let text = std::str::from_utf8(&bytes[..=length]).unwrap_or_default();
    let is_quote = matches!(c, '\'' | '"');
    is_quote || text.escape_debug().nth(1) == Some(c)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(item: impl Into<Item>) -> String {
        let mut text = String::new();
        show(&item.into(), &mut text).unwrap();
        text
    }

    #[test]
    fn items_are_shown_as_cpython_shows_them() {
        let floats = [
            (0.1, "0.1"),
            (-0.0, "-0.0"),
            (1e15, "1000000000000000.0"),
            (1e16, "1e+16"),
            (1.5e16, "1.5e+16"),
            (1e-4, "0.0001"),
            (1e-5, "1e-05"),
            (5e-324, "5e-324"),
            (2f64.powi(-25), "2.9802322387695312e-08"),
            (-0.001_25, "-0.00125"),
            (-120.0, "-120.0"),
            (2f64.powi(49) + 0.25, "562949953421312.2"),
            (2f64.powi(-1017), "7.120236347223045e-307"),
            (9_007_199_254_740_994.0, "9007199254740994.0"),
            (f64::MAX, "1.7976931348623157e+308"),
            (f64::INFINITY, "inf"),
            (f64::NEG_INFINITY, "-inf"),
            (-f64::NAN, "nan"),
        ];
        for (number, text) in floats {
            assert_eq!(shown(number), text);
        }
        assert_eq!(shown(i64::MIN), "-9223372036854775808");
        assert_eq!(shown(true), "True");
        assert_eq!(shown(()), "None");
        assert_eq!(shown("it's"), "\"it's\"");
        assert_eq!(shown("'\""), "'\\'\"'");
        assert_eq!(
            shown("a\\\t\n\r\0\x7fé\u{a0}\u{301}\u{200b}\u{1f600}\u{e0001}"),
            "'a\\\\\\t\\n\\r\\x00\\x7fé\\xa0\u{301}\\u200b\u{1f600}\\U000e0001'"
        );
        assert_eq!(shown(b"it's\xff\0"), "b\"it's\\xff\\x00\"");
    }
}
