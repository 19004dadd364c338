//! A handle whose type is known by its interface alone, as servers keep them.

use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::carry::{read_any_handle, write_handle};
use super::lease::Lease;

#[derive(Clone, Debug)]
pub(crate) struct AnyHandle {
    pub(crate) lease: Arc<Lease>,
    pub(crate) interface: u64,
}

impl Serialize for AnyHandle {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write_handle(&self.lease, self.interface, serializer)
    }
}

impl<'de> Deserialize<'de> for AnyHandle {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (lease, interface) = read_any_handle(deserializer)?;
        Ok(Self { lease, interface })
    }
}
