//! What a method returned, as a reply to one session.

use std::mem::take;
use std::sync::Arc;

use super::limits::max_message;
use crate::error::{Error, ErrorKind};
use crate::handle::{Lease, Place, grant, take_back};
use crate::interface::{Encoded, Returned};
use crate::message::{Claim, ErrorOnWire, Handles, Reply};
use crate::object::SessionId;
use crate::transport::Broken;

/// A reply that is about to be sent.
pub(super) struct Offer {
    pub(super) reply: Reply,
    pub(super) body: Vec<u8>,
    /// The handles to objects of other servers, and memory: ours until the client has its own.
    pub(super) pins: Vec<Arc<Lease>>,
}

impl Offer {
    /// Leases of our own objects are granted with it, before the handles that keep them alive here go; if it cannot be sent
    /// they must be taken back.
    pub(super) fn to(session: SessionId, returned: Returned) -> Self {
        let Encoded(mut parcel) = match returned {
            Ok(encoded) => encoded,
            Err(error) => return Self::error(error),
        };
        let (nonce, body) = (parcel.nonce, take(&mut parcel.body));
        let leases = take(&mut parcel.leases);
        parcel.give_back();
        let claims: Vec<Claim> = leases.iter().map(|lease| grant(lease, session)).collect();
        let elsewhere = |lease: &Arc<Lease>| {
            matches!(lease.place(), Place::At { .. }) || lease.memory().is_some()
        };
        Self {
            reply: Reply {
                outcome: Ok(()),
                handles: Handles { nonce, claims },
            },
            body,
            pins: leases.into_iter().filter(elsewhere).collect(),
        }
    }

    fn error(error: Error) -> Self {
        Self {
            reply: Reply {
                outcome: Err(ErrorOnWire(error)),
                handles: Handles::default(),
            },
            body: Vec::new(),
            pins: Vec::new(),
        }
    }

    /// Takes back what was granted with a reply that could not be sent.
    pub(super) fn take_back(reply: &Reply, session: SessionId) {
        take_back(&reply.handles.claims, session);
    }

    /// An error is sent whatever its size: it says why there is no value.
    pub(super) fn check(reply: &Reply, size: usize) -> Result<(), Broken> {
        if reply.outcome.is_ok() && size > max_message() {
            return Err(Broken::TooLarge { size });
        }
        Ok(())
    }
}

pub(super) fn too_large(what: &str, size: usize) -> Error {
    let text = format!(
        "{what} takes {size} bytes, the limit is {} (option `max_message` of the server's builder)",
        max_message()
    );
    Error::new(ErrorKind::TooLarge, text)
}
