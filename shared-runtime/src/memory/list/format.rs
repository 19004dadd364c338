//! The words that say what is in a slot: CPython's formats for `struct`, and the codes beside them.

const INT: u64 = word(*b"q\0\0\0\0\0\0\0");
const FLOAT: u64 = word(*b"d\0\0\0\0\0\0\0");
const BOOL: u64 = word(*b"xxxxxxx?");
const NONE: u64 = word(*b"xxxxxx?x");

const fn word(text: [u8; 8]) -> u64 {
    u64::from_ne_bytes(text)
}

/// What a slot holds, as its format and its code say together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Int,
    Float,
    Bool,
    None,
    /// Text in so many bytes, less the zeros at their end.
    Str(usize),
    /// Bytes in so many, less the zeros at their end.
    Bytes(usize),
}

impl Kind {
    /// What a format and a code say about a slot of `size` bytes; `None` if that is nothing.
    #[inline]
    pub(super) fn parse(format: u64, code: u8, size: usize) -> Option<Self> {
        match (format, code) {
            (INT, 0) => Some(Self::Int),
            (FLOAT, 0) => Some(Self::Float),
            (BOOL, 0) => Some(Self::Bool),
            (NONE, 3) => Some(Self::None),
            (_, 1) => length(format, size).map(Self::Str),
            (_, 2) => length(format, size).map(Self::Bytes),
            _ => None,
        }
    }

    /// The format as it is stored.
    #[inline]
    pub(super) fn format(self) -> u64 {
        match self {
            Self::Int => INT,
            Self::Float => FLOAT,
            Self::Bool => BOOL,
            Self::None => NONE,
            Self::Str(length) | Self::Bytes(length) => of_length(length),
        }
    }

    #[inline]
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Int | Self::Float | Self::Bool => 0,
            Self::Str(_) => 1,
            Self::Bytes(_) => 2,
            Self::None => 3,
        }
    }
}

/// The text of a format that a slot of `size` bytes can have.
pub(super) fn text(format: u64, size: usize) -> Option<String> {
    let is_format = matches!(format, INT | FLOAT | BOOL | NONE) || length(format, size).is_some();
    let bytes = format.to_ne_bytes();
    let text = std::str::from_utf8(&bytes).ok()?;
    is_format.then(|| text.trim_end_matches('\0').to_owned())
}

/// A format as people see it, whatever it is.
pub(super) fn shown(format: u64) -> String {
    let bytes = format.to_ne_bytes();
    let end = super::item::length_without_zeros(&bytes);
    bytes[..end].escape_ascii().to_string()
}

/// The number of bytes in `<n>s`, if there are as many.
fn length(format: u64, size: usize) -> Option<usize> {
    let bytes = format.to_ne_bytes();
    let digits = bytes
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let rest = bytes[digits..].split_first();
    let ends = rest.is_some_and(|(last, rest)| *last == b's' && rest.iter().all(|byte| *byte == 0));
    let number = std::str::from_utf8(&bytes[..digits]).ok()?.parse().ok()?;
    (ends && number <= size).then_some(number)
}

/// `<n>s`, for at most seven digits.
fn of_length(length: usize) -> u64 {
    let digits = length.checked_ilog10().unwrap_or(0) + 1;
    let mut bytes = [0; 8];
    let mut left = length;
    for (at, byte) in bytes.iter_mut().enumerate().rev() {
        if at == digits as usize {
            *byte = b's';
        } else if at < digits as usize {
            *byte = b"0123456789"[left % 10];
            left /= 10;
        }
    }
    word(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn format_of(text: &str) -> u64 {
        let mut bytes = [0; 8];
        bytes[..text.len()].copy_from_slice(text.as_bytes());
        word(bytes)
    }

    #[test]
    fn kinds_are_what_cpython_writes() {
        let kinds = [
            (Kind::Int, "q", 0),
            (Kind::Float, "d", 0),
            (Kind::Bool, "xxxxxxx?", 0),
            (Kind::None, "xxxxxx?x", 3),
            (Kind::Str(0), "0s", 1),
            (Kind::Str(8), "8s", 1),
            (Kind::Str(1_024), "1024s", 1),
            (Kind::Bytes(9_999_992), "9999992s", 2),
        ];
        for (kind, format, code) in kinds {
            assert_eq!((kind.format(), kind.code()), (format_of(format), code));
            let parsed = Kind::parse(format_of(format), code, 9_999_992);
            assert_eq!(parsed, Some(kind));
            assert_eq!(text(kind.format(), 9_999_992).unwrap(), format);
        }
    }

    #[test]
    fn what_cpython_does_not_write_is_nothing() {
        let wrong = [
            ("q", 1),
            ("q", 3),
            ("8s", 0),
            ("8s", 3),
            ("8s", 255),
            ("9s", 1),
            ("s", 1),
            ("8", 1),
            ("8ss", 1),
            ("-8s", 1),
            ("+8s", 1),
            (" 8s", 2),
            ("8s\0s", 2),
            ("99999999", 1),
            ("9999999s", 1),
            ("xxxxxx?x", 0),
            ("xxxxxxx?", 3),
            ("", 0),
            ("", 1),
        ];
        for (format, code) in wrong {
            assert_eq!(Kind::parse(format_of(format), code, 8), None, "{format}");
        }
        assert_eq!(text(format_of("9s"), 8), None);
        assert_eq!(text(u64::MAX, 8), None);
        assert_eq!(shown(u64::MAX), "\\xff".repeat(8));
    }

    #[test]
    fn fewer_bytes_than_the_slot_has_may_be_used() {
        for (format, length) in [("0s", 0), ("3s", 3), ("08s", 8)] {
            let parsed = Kind::parse(format_of(format), 1, 8);
            assert_eq!(parsed, Some(Kind::Str(length)));
        }
    }
}
