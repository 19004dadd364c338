//! Calls that their callers do not wait for on the spot, over a session's lane, and how they stand to those over its pipes.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::{Handles, HeldLock, Reply};

/// The head of a frame on a lane: a call that its caller does not wait for on the spot.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LaneCall {
    /// Counts up in a session, for one-way calls and for those with a reply.
    pub(crate) number: u64,
    /// The client's thread, whose calls of one object stay in order; none for a call that neither waits for others nor has others
    /// wait for it.
    pub(crate) thread: Option<u64>,
    pub(crate) object: u64,
    pub(crate) interface: u64,
    pub(crate) method: u32,
    /// What its thread has started on the object before, and that is under way elsewhere.
    pub(crate) after: Option<After>,
    /// None for a one-way call.
    pub(crate) reply: Option<ReplyWanted>,
    pub(crate) handles: Handles,
}

/// What the server must know of the caller who will want a reply.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ReplyWanted {
    /// What is left of the caller's time.
    pub(crate) timeout: Option<Duration>,
    /// The object locks that the chain of calls behind this one holds.
    pub(crate) held: Vec<HeldLock>,
}

/// The head of a frame on the connection for the replies to a lane's calls. A value follows as the body.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct LaneReply {
    pub(crate) number: u64,
    pub(crate) reply: Reply,
}

/// What the reply to a call over a pipe goes by beside the [`LaneReply`]s of the session: `calls` counts those up to it.
pub(crate) fn number_in_pipe(pipe: u64, calls: u64) -> u64 {
    (1 << 63) | (pipe << 32) | (calls & u64::from(u32::MAX))
}

/// How far a pipe must have come before a call of the lane may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct After {
    /// The number of the pipe, as the client has given it.
    pub(crate) pipe: u64,
    /// So many of its calls have run.
    pub(crate) calls: u64,
}
