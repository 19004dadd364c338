//! What the codec refuses: its limits, and the texts that say why and what to do instead. Also for whoever can tell before a
//! value is encoded that its type cannot be read again.

use std::fmt;

use serde::{de, ser};

/// How many values may stand around a value. Each list, map, tuple, struct, `Some` and variant with contents is one. Every level
/// takes some of the stack of the thread that reads, and a stack that is used up ends the process.
pub(super) const DEPTH: usize = 128;

/// How many elements of lists and maps may take no bytes, in one message. All others are bounded by the bytes there are; of
/// these, nine bytes could announce 2^64.
pub(super) const EMPTY: usize = 1 << 16;

/// A type that lets the data say what it is.
pub(crate) const SELF_DESCRIBING: &str = "the type asks the data what comes next, which the bytes do not say; so do \
    `#[serde(untagged)]`, `#[serde(tag = …)]`, `#[serde(flatten)]` and `serde_json::Value`: remove the attribute, or wrap the \
    value in `shared_runtime::Json` (feature `json`)";

/// A map without its length. Derived code writes one for `flatten` alone.
pub(crate) const FLATTEN: &str = "the length of a map is not known before it is written, as with `#[serde(flatten)]`: remove \
    the attribute (or give the length to `serialize_map`), or wrap the value in `shared_runtime::Json` (feature `json`)";

/// A list without its length.
pub(crate) const UNCOUNTED: &str = "the length of a list is not known before it is written, as with `collect_seq` over a \
    filtered iterator: collect it into a `Vec` first, or wrap the value in `shared_runtime::Json` (feature `json`)";

/// A struct that leaves out a field now and then.
pub(crate) fn skipped_field(name: &str, field: &str) -> String {
    format!(
        "`{name}` leaves out its field `{field}`, and the bytes do not say which fields there are: remove \
        `#[serde(skip_serializing_if)]`, or wrap the value in `shared_runtime::Json` (feature `json`)"
    )
}

/// Why a value was not written or read: the text of whoever refused it.
#[derive(Debug)]
pub(super) struct Refusal(Box<str>);

impl Refusal {
    #[cold]
    pub(super) fn new(text: impl Into<Box<str>>) -> Self {
        Self(text.into())
    }

    #[cold]
    pub(super) fn too_deep() -> Self {
        Self::new(format!(
            "more than {DEPTH} values stand inside each other: make the type flatter, for example a `Vec` of nodes that \
            name each other by index"
        ))
    }

    #[cold]
    pub(super) fn too_many_empty() -> Self {
        Self::new(format!(
            "more than {EMPTY} elements of lists take no bytes: send their number instead"
        ))
    }

    #[cold]
    pub(super) fn too_few_bytes(length: usize, bytes: usize) -> Self {
        Self::new(format!(
            "a list of {length} elements is announced, and {bytes} bytes are there for them"
        ))
    }

    #[cold]
    pub(super) fn at_end() -> Self {
        Self::of_bytes(postcard::Error::DeserializeUnexpectedEnd)
    }

    /// What postcard has to say of a single number, text or byte string.
    #[cold]
    pub(super) fn of_bytes(error: postcard::Error) -> Self {
        use postcard::Error as E;
        Self::new(match error {
            E::DeserializeUnexpectedEnd => "the bytes end too early",
            E::DeserializeBadVarint => "a number is too large for its type",
            E::DeserializeBadBool => "a bool is neither 0 nor 1",
            E::DeserializeBadChar => "a char is none",
            E::DeserializeBadUtf8 => "a text is not UTF-8",
            other => return Self::new(other.to_string()),
        })
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Refusal {}

impl ser::Error for Refusal {
    #[cold]
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text.to_string())
    }
}

impl de::Error for Refusal {
    #[cold]
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self::new(text.to_string())
    }
}
