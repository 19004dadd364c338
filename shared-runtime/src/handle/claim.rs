//! Handles at the edge of a message: offered as claims by whoever sends it, taken as leases by whoever gets it.

use std::collections::HashMap;
use std::sync::Arc;
use std::vec::IntoIter;

use super::home;
use super::lease::{Lease, Place, gone};
use super::offered::{fetch, offer};
use crate::address::Endpoint;
use crate::client::Session;
use crate::error::{Error, ErrorKind};
use crate::message::{Claim, ErrorOnWire};
use crate::object::{REGISTRY, SessionId};
use crate::os::Deadline;

/// Leases of our own for the handles that came in a message, in their order. A failure becomes a handle whose calls say why:
/// it never fails the message. `from` is the session whose server sent it, which alone can have granted leases.
///
/// Each server is asked once, for all of its objects.
pub(crate) fn arrivals(
    claims: &[Claim],
    from: Option<&Arc<Session>>,
    deadline: Deadline,
) -> Vec<Arc<Lease>> {
    if claims.is_empty() {
        return Vec::new();
    }
    let mut elsewhere: HashMap<&Endpoint, Wanted> = HashMap::new();
    for claim in claims {
        match claim {
            Claim::At { endpoint, object } => {
                elsewhere.entry(endpoint).or_default().objects.push(*object);
            }
            Claim::Memory { endpoint, number } => {
                elsewhere.entry(endpoint).or_default().memory.push(*number);
            }
            Claim::Granted { .. } | Claim::Broken(_) => {}
        }
    }
    let mut taken = take_from_all(elsewhere, deadline);
    let lease = |claim: &Claim| match claim {
        Claim::Granted { object } => from.map_or_else(
            || Lease::nowhere(not_granted()),
            |session| Lease::granted(session, *object),
        ),
        Claim::At { endpoint, .. } => taken
            .get_mut(endpoint)
            .and_then(|taken| taken.objects.next())
            .unwrap_or_else(|| Lease::nowhere(gone())),
        Claim::Memory { endpoint, .. } => taken
            .get_mut(endpoint)
            .and_then(|taken| taken.memory.next())
            .unwrap_or_else(|| Lease::nowhere(gone())),
        Claim::Broken(ErrorOnWire(cause)) => Lease::nowhere(cause.clone()),
    };
    claims.iter().map(lease).collect()
}

/// The most servers that are asked for one message.
const MOST_SERVERS: usize = 64;

/// What one server is asked for.
#[derive(Default)]
struct Wanted {
    objects: Vec<u64>,
    memory: Vec<u64>,
}

/// What it answered, in the same order.
struct Taken {
    objects: IntoIter<Arc<Lease>>,
    memory: IntoIter<Arc<Lease>>,
}

type All<'a> = HashMap<&'a Endpoint, Taken>;

/// Asks the servers at the same time: one that is stopped uses up nobody else's time.
fn take_from_all<'a>(elsewhere: HashMap<&'a Endpoint, Wanted>, deadline: Deadline) -> All<'a> {
    let take = |endpoint: &'a Endpoint, wanted: &Wanted| {
        let taken = Taken {
            objects: Lease::take(endpoint, &wanted.objects, deadline).into_iter(),
            memory: fetch(endpoint, &wanted.memory, deadline).into_iter(),
        };
        (endpoint, taken)
    };
    // Usually there is one, or none.
    if elsewhere.len() < 2 {
        let all = elsewhere.iter();
        return all
            .map(|(endpoint, wanted)| take(endpoint, wanted))
            .collect();
    }
    std::thread::scope(|scope| {
        let mut taken = HashMap::new();
        let mut asked = Vec::new();
        for (endpoint, wanted) in elsewhere.iter().take(MOST_SERVERS) {
            let thread = std::thread::Builder::new().name("shared-take".into());
            match thread.spawn_scoped(scope, move || take(endpoint, wanted)) {
                Ok(thread) => asked.push(thread),
                // No thread to be had: one after the other, then.
                Err(_) => taken.extend([take(endpoint, wanted)]),
            }
        }
        taken.extend(asked.into_iter().filter_map(|thread| thread.join().ok()));
        taken
    })
}

fn not_granted() -> Error {
    let text =
        "a lease was granted where none can be: the message did not come from the object's server";
    Error::new(ErrorKind::Decode, text)
}

/// How a handle is offered to whoever gets the message: the sender keeps its own lease until the receiver has one.
pub(crate) fn claim(lease: &Arc<Lease>) -> Result<Claim, Error> {
    if lease.memory().is_some() {
        return offer(lease);
    }
    Ok(match lease.place() {
        Place::Here(hosted) => Claim::At {
            endpoint: home::endpoint()?,
            object: hosted.id(),
        },
        Place::At { session, object } => Claim::At {
            endpoint: Endpoint::clone(session.endpoint()),
            object: *object,
        },
        Place::Nowhere { cause, .. } => Claim::Broken(ErrorOnWire(cause.clone())),
    })
}

/// How a handle is offered in a reply to `session`: one of our own objects with a lease of it, which is counted now, before
/// what keeps the object alive here goes.
pub(crate) fn grant(lease: &Arc<Lease>, session: SessionId) -> Claim {
    let offered = match lease.place() {
        Place::Here(hosted) => REGISTRY
            .lease(hosted.id(), session)
            .map(|hosted| Claim::Granted {
                object: hosted.id(),
            })
            .ok_or_else(gone),
        _ => claim(lease),
    };
    offered.unwrap_or_else(|error| Claim::Broken(ErrorOnWire(error)))
}

/// Takes back what was granted with a reply that could not be sent.
pub(crate) fn take_back(claims: &[Claim], session: SessionId) {
    for claim in claims {
        if let Claim::Granted { object } = claim {
            REGISTRY.release(*object, session, 1);
        }
    }
}
