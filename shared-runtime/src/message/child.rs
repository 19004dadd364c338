//! What a process and its owner say to each other on their control channel.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Door, ErrorOnWire, Handles, Reply};
use crate::address::Endpoint;
use crate::carriage::Carriage;
use crate::os::SocketFile;

/// What the owner of a process says to it on their control channel.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum ToChild {
    /// Run this task on the arguments in the body.
    Task { task: String, handles: Handles },
    /// Be a worker of a pool; before that, run a task on the arguments in the body.
    Work {
        initializer: Option<(String, Handles)>,
    },
    /// Host objects; before that, run a task on the arguments in the body.
    Serve {
        settings: ServerSettings,
        initializer: Option<(String, Handles)>,
    },
    /// The handles of the result have been taken.
    Taken,
    /// Stop serving and end.
    Shutdown,
}

/// What a process says to its owner.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum FromChild {
    /// The task's handles are taken; it begins. Or: the worker is ready.
    Started,
    /// The task, or the initializer, has ended. Its result is the body.
    Finished(Reply),
    /// The server can be reached here. And the file of its chosen address, if there is one, for whoever finds that the server was killed.
    Serving(Endpoint, Option<SocketFile>),
    /// The server cannot be reached where it was told to be.
    NotServing(ErrorOnWire),
}

/// What a server process is told about itself.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ServerSettings {
    pub(crate) max_message: usize,
    pub(crate) lock_timeout: Duration,
    pub(crate) shutdown_timeout: Duration,
    pub(crate) async_workers: usize,
    pub(crate) carriage: Carriage,
    /// Where it is reached besides its private address.
    pub(crate) door: Option<Door>,
}
