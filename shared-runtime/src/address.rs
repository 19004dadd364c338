//! Where a server is reached, and which server it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// One life of one server. Never reused: a restarted server is another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct ServerId(u128);

impl ServerId {
    /// No server at all.
    pub(crate) const NONE: Self = Self(0);

    pub(crate) fn random() -> Self {
        Self(crate::os::random_id())
    }

    /// The same as two numbers.
    pub(crate) fn halves(self) -> [u64; 2] {
        let [high, low] = [self.0 >> 64, self.0 & u128::from(u64::MAX)];
        [high, low].map(|half| u64::try_from(half).unwrap_or_default())
    }
}

impl fmt::Display for ServerId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

/// The way to a server.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub(crate) enum Address {
    /// A name in Linux's abstract socket namespace: private to the user by a credentials check, gone with its process.
    Abstract(Vec<u8>),
}

impl Address {
    /// A name nobody else has.
    pub(crate) fn private() -> Self {
        Self::Abstract(format!("shared-runtime/{:032x}", crate::os::random_id()).into_bytes())
    }
}

/// A server and the way to it: what a handle says about its place.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Endpoint {
    pub(crate) server: ServerId,
    pub(crate) address: Address,
    /// What the server's process is called, and its number on its machine: for people.
    pub(crate) name: String,
    pub(crate) pid: u32,
}
