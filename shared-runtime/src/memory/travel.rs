//! Blocks as parts of messages: by name where they have one, else as what comes along.

use std::os::fd::AsFd;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::carried::Carried;
use super::frozen::FrozenMemory;
use super::shared_memory::SharedMemory;
use crate::error::{Error, ErrorKind};
use crate::handle::is_made_up;
use crate::mapped::{Frozen, is_frozen};

const TYPE: &str = "SharedMemory";

/// How a block is written: by the same names and numbers below.
#[derive(Deserialize)]
#[serde(rename = "SharedMemory")]
enum Written {
    Named(String),
    Unnamed(Carried),
}

/// A block with a name as that, in any format; one without a name only within a call, a task's arguments or a result.
impl Serialize for SharedMemory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.name() {
            Some(name) => serializer.serialize_newtype_variant(TYPE, 0, "Named", name),
            None => serializer.serialize_newtype_variant(TYPE, 1, "Unnamed", self.carried()),
        }
    }
}

/// Opens the block.
impl<'de> Deserialize<'de> for SharedMemory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let written = Written::deserialize(deserializer)?;
        // While a type is traced there are no blocks.
        let opened = match written {
            _ if is_made_up() => Self::anonymous(1),
            Written::Named(name) => Self::open(&name),
            Written::Unnamed(carried) => arrived(carried),
        };
        opened.map_err(D::Error::custom)
    }
}

fn arrived(carried: Carried) -> Result<SharedMemory, Error> {
    let (file, size) = carried.file()?;
    if is_frozen(file.as_fd()) {
        let text = "the memory is frozen: receive it as FrozenMemory";
        return Err(Error::new(ErrorKind::InvalidData, text));
    }
    SharedMemory::unnamed(file, size, Some(carried))
}

/// Only within a call, a task's arguments or a result.
impl Serialize for FrozenMemory {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.carried().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for FrozenMemory {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let carried = Carried::deserialize(deserializer)?;
        let opened = if is_made_up() {
            let made_up = SharedMemory::anonymous(1);
            made_up.and_then(|memory| memory.freeze().map_err(|(_, error)| error))
        } else {
            arrived_frozen(carried)
        };
        opened.map_err(D::Error::custom)
    }
}

fn arrived_frozen(carried: Carried) -> Result<FrozenMemory, Error> {
    let (file, size) = carried.file()?;
    if !is_frozen(file.as_fd()) {
        let text = "memory that can still be written to, where frozen memory was expected";
        return Err(Error::new(ErrorKind::InvalidData, text));
    }
    Ok(FrozenMemory::new(
        Frozen::of(file.as_fd(), size)?,
        file,
        Some(carried),
    ))
}
