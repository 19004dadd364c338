//! What a server answers about itself and its objects, past their methods.

use std::sync::Arc;

use super::inspect::inspect;
use super::{names, tickets};
use crate::error::{Error, ErrorKind};
use crate::functions;
use crate::handle::{AnyHandle, Lease, gone};
use crate::interface::{self, Arguments, Encoded, Returned, encode, implementation_of};
use crate::message::Subject;
use crate::object::{Hosted, REGISTRY};

/// The answer to anything but a method or a constructor, which are calls.
pub(super) fn answer(subject: Subject, mut arguments: Arguments<'_>) -> Returned {
    match subject {
        Subject::Take { objects } => take(&objects),
        Subject::Ping { object } => hosted(object).and_then(|_| encode(&())),
        Subject::Implements { object, interface } => {
            encode(&implementation_of(&*hosted(object)?, interface).is_ok())
        }
        Subject::ClearPoison { object } => {
            hosted(object)?.set_poisoned(false);
            encode(&())
        }
        Subject::IssueTicket {
            object,
            interface,
            lifetime,
        } => encode(&tickets::issue(object, interface, lifetime)?),
        Subject::RedeemTicket { secret, interface } => {
            let lease = tickets::redeem(secret, interface)?;
            encode(&AnyHandle { lease, interface })
        }
        Subject::Publish { name } => {
            names::publish(name, arguments.decode::<AnyHandle>()?)?;
            encode(&())
        }
        Subject::Unpublish { name } => encode(&names::unpublish(&name)),
        Subject::Lookup { name, interface } => {
            let found = names::lookup(&name, interface)?;
            encode(&found.map(|lease| AnyHandle { lease, interface }))
        }
        Subject::Describe { interface } => {
            encode(functions::known(interface::interface(interface)?).functions())
        }
        Subject::Inspect => encode(&inspect()),
        Subject::ObjectCount => encode(&REGISTRY.len()),
        Subject::Method { .. } | Subject::Constructor { .. } | Subject::Taken => Err(Error::new(
            ErrorKind::Unknown,
            "this is not a question about a server",
        )),
    }
}

fn hosted(object: u64) -> Result<Arc<Hosted>, Error> {
    REGISTRY.get(object).ok_or_else(gone)
}

/// Leases of the objects, as handles of the answer. They are granted as those of any reply are: one that does not arrive, or that
/// nobody waits for any more, gives them back; in the place of an object that is gone comes a broken handle.
fn take(objects: &[u64]) -> Returned {
    let leases: Vec<Arc<Lease>> = objects.iter().map(|object| Lease::here(*object)).collect();
    let Encoded(mut answer) = encode(&())?;
    answer.leases = leases;
    Ok(Encoded(answer))
}
