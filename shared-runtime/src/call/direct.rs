//! A call that is waited for on the spot: its arguments are encoded straight into the carrier, and its answer is decoded where it came. Proxies
//! come in here.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::answer::Answer;
use super::deliver::{self, keep_order, take_over, their_method};
use super::output::{OfTrait, Output};
use super::target::Target;
use crate::client::{Calling, Exchanged, Session};
use crate::codec::{self, Spill};
use crate::context;
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::{Lease, Parcel, Place, claim, gather, opened};
use crate::interface::{Reply, TraitError};
use crate::message::{Handles, ShortCall};
use crate::order;
use crate::os::Deadline;

/// Calls a method, by its place in the method table.
pub fn call<A: Serialize + ?Sized, O: Output<Returned = O>>(
    target: &Target,
    method: u32,
    arguments: &A,
) -> O {
    run::<A, O>(target, method, arguments)
}

/// The same for a trait's method, which returns its own `Result`.
///
/// # Errors
///
/// The method's own, and what went wrong with the call as one of those.
pub fn call_of_trait<A: Serialize + ?Sized, T: Reply, E: TraitError>(
    target: &Target,
    method: u32,
    arguments: &A,
) -> Result<T, E> {
    run::<A, OfTrait<T, E>>(target, method, arguments)
}

fn run<A: Serialize + ?Sized, O: Output>(
    target: &Target,
    method: u32,
    arguments: &A,
) -> O::Returned {
    let mut answer = None;
    let ended = deliver(
        target,
        method,
        &mut |body, spill| match spill {
            Some(spill) => codec::encode_spilling(arguments, body, spill),
            None => codec::encode_into(arguments, body),
        },
        &mut |bytes| answer = Some(decode::<O::Wire>(bytes)),
    );
    match (ended, answer) {
        (Ok(()), Some(Ok(wire))) => O::from_wire(wire),
        (ended, answer) => {
            O::from_error(failed(target, method, ended, answer.and_then(Result::err)))
        }
    }
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, Error> {
    codec::decode(bytes)
}

#[cold]
fn failed(
    target: &Target,
    method: u32,
    ended: Result<(), Error>,
    undecoded: Option<Error>,
) -> Error {
    let undecoded = || undecoded.map(|error| error.ran(Executed::Yes));
    let error = ended.err().or_else(undecoded);
    let unread = || Error::new(ErrorKind::Decode, "an answer that nobody has read");
    target.name_in(error.unwrap_or_else(unread), method)
}

/// Writes the arguments into a buffer, or on into the carrier.
type Write<'a> = &'a mut dyn FnMut(&mut Vec<u8>, Option<&mut dyn Spill>) -> Result<(), Error>;

/// Reads the answer. Runs the user's `Deserialize`.
type Read<'a> = &'a mut dyn FnMut(&[u8]);

/// What does not depend on the types, so that it is there once.
fn deliver(target: &Target, method: u32, write: Write<'_>, read: Read<'_>) -> Result<(), Error> {
    target.known().carries_method(method)?;
    let Place::At { session, object } = target.lease().place() else {
        let arguments = Parcel::written(|body| write(body, None))?;
        let answer = deliver::deliver(target, method, arguments)?;
        answer.read(read);
        return Ok(());
    };
    let deadline = target.deadline_of(method);
    // Most threads never did anything that they did not wait for.
    if !order::is_empty() {
        keep_order(target.lease(), &context::current(), deadline)?;
    }
    let deadline = deadline.earlier(context::deadline());
    if deadline.passed() {
        return Err(deliver::too_late());
    }
    let mut calling = Calling {
        called: ShortCall {
            object: *object,
            interface: target.known().id(),
            method: their_method(session, target.interface(), method)?,
        },
        timeout: deadline.remaining(),
        held: context::held(),
    };
    // Ours until the server has its own.
    let mut leases = Vec::new();
    let exchanged = session.call(&mut calling, deadline, &mut |body, spill| {
        let (nonce, written) = gather(&mut leases, || write(body, Some(spill)));
        written?;
        claimed(&leases, nonce)
    });
    match exchanged {
        // Read where it is: what is moved now is waited for.
        Ok(ref exchanged) if exchanged.is_value() => {
            opened(0, &mut Vec::new(), || read(exchanged.body()));
            Ok(())
        }
        Ok(exchanged) => answered(session, exchanged, deadline, read),
        Err(failed) => Err(session.end(*failed, leases)),
    }
}

/// The handles of arguments, as they are sent. None for none.
pub(super) fn claimed(leases: &[Arc<Lease>], nonce: u64) -> Result<Option<Box<Handles>>, Error> {
    if leases.is_empty() {
        return Ok(None);
    }
    let claims = leases.iter().map(claim).collect::<Result<_, _>>()?;
    Ok(Some(Box::new(Handles { nonce, claims })))
}

/// Has the value of a reply read that says more.
#[cold]
fn answered(
    session: &Arc<Session>,
    mut exchanged: Exchanged,
    deadline: Deadline,
    read: Read<'_>,
) -> Result<(), Error> {
    if let Some(reply) = exchanged.take_reply() {
        take_over(session, exchanged, reply, deadline)?.read(read);
    }
    Ok(())
}

impl Answer {
    fn read(mut self, read: Read<'_>) {
        opened(self.nonce, &mut self.leases, || {
            read(self.body.bytes());
        });
        self.body.end();
    }
}
