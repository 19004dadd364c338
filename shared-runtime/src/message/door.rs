//! What is said at a chosen address: both sides prove that they have its key, and the client learns the way to the server itself. Nothing else is
//! ever said there.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::address::Address;
use crate::auth_key::AuthKey;
use crate::proof::{Nonce, Proof};

/// The most bytes of what a client says: strangers are not listened to for long.
pub(crate) const KNOCK_LIMIT: usize = 128;

pub(crate) const DOOR_MAGIC: [u8; 8] = *b"shared\0\x02";

/// The address that a server is told to be reached at, and its key.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Door {
    pub(crate) address: Address,
    #[serde(serialize_with = "write_key", deserialize_with = "read_key")]
    pub(crate) key: AuthKey,
}

/// A key goes from a process to the server that it starts, and nowhere else.
fn write_key<S: Serializer>(key: &AuthKey, serializer: S) -> Result<S::Ok, S::Error> {
    key.bytes().serialize(serializer)
}

fn read_key<'de, D: Deserializer<'de>>(from: D) -> Result<AuthKey, D::Error> {
    AuthKey::new(Vec::deserialize(from)?).map_err(serde::de::Error::custom)
}

/// The first message of a client.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Knock {
    pub(crate) magic: [u8; 8],
    pub(crate) protocol: u32,
    pub(crate) nonce: Nonce,
}

/// The server's answer to a [`Knock`]. The client proves first: whoever merely knocks gets nothing that depends on the key.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Challenge {
    Prove(Nonce),
    /// The server was built with another version of this library.
    OtherVersion,
}

/// The client's answer to a [`Challenge`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Response(pub(crate) Proof);

/// The end of it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Verdict {
    Admitted {
        /// An encoded [`Endpoint`](crate::address::Endpoint): what the server's proof vouches for.
        endpoint: Vec<u8>,
        proof: Proof,
    },
    Denied,
}
