//! Shapes as they are compared and sent: in a table in which each refers to its parts by their places.

use serde::{Deserialize, Serialize};

/// What is said of a type, less its parts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Kind {
    /// A number, a text, a run of bytes or nothing, by its name.
    Plain,
    Option,
    List,
    Map,
    Tuple,
    Struct,
    Enum,
}

/// How the parts of a struct or variant are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) enum Style {
    Unit,
    Newtype,
    Tuple,
    Fields,
    /// A variant that is never read, as the other system's in an `OsString`.
    Never,
}

/// A type as serde sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(super) kind: Kind,
    /// As serde knows it: without a path. Empty for what has none.
    pub(super) name: String,
    /// Those of an enum; one without a name for everything else that has parts.
    pub(super) variants: Vec<Variant>,
}

/// A variant of an enum, or all of another type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Variant {
    pub(super) name: String,
    pub(super) style: Style,
    pub(super) parts: Vec<Part>,
}

/// A field or element.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Part {
    pub(super) name: String,
    /// Its place in the table; none where serde only knows another name of a field (`alias`).
    pub(super) shape: Option<u32>,
}
