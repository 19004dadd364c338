//! What a pool and its workers say to each other once a worker is ready.

use serde::{Deserialize, Serialize};

use crate::message::Handles;

/// What the owner of a worker says to it. The worker answers each job with a [`Reply`](crate::message::Reply), in their order.
#[derive(Debug, Serialize, Deserialize)]
pub(super) enum Order {
    /// Run this task on the arguments in the body.
    Job { task: String, handles: Handles },
    /// The handles of the reply to the job of this number have been taken. Jobs count up from 0; one server may be slower than another, so
    /// this comes in any order.
    Taken(u64),
    /// End when all that was said before is done.
    Stop,
}
