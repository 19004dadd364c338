//! Lists as parts of messages: the blocks that they are in.

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::shareable_list::ShareableList;
use crate::handle::is_made_up;
use crate::memory::SharedMemory;

impl Serialize for ShareableList {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.shared_memory().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ShareableList {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let memory = SharedMemory::deserialize(deserializer)?;
        // A type is traced: there are no lists.
        let list = if is_made_up() {
            Self::make([(); 0], SharedMemory::anonymous)
        } else {
            Self::try_from(memory)
        };
        list.map_err(D::Error::custom)
    }
}
