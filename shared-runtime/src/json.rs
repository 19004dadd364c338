//! `Json<T>`: a value that travels as its JSON text, for types that the codec's own form cannot hold.

use std::fmt;
use std::io;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};

use serde::de::{self, Deserialize, DeserializeOwned, Deserializer};
use serde::ser::{self, Serialize, Serializer};
use serde_json::ser::{CompactFormatter, Formatter};

/// A value that travels as its JSON text.
///
/// Arguments and results travel in a form that does not describe itself. A type that finds out from the data what it reads
/// cannot be read from it: `serde_json::Value`, and types with `#[serde(flatten)]`, `#[serde(untagged)]`, `#[serde(tag = …)]` or
/// `#[serde(skip_serializing_if = …)]`. Calls with them are refused with an [`Encode`](crate::ErrorKind::Encode) or
/// [`Decode`](crate::ErrorKind::Decode) error. In a `Json` they are arguments and results as all others; handles in them stay
/// alive and arrive as handles.
///
/// What JSON cannot say, it cannot carry: `NaN` and infinities arrive as `null`, which is an error where a number is expected, and
/// the keys of maps must be texts or numbers. Lists and maps nest 127 deep at most. A text takes more room and time than the
/// form it replaces.
///
/// ```
/// use serde::{Deserialize, Serialize};
/// use shared_runtime::{Json, Shared, shared};
///
/// #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
/// #[serde(untagged)]
/// pub enum Setting { Number(i64), Text(String) }
///
/// #[derive(Default)]
/// pub struct Settings { latest: Option<Setting> }
///
/// #[shared]
/// impl Settings {
///     pub fn set(&mut self, setting: Json<Setting>) {
///         self.latest = Some(setting.0);
///     }
///     pub fn latest(&self) -> Option<Json<Setting>> {
///         self.latest.clone().map(Json)
///     }
/// }
///
/// let settings = Shared::new(Settings::default());
/// settings.set(Json(Setting::Text("fast".into())))?;
/// assert_eq!(settings.latest()?, Some(Json(Setting::Text("fast".into()))));
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Json<T: ?Sized>(
    /// The value.
    pub T,
);

impl<T> Json<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: ?Sized> Deref for Json<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T: ?Sized> DerefMut for Json<T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T: ?Sized> AsRef<T> for Json<T> {
    fn as_ref(&self) -> &T {
        &self.0
    }
}

impl<T> From<T> for Json<T> {
    fn from(value: T) -> Self {
        Self(value)
    }
}

impl<T: fmt::Display + ?Sized> fmt::Display for Json<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<T: Serialize + ?Sized> Serialize for Json<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = Vec::new();
        let mut json = serde_json::Serializer::with_formatter(&mut text, Bounded::default());
        self.0.serialize(&mut json).map_err(ser::Error::custom)?;
        let text = String::from_utf8(text).map_err(ser::Error::custom)?;
        serializer.serialize_str(&text)
    }
}

impl<'de, T: DeserializeOwned> Deserialize<'de> for Json<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_str(Text(PhantomData)).map(Self)
    }
}

/// Reads the text where it is.
struct Text<T>(PhantomData<fn() -> T>);

impl<T: DeserializeOwned> de::Visitor<'_> for Text<T> {
    type Value = T;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON text")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        serde_json::from_str(text).map_err(E::custom)
    }
}

/// Writes no text that is nested too deeply for the reader.
#[derive(Default)]
struct Bounded {
    depth: usize,
}

impl Bounded {
    /// The reader of `serde_json` gives up at one more.
    const DEPTH: usize = 127;

    fn enter(&mut self) -> io::Result<()> {
        if self.depth == Self::DEPTH {
            let text = format!(
                "more than {} lists and maps of JSON stand inside each other",
                Self::DEPTH
            );
            return Err(io::Error::other(text));
        }
        self.depth += 1;
        Ok(())
    }
}

impl Formatter for Bounded {
    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        CompactFormatter.begin_array(writer)
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_array(writer)
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.enter()?;
        CompactFormatter.begin_object(writer)
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.depth -= 1;
        CompactFormatter.end_object(writer)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::codec::{decode, encode};
    use crate::error::ErrorKind;

    #[test]
    fn it_is_its_text_in_every_format() {
        let json = Json(BTreeMap::from([("a", 1)]));
        assert_eq!(encode(&json).unwrap(), encode(r#"{"a":1}"#).unwrap());
        let inside = serde_json::to_string(&json).unwrap();
        assert_eq!(inside, r#""{\"a\":1}""#);
        let read: Json<BTreeMap<String, u8>> = serde_json::from_str(&inside).unwrap();
        assert_eq!(read["a"], 1);
    }

    #[test]
    fn numbers_come_back_as_they_went() {
        let mut bits = 1u64;
        for _ in 0..if cfg!(miri) { 100 } else { 100_000 } {
            bits = bits.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(1);
            let number = f64::from_bits(bits);
            if number.is_finite() {
                let read: Json<f64> = decode(&encode(&Json(number)).unwrap()).unwrap();
                assert_eq!(read.to_bits(), number.to_bits(), "{number:e}");
            }
        }
        let read: Json<(u64, i128)> =
            decode(&encode(&Json((u64::MAX, i128::MIN))).unwrap()).unwrap();
        assert_eq!(read.0, (u64::MAX, i128::MIN));
    }

    #[test]
    fn what_json_has_to_say_arrives() {
        let texts = [
            (r#"{"a":1"#, "EOF while parsing an object"),
            (r#"{"a":1} 2"#, "trailing characters"),
            ("[]", "expected a map"),
        ];
        for (text, cause) in texts {
            let bytes = encode(text).unwrap();
            let error = decode::<Json<BTreeMap<String, u8>>>(&bytes).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
            assert!(error.to_string().contains(cause), "{error}");
        }
        let error = encode(&Json(BTreeMap::from([([1u8], 1u8)]))).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Encode);
        assert!(
            error.to_string().contains("key must be a string"),
            "{error}"
        );
    }

    #[test]
    fn hostile_depth_is_an_error() {
        for text in ["[".repeat(1 << 20), r#"{"":"#.repeat(1 << 20)] {
            let bytes = encode(&text).unwrap();
            let error = decode::<Json<serde_json::Value>>(&bytes).unwrap_err();
            assert!(error.to_string().contains("recursion limit"), "{error}");
        }
    }

    #[test]
    fn it_is_used_as_what_it_holds() {
        let mut json = Json::from(vec![1]);
        json.push(2);
        assert_eq!((json.len(), json.as_ref()), (2, &vec![1, 2]));
        assert_eq!(json, Json(vec![1, 2]));
        assert_eq!(Json("text").to_string(), "text");
        assert_eq!(json.into_inner(), [1, 2]);
    }
}
