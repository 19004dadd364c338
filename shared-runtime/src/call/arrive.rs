//! What comes with a reply to a call that is not waited for on the spot: its error, or its handles, for which leases of our own are to be had.

use std::sync::Arc;

use super::takes;
use crate::client::Session;
use crate::error::Error;
use crate::handle::{Lease, arrivals, server_id};
use crate::message::{Claim, ErrorOnWire, Handles, Reply};
use crate::os::Deadline;

/// The handles of a reply: the number that binds the body to them, and our leases.
pub(super) type Arrived = (u64, Vec<Arc<Lease>>);

/// Takes over what came with the reply of this number, and hands it to `done`: on another thread where a server has to be asked. What nobody
/// wants is given back.
pub(super) fn arrive(
    session: &Arc<Session>,
    number: u64,
    reply: Reply,
    wanted: bool,
    deadline: Deadline,
    done: impl FnOnce(Result<Arrived, Error>) + Send + 'static,
) {
    if let Err(ErrorOnWire(error)) = reply.outcome {
        return done(Err(error.in_process(session.label())));
    }
    let Handles { nonce, mut claims } = reply.handles;
    let confirm = claims.iter().any(Claim::is_to_be_confirmed);
    if !wanted {
        claims.retain(|claim| claim.elsewhere(server_id()).is_none());
    }
    let elsewhere = claims.iter().find_map(|claim| claim.elsewhere(server_id()));
    let session = Arc::clone(session);
    let take = move || {
        let leases = arrivals(&claims, Some(&session), deadline);
        if confirm {
            session.confirm_later(number);
        }
        done(Ok((nonce, leases)));
    };
    match elsewhere {
        Some(server) => takes::run(server, take),
        None => take(),
    }
}
