//! Values to bytes and back, with limits. The only file that knows the wire format (postcard).

use std::cell::RefCell;
use std::fmt::Display;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

thread_local! {
    /// The text of the last refusal on this thread: postcard's error type has no room for one.
    static REFUSAL: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Notes a refusal. A thread whose thread-locals are gone already does without.
fn note(text: String) {
    let _ = REFUSAL.try_with(|refusal| refusal.replace(Some(text)));
}

/// The refusal noted since this was last asked.
fn noted() -> Option<String> {
    REFUSAL.try_with(RefCell::take).ok().flatten()
}

/// The error a `Serialize` of ours gives in serde's name, with a text that reaches the user.
pub(crate) fn refuse_to_encode<E: serde::ser::Error>(text: impl Display) -> E {
    note(text.to_string());
    E::custom(text)
}

/// The same for a `Deserialize` of ours.
pub(crate) fn refuse_to_decode<E: serde::de::Error>(text: impl Display) -> E {
    note(text.to_string());
    E::custom(text)
}

/// `value` as bytes.
///
/// # Errors
///
/// `Encode` if its `Serialize` fails.
pub(crate) fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Vec<u8>, Error> {
    noted();
    postcard::to_allocvec(value).map_err(|error| {
        let cause = noted().unwrap_or_else(|| error.to_string());
        Error::new(
            ErrorKind::Encode,
            format!("cannot encode {}: {cause}", std::any::type_name::<T>()),
        )
    })
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
        std::any::type_name::<T>()
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
    noted();
    postcard::take_from_bytes(bytes).map_err(|error| {
        let cause = noted().unwrap_or_else(|| error.to_string());
        Error::new(
            ErrorKind::Decode,
            format!("cannot decode {}: {cause}", std::any::type_name::<T>()),
        )
    })
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
    fn an_announced_size_allocates_nothing() {
        // A list of 2^60 elements, of which none follow.
        let announced = encode(&(1u64 << 60)).unwrap();
        assert_eq!(
            decode::<Vec<u64>>(&announced).unwrap_err().kind(),
            ErrorKind::Decode
        );
        assert_eq!(
            decode::<String>(&announced).unwrap_err().kind(),
            ErrorKind::Decode
        );
    }
}
