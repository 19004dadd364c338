//! `Item`: what a list holds, compared as Python compares.

use serde::{Deserialize, Serialize};

/// A value of a [`ShareableList`](crate::memory::ShareableList).
///
/// Items are equal when they are so in Python: numbers and truth values by their value, so that `1`, `true` and `1.0` are the same, and a number
/// that is none is not even equal to itself. Text never equals bytes.
///
/// ```
/// use shared_runtime::memory::Item;
///
/// assert_eq!(Item::from(1), Item::Float(1.0));
/// assert_eq!(Item::from(true), Item::Int(1));
/// assert_ne!(Item::from(f64::NAN), Item::from(f64::NAN));
/// assert_ne!(Item::from("a"), Item::from(b"a"));
/// // What may be larger than an `i64` asks first.
/// assert!(Item::try_from(u64::MAX).is_err());
/// ```
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Item {
    /// A whole number: Python's `int`, within 64 bits.
    Int(i64),
    /// Python's `float`.
    Float(f64),
    /// Python's `bool`.
    Bool(bool),
    /// Text: Python's `str`.
    Str(String),
    /// Python's `bytes`.
    Bytes(Vec<u8>),
    /// Python's `None`.
    None,
}

impl Item {
    /// The number, if it is a whole one; a truth value is 1 or 0, as in Python.
    ///
    /// ```
    /// # use shared_runtime::memory::Item;
    /// let sum: i64 = [Item::from(40), Item::from(true)].iter().filter_map(Item::as_int).sum();
    /// assert_eq!(sum, 41);
    /// ```
    #[must_use]
    pub fn as_int(&self) -> Option<i64> {
        match self {
            Self::Int(number) => Some(*number),
            Self::Bool(is) => Some((*is).into()),
            _ => None,
        }
    }

    /// The text, if it is one.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The same without the zero bytes at its end. A list cannot tell them from the empty rest of a slot, and refuses text and bytes that end in
    /// one; this says that they may go, as they do in CPython.
    ///
    /// ```
    /// # use shared_runtime::memory::{Item, ShareableList};
    /// let list = ShareableList::new([Item::from(b"ab\0\0").trimmed()])?;
    /// assert_eq!(list.get(0)?, Item::from(b"ab"));
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    #[must_use]
    pub fn trimmed(self) -> Self {
        match self {
            Self::Str(mut text) => {
                text.truncate(text.trim_end_matches('\0').len());
                Self::Str(text)
            }
            Self::Bytes(mut bytes) => {
                bytes.truncate(length_without_zeros(&bytes));
                Self::Bytes(bytes)
            }
            other => other,
        }
    }
}

/// How many bytes there are before the zeros at the end.
pub(super) fn length_without_zeros(bytes: &[u8]) -> usize {
    bytes
        .iter()
        .rposition(|byte| *byte != 0)
        .map_or(0, |last| last + 1)
}

impl PartialEq for Item {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Str(a), Self::Str(b)) => a == b,
            (Self::Bytes(a), Self::Bytes(b)) => a == b,
            (Self::None, Self::None) => true,
            (Self::Float(a), Self::Float(b)) => a == b,
            (Self::Float(float), number) | (number, Self::Float(float)) => {
                number.as_int().is_some_and(|number| is(*float, number))
            }
            (a, b) => a.as_int().zip(b.as_int()).is_some_and(|(a, b)| a == b),
        }
    }
}

/// Whether the two are the same number, exactly: not every `i64` is a float.
#[expect(
    clippy::cast_possible_truncation,
    clippy::float_cmp,
    reason = "a float without a fraction, within the bounds of an i64, is converted as it is"
)]
fn is(float: f64, number: i64) -> bool {
    const BEYOND: f64 = 9_223_372_036_854_775_808.0;
    float.trunc() == float && (-BEYOND..BEYOND).contains(&float) && float as i64 == number
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_equal_by_value_and_exactly() {
        let equal = [
            (Item::Int(1), Item::Bool(true)),
            (Item::Float(1.0), Item::Bool(true)),
            (Item::Float(-0.0), Item::Bool(false)),
            (Item::Float(-0.0), Item::Float(0.0)),
            (
                Item::Int(i64::MIN),
                Item::Float(-9_223_372_036_854_775_808.0),
            ),
            (Item::Int(1 << 53), Item::Float(9_007_199_254_740_992.0)),
            (Item::None, Item::None),
        ];
        for (a, b) in equal {
            assert_eq!(a, b);
            assert_eq!(b, a);
        }
        let different = [
            (
                Item::Int((1 << 53) + 1),
                Item::Float(9_007_199_254_740_992.0),
            ),
            (
                Item::Int(i64::MAX),
                Item::Float(9_223_372_036_854_775_808.0),
            ),
            (Item::Int(0), Item::Float(0.5)),
            (Item::Int(0), Item::Float(f64::NAN)),
            (Item::Float(f64::NAN), Item::Float(f64::NAN)),
            (Item::Int(i64::MAX), Item::Float(f64::INFINITY)),
            (Item::Int(0), Item::None),
            (Item::Bool(false), Item::None),
            (Item::from(""), Item::from(b"")),
            (Item::from("1"), Item::Int(1)),
        ];
        for (a, b) in different {
            assert_ne!(a, b);
            assert_ne!(b, a);
        }
    }

    #[test]
    fn only_zeros_at_the_end_are_trimmed() {
        assert_eq!(Item::from("\0a\0b\0\0").trimmed(), Item::from("\0a\0b"));
        assert_eq!(Item::from(b"\0\0").trimmed(), Item::from(b""));
        assert_eq!(Item::from(0).trimmed(), Item::from(0));
    }
}
