//! Values to bytes and back, with limits. The only folder that knows the wire format: postcard's, written and read through
//! serde formats of our own that count, and whose errors keep their texts.

pub(crate) mod refuse;

mod write;

mod read;

#[cfg(test)]
mod roundtrips;

#[cfg(test)]
mod refusals;

use std::any::type_name;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};
use read::Reader;
use refuse::Refusal;
use write::Writer;

/// `value` as bytes.
///
/// # Errors
///
/// `Encode` if its `Serialize` fails, if it nests too deeply, or if it could not be read again: see [`refuse`].
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::default();
    match value.serialize(&mut writer) {
        Ok(()) => Ok(writer.into_bytes()),
        Err(refusal) => Err(refused(ErrorKind::Encode, type_name::<T>(), &refusal)),
    }
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
    match T::deserialize(&mut reader) {
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
