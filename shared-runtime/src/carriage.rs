//! What users choose between: how frames travel, and how threads wait for them.

use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::{Error, ErrorKind};

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

/// What the two sides of a server's connections have agreed on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Carriage {
    pub(crate) transport: Transport,
    pub(crate) waiting: Waiting,
}

/// Names the transport of the servers of a program and its children.
const VARIABLE: &str = "SHARED_TRANSPORT";

impl Carriage {
    /// What holds where nothing else is said: the environment's transport, or the best there is.
    ///
    /// # Errors
    ///
    /// `Unknown` if the environment names no transport.
    pub(crate) fn usual() -> Result<Self, Error> {
        let Some(name) = std::env::var_os(VARIABLE) else {
            return Ok(Self::default());
        };
        let transport = name.to_string_lossy().parse::<Transport>();
        let transport = transport.map_err(|what| {
            let text = format!("the environment variable {VARIABLE}: {what}");
            Error::new(ErrorKind::Unknown, text)
        })?;
        Ok(Self {
            transport,
            ..Self::default()
        })
    }
}
