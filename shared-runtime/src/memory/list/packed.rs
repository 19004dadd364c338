//! Items as the bytes of a slot, and back.

use super::format::{Kind, shown};
use super::item::{Item, length_without_zeros};
use crate::error::{Error, ErrorKind};

/// The most bytes that text has when a list is made: a format has room for seven digits.
pub(super) const LONGEST: usize = 9_999_991;

/// The bytes of an item, less the zeros that fill its slot.
#[derive(Clone, Copy, Debug)]
pub(super) enum Bytes<'a> {
    /// All that is not text: the first eight bytes of a slot, whatever stands behind them.
    Word(u64),
    /// Text: the whole slot, filled up with zeros.
    Text(&'a [u8]),
}

/// An item that fits into its slot.
#[derive(Clone, Copy, Debug)]
pub(super) struct Packed<'a> {
    pub(super) kind: Kind,
    pub(super) bytes: Bytes<'a>,
}

impl Item {
    /// As it goes into a slot of `size` bytes.
    #[inline]
    pub(super) fn packed(&self, size: usize) -> Result<Packed<'_>, Error> {
        let (kind, word) = match self {
            Self::Int(number) => (Kind::Int, number.cast_unsigned()),
            Self::Float(number) => (Kind::Float, number.to_bits()),
            Self::Bool(is) => (Kind::Bool, last_byte(*is)),
            Self::None => (Kind::None, 0),
            Self::Str(text) => return text_packed(Kind::Str(size), text.as_bytes(), size),
            Self::Bytes(bytes) => return text_packed(Kind::Bytes(size), bytes, size),
        };
        let bytes = Bytes::Word(word);
        Ok(Packed { kind, bytes })
    }

    /// How large its slot is in a new list: as CPython has it, which counts the characters of text, but with room for all of its bytes.
    pub(super) fn slot_size(&self) -> Result<usize, Error> {
        let length = match self {
            Self::Str(text) => text.len(),
            Self::Bytes(bytes) => bytes.len(),
            _ => return Ok(8),
        };
        if length > LONGEST {
            let text =
                format!("{length} bytes are more than a list can have in one item: {LONGEST}");
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
        Ok(8 * (length / 8 + 1))
    }
}

fn text_packed(kind: Kind, bytes: &[u8], size: usize) -> Result<Packed<'_>, Error> {
    if bytes.last() == Some(&0) {
        let text = "text and bytes that end in a zero byte do not come back as they were: Item::trimmed leaves such bytes off";
        return Err(Error::new(ErrorKind::InvalidInput, text));
    }
    if bytes.len() > size {
        let text = format!(
            "{} bytes do not fit into the slot, which has {size}: its size is that of the list's first value there",
            bytes.len()
        );
        return Err(Error::new(ErrorKind::TooLarge, text));
    }
    let bytes = Bytes::Text(bytes);
    Ok(Packed { kind, bytes })
}

/// What was seen in a slot, of which nothing is believed yet.
#[derive(Debug)]
pub(super) struct Seen {
    pub(super) format: u64,
    pub(super) code: u8,
    /// `None` if that is nothing.
    pub(super) kind: Option<Kind>,
    /// Of what is not text.
    pub(super) word: u64,
    /// Of text.
    pub(super) text: Vec<u8>,
}

impl Seen {
    #[inline]
    pub(super) fn item(self) -> Result<Item, Error> {
        match self.kind {
            Some(Kind::Int) => Ok(Item::Int(self.word.cast_signed())),
            Some(Kind::Float) => Ok(Item::Float(f64::from_bits(self.word))),
            Some(Kind::Bool) => Ok(Item::Bool(self.word.to_ne_bytes()[7] != 0)),
            Some(Kind::None) => Ok(Item::None),
            Some(Kind::Str(_)) => text(self.text),
            Some(Kind::Bytes(_)) => Ok(Item::Bytes(trimmed(self.text))),
            None => Err(nonsense(self.format, self.code)),
        }
    }
}

fn last_byte(is: bool) -> u64 {
    u64::from_ne_bytes([0, 0, 0, 0, 0, 0, 0, is.into()])
}

fn trimmed(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.truncate(length_without_zeros(&bytes));
    bytes
}

fn text(bytes: Vec<u8>) -> Result<Item, Error> {
    String::from_utf8(trimmed(bytes))
        .map(Item::Str)
        .map_err(|error| {
            let text = format!(
                "the text of an item is no UTF-8, perhaps because CPython has cut it: {error}"
            );
            Error::new(ErrorKind::InvalidData, text)
        })
}

#[cold]
fn nonsense(format: u64, code: u8) -> Error {
    let text = format!(
        "the format {:?} with the code {code} is that of no item: something else writes to the block",
        shown(format)
    );
    Error::new(ErrorKind::InvalidData, text)
}
