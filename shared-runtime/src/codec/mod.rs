//! Values to bytes and back, with limits. The only folder that knows the wire format: postcard's, written and read through
//! serde formats of our own that count, and whose errors keep their texts. It differs in one thing: a number that is an element
//! of a list has its full width.

pub(crate) mod refuse;
pub(crate) mod spare;

mod output;

mod numbers;

mod write;

mod read;

#[cfg(test)]
mod roundtrips;

#[cfg(test)]
mod lists;

#[cfg(test)]
mod spills;

#[cfg(test)]
mod refusals;

use std::any::type_name;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
#[cfg(test)]
use output::SPILL_FROM;
pub(crate) use output::Spill;
use output::{Output, Overflow};
use read::Reader;
use refuse::Refusal;
use write::Writer;

/// `value` as bytes.
///
/// # Errors
///
/// `Encode` if its `Serialize` fails, if it nests too deeply, or if it could not be read again: see [`refuse`].
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    // Room for most small values at once; what takes no memory most often takes no bytes.
    let room = if size_of_val(value) == 0 { 0 } else { 64 };
    let mut buffer = Vec::with_capacity(room);
    encode_into(value, &mut buffer)?;
    Ok(buffer)
}

/// `value` as bytes after those that are in `buffer`, of which none is touched.
///
/// # Errors
///
/// As [`encode`]. The buffer is then as it was.
#[inline]
pub(crate) fn encode_into<T: Serialize + ?Sized>(
    value: &T,
    buffer: &mut Vec<u8>,
) -> Result<(), Error> {
    write(value, buffer, None)
}

/// `value` as bytes after those that are in `buffer`; but wherever the buffer would come to hold [`SPILL_FROM`] of them,
/// `spill` takes what it holds, and takes what is that large by itself without a copy. What is left at the end stays in the
/// buffer: all of it, if it is little.
///
/// # Errors
///
/// As [`encode`], or that of `spill`. What it has taken is void then, and nothing of the value is left in the buffer.
pub(crate) fn encode_spilling<T: Serialize + ?Sized>(
    value: &T,
    buffer: &mut Vec<u8>,
    spill: &mut dyn Spill,
) -> Result<(), Error> {
    let mut overflow = Overflow::new(spill);
    write(value, buffer, Some(&mut overflow))
}

#[inline]
fn write<'o, T: Serialize + ?Sized>(
    value: &T,
    buffer: &'o mut Vec<u8>,
    overflow: Option<&'o mut Overflow<'o>>,
) -> Result<(), Error> {
    let mut writer = Writer::new(Output::new(buffer, overflow));
    let written = value.serialize(writer.place());
    // A part that is lost is why nothing more was written, whatever was made of it.
    writer.output().end(written.is_ok())?;
    written.map_err(|refusal| refused(ErrorKind::Encode, type_name::<T>(), &refusal))
}

/// The value that all of `bytes` stand for.
///
/// # Errors
///
/// `Decode` if they stand for none, or for more than one.
pub(crate) fn decode<'de, T: Deserialize<'de>>(bytes: &'de [u8]) -> Result<T, Error> {
    let (value, rest) = decode_head(bytes)?;
    if rest.is_empty() {
        return Ok(value);
    }
    let text = format!(
        "{} bytes are left over after {}",
        rest.len(),
        type_name::<T>()
    );
    Err(Error::new(ErrorKind::Decode, text))
}

/// The value at the start of `bytes`, and what follows it.
///
/// # Errors
///
/// `Decode` if they start with none.
pub(crate) fn decode_head<'de, T: Deserialize<'de>>(
    bytes: &'de [u8],
) -> Result<(T, &'de [u8]), Error> {
    let mut reader = Reader::new(bytes);
    match T::deserialize(reader.place()) {
        Ok(value) => Ok((value, reader.rest())),
        Err(refusal) => Err(refused(ErrorKind::Decode, type_name::<T>(), &refusal)),
    }
}

#[cold]
fn refused(kind: ErrorKind, type_name: &str, refusal: &Refusal) -> Error {
    let what = match kind {
        ErrorKind::Encode => "encode",
        _ => "decode",
    };
    Error::new(kind, format!("cannot {what} {type_name}: {refusal}"))
}

/// Bytes that are copied in bulk, read in place.
#[derive(Clone, Copy, Debug)]
pub struct Bytes<'a>(pub &'a [u8]);

impl Serialize for Bytes<'_> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&[u8]>::deserialize(deserializer).map(Bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn trailing_and_missing_bytes_are_refused() {
        let mut bytes = encode(&(7u32, "seven")).unwrap();
        assert_eq!(decode::<(u32, &str)>(&bytes).unwrap(), (7, "seven"));
        bytes.push(0);
        let error = decode::<(u32, &str)>(&bytes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(
            error.to_string().contains("1 bytes are left over"),
            "{error}"
        );
        assert_eq!(
            decode::<(u32, &str)>(&bytes[..3]).unwrap_err().kind(),
            ErrorKind::Decode
        );
    }

    #[test]
    fn texts_and_bytes_are_read_in_place() {
        let bytes = encode(&("text", Bytes(b"bytes"))).unwrap();
        let (text, Bytes(read)) = decode::<(&str, Bytes<'_>)>(&bytes).unwrap();
        assert_eq!((text, read), ("text", &b"bytes"[..]));
        let range = bytes.as_ptr_range();
        assert!(range.contains(&text.as_ptr()) && range.contains(&read.as_ptr()));
    }
}
