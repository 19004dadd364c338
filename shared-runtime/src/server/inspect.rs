//! What a server is doing, as data.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::sessions::SESSIONS;
use crate::object::{CALLS, LOCAL, REGISTRY, RunningCall, SessionId};
use crate::program;

/// A server at one moment: what [`ServerHandle::inspect`](crate::ServerHandle::inspect) returns.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Inspection {
    /// The server, as `name (pid 123)`.
    pub process: String,
    /// Its clients, in the order of their arrival.
    pub sessions: Vec<SessionInfo>,
    /// Its objects, in the order of their creation.
    pub objects: Vec<ObjectInfo>,
    /// The calls that run or wait, oldest first, as far as a clock that advances every few milliseconds tells.
    pub calls: Vec<CallInfo>,
}

/// A client process.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SessionInfo {
    /// As `name (pid 123)`.
    pub process: String,
    /// How many objects it holds.
    pub objects: usize,
}

/// A hosted object.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ObjectInfo {
    /// Its number in this server, never used again.
    pub id: u64,
    /// Its type, as `crate::module::Type`.
    pub type_name: String,
    /// The processes that hold it, each with the number of its leases.
    pub holders: Vec<(String, u64)>,
    /// Whether a panic has left it in doubt.
    pub poisoned: bool,
}

/// A call.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CallInfo {
    /// The object, unless it is a constructor that runs.
    pub object: Option<u64>,
    /// As `crate::module::Type::method`.
    pub method: String,
    /// As `name (pid 123)`.
    pub caller: String,
    /// How long ago it arrived, to some milliseconds.
    pub age: Duration,
    /// The calls that hold the object's lock, if this one waits for it.
    pub waits_for: Vec<String>,
}

/// This process, now. The lists are taken one after the other: a call may have ended in between.
pub(crate) fn inspect() -> Inspection {
    let sessions = SESSIONS.list();
    let list = REGISTRY.list();
    let name = |id: SessionId| {
        let session = sessions.iter().find(|session| session.caller.session == id);
        session.map_or_else(
            || {
                if id == LOCAL {
                    program::label().to_owned()
                } else {
                    "a client that has left".to_owned()
                }
            },
            |s| s.caller.label.clone(),
        )
    };
    let objects = list.iter().map(|(hosted, holders)| ObjectInfo {
        id: hosted.id(),
        type_name: hosted.type_name().to_owned(),
        holders: holders
            .iter()
            .map(|(session, leases)| (name(*session), *leases))
            .collect(),
        poisoned: hosted.is_poisoned(),
    });
    let held_by = |id: SessionId| {
        list.iter()
            .filter(|(_, holders)| holders.iter().any(|(holder, _)| *holder == id))
            .count()
    };
    Inspection {
        process: program::label().to_owned(),
        objects: objects.collect(),
        sessions: sessions
            .iter()
            .map(|s| SessionInfo {
                process: s.caller.label.clone(),
                objects: held_by(s.caller.session),
            })
            .collect(),
        calls: CALLS.list().iter().map(call_info).collect(),
    }
}

fn call_info(call: &RunningCall) -> CallInfo {
    let waits_for = match call.object {
        Some(object) if call.holds.is_none() => CALLS.holders(object),
        _ => Vec::new(),
    };
    CallInfo {
        object: call.object,
        method: call.method.to_string(),
        caller: call.caller.label.clone(),
        age: call.since.elapsed(),
        waits_for,
    }
}
