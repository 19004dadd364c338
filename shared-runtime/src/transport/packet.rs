//! What ipc-channel carries for us: frames in pieces.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::codec::Bytes;

/// One message of a channel.
#[derive(Serialize, Deserialize)]
pub(super) enum Packet {
    /// A piece of a frame of `size` bytes. The last one completes that size.
    Piece { size: u64, bytes: Piece },
    /// A piece that was not the last has arrived.
    Next,
}

/// Bytes that the codec copies in bulk.
pub(super) struct Piece(pub(super) Vec<u8>);

impl Serialize for Piece {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Piece {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let Bytes(bytes) = Deserialize::deserialize(deserializer)?;
        Ok(Self(bytes.to_vec()))
    }
}
