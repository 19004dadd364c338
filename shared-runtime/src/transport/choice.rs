//! What users choose between: how frames travel, and how threads wait for them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// How the calls of other processes on this machine reach a server.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Transport {
    /// Shared memory: the default, and a hundred times as fast as a socket.
    #[default]
    Ring,
    /// Sockets, through ipc-channel.
    Channel,
}

/// How the threads of both sides wait for the next frame.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[non_exhaustive]
pub enum Waiting {
    /// A thread looks for the frame for a short while before it sleeps, where that has been of use lately and a CPU is free for it.
    #[default]
    Adaptive,
    /// A thread sleeps at once. Calls take longer, and no CPU time is spent on waiting.
    Block,
}

impl FromStr for Transport {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "ring" => Ok(Self::Ring),
            "channel" => Ok(Self::Channel),
            _ => Err(format!(
                "`{name}` is no transport: there are `ring` and `channel`"
            )),
        }
    }
}
