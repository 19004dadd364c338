//! Handles at the edge of a message: offered as claims by whoever sends it, taken as leases by whoever gets it.

use std::sync::Arc;

use super::home;
use super::lease::{Lease, Place};
use crate::address::Endpoint;
use crate::error::{Error, ErrorKind};
use crate::message::{Claim, ErrorOnWire};
use crate::os::Deadline;

/// A lease of our own for a handle that came in a message. A failure becomes a handle whose calls say why.
pub(crate) fn arrival(claim: &Claim, deadline: Deadline) -> Arc<Lease> {
    match claim {
        Claim::At { endpoint, object } => Lease::take(endpoint, *object, deadline),
        Claim::Broken(ErrorOnWire(cause)) => Lease::nowhere(cause.clone()),
        Claim::Granted { .. } => {
            let text = "a lease was granted where none can be: the message did not come from the object's server";
            Lease::nowhere(Error::new(ErrorKind::Decode, text))
        }
    }
}

/// How a handle is offered to whoever gets the message.
pub(crate) fn claim(lease: &Arc<Lease>) -> Result<Claim, Error> {
    Ok(match lease.place() {
        Place::Here(hosted) => Claim::At {
            endpoint: home::endpoint()?,
            object: hosted.id(),
        },
        Place::At { session, object } => Claim::At {
            endpoint: Endpoint::clone(session.endpoint()),
            object: *object,
        },
        Place::Nowhere(cause) => Claim::Broken(ErrorOnWire(cause.clone())),
    })
}
