//! The life of one call whose arguments are encoded already: deliver to an object here or to a server. And what is asked of a server past
//! its objects' methods.

use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::agree;
use super::answer::{Answer, Body};
use super::output::Output;
use super::target::Target;
use crate::client::{Exchanged, Session};
use crate::codec::spare;
use crate::context::{self, Context};
use crate::dispatch;
use crate::error::{Error, ErrorKind};
use crate::functions;
use crate::handle::{Lease, Parcel, Place, arrivals, claim};
use crate::interface::{Arguments, Interface, Returned, implementation_of};
use crate::message::{Claim, ErrorOnWire, Functions, Handles, Reply, Request, Subject};
use crate::object::Caller;
use crate::order;
use crate::os::{Deadline, forked};
use crate::program;

/// Encodes the arguments of a call.
///
/// # Errors
///
/// `Encode`, also where the encoding could not carry the answer: nothing has been sent.
pub(super) fn packed<A: Serialize + ?Sized>(
    target: &Target,
    method: u32,
    arguments: &A,
) -> Result<Parcel, Error> {
    target.known().carries_method(method)?;
    Parcel::pack(arguments)
}

/// Calls a method with arguments that are encoded already.
pub(super) fn answer(
    target: &Target,
    method: u32,
    arguments: Result<Parcel, Error>,
) -> Result<Answer, Error> {
    arguments.and_then(|arguments| deliver(target, method, arguments))
}

/// Asks whether the object lives.
pub(crate) fn ping(target: &Target) -> Result<(), Error> {
    match target.lease().place() {
        // What is held here lives here.
        Place::Here(_) => Ok(()),
        Place::At { session, object } => {
            let subject = Subject::Ping { object: *object };
            answered_by(session, subject, Parcel::default(), target.deadline())
        }
        Place::Nowhere { cause, .. } => Err(cause.clone()),
    }
}

/// Asks whether the object has the interface through which it is seen.
pub(crate) fn implements(target: &Target) -> Result<bool, Error> {
    let interface = target.interface().id();
    match target.lease().place() {
        Place::Here(hosted) => {
            // A name stands for one type among those that are registered; this one need not be.
            let found = implementation_of(hosted, interface).map(|found| (found.interface)());
            Ok(found.is_ok_and(|found| (found.type_id)() == (target.interface().type_id)()))
        }
        Place::At { session, object } => {
            let subject = Subject::Implements {
                object: *object,
                interface,
            };
            answered_by(session, subject, Parcel::default(), target.deadline())
        }
        Place::Nowhere { cause, .. } => Err(cause.clone()),
    }
}

/// Makes an object usable again, past its methods: no lock is taken.
pub(crate) fn clear_poison(target: &Target) -> Result<(), Error> {
    match target.lease().place() {
        Place::Here(hosted) => {
            hosted.set_poisoned(false);
            Ok(())
        }
        Place::At { session, object } => {
            let subject = Subject::ClearPoison { object: *object };
            answered_by(session, subject, Parcel::default(), target.deadline())
        }
        Place::Nowhere { cause, .. } => Err(cause.clone()),
    }
}

/// Sends a request whose answer is a plain value, and which has no time of its own.
pub(crate) fn ask_server<R: DeserializeOwned>(
    session: &Arc<Session>,
    subject: Subject,
) -> Result<R, Error> {
    answered_by(session, subject, Parcel::default(), Deadline::NEVER)
}

/// Sends a request whose answer is a plain value.
pub(crate) fn answered_by<R: DeserializeOwned>(
    session: &Arc<Session>,
    subject: Subject,
    body: Parcel,
    deadline: Deadline,
) -> Result<R, Error> {
    ask(session, subject, body, deadline)?.open::<Result<R, Error>>()
}

/// Runs a constructor on a server.
pub(crate) fn construct<O: Output>(
    session: &Arc<Session>,
    interface: &'static Interface,
    constructor: u32,
    arguments: Parcel,
) -> O::Returned {
    let known = || describe(session, interface);
    let answer = functions::known(interface)
        .carries_constructor(constructor)
        .and_then(|()| agree::constructor(session, interface, constructor, known))
        .and_then(|constructor| {
            let subject = Subject::Constructor {
                interface: interface.id(),
                constructor,
            };
            ask(session, subject, arguments, Deadline::NEVER)
        })
        .and_then(Answer::open::<O>);
    answer
        .map_err(|error| in_constructor(error, interface, constructor))
        .map_or_else(O::from_error, O::from_wire)
}

/// Runs a constructor in this process.
pub(crate) fn construct_here<O: Output>(
    interface: &'static Interface,
    constructor: u32,
    arguments: &Parcel,
) -> O::Returned {
    let carries = functions::known(interface).carries_constructor(constructor);
    let answer = carries.and_then(|()| {
        here(context::current(), Deadline::NEVER, |call| {
            dispatch::construct(call, interface.id(), constructor, opened(arguments))
        })
    });
    let answer = answer.and_then(Answer::open::<O>);
    answer
        .map_err(|error| in_constructor(error, interface, constructor))
        .map_or_else(O::from_error, O::from_wire)
}

fn in_constructor(error: Error, interface: &Interface, constructor: u32) -> Error {
    let name = interface.constructor(constructor);
    error.in_method(
        (interface.name)(),
        name.map_or("?", |constructor| constructor.name),
    )
}

pub(super) fn deliver(target: &Target, method: u32, arguments: Parcel) -> Result<Answer, Error> {
    let context = context::current();
    let deadline = target.deadline_of(method);
    keep_order(target.lease(), &context, deadline)?;
    let interface = target.interface().id();
    match target.lease().place() {
        Place::Here(hosted) => here(context, deadline, |call| {
            dispatch::call_method(call, hosted.id(), interface, method, opened(&arguments))
        }),
        Place::At { session, object } => {
            let subject = Subject::Method {
                object: *object,
                interface,
                method: their_method(session, target.interface(), method)?,
            };
            ask_within(context, session, subject, arguments, deadline)
        }
        Place::Nowhere { cause, .. } => Err(cause.clone()),
    }
}

/// What this thread did to the object without waiting for it comes first: except where it could only come after the method
/// that runs here, which holds the object's lock.
pub(super) fn keep_order(
    lease: &Lease,
    context: &Context,
    deadline: Deadline,
) -> Result<(), Error> {
    // Most threads never did anything that they did not wait for.
    if order::is_empty() {
        return Ok(());
    }
    let object = lease.key();
    // In a fork nothing of the parent's ever runs; calls to others are refused further on.
    if context.holds(object) || forked() {
        return Ok(());
    }
    order::wait_for_own(object, patience(context, deadline)).map_err(|_| {
        let text = "an earlier call of this thread on the object, started or one-way, has not run, and this one must come after it";
        Error::new(ErrorKind::Timeout, text)
    })
}

/// How long to wait for calls that were not waited for. One-way calls wait for objects without limit, and a method that waits for them while it holds a lock may
/// be what they wait for.
pub(super) fn patience(context: &Context, deadline: Deadline) -> Deadline {
    let deadline = deadline.earlier(context.deadline);
    let holds = !context.held.is_empty();
    deadline.earlier(Deadline::after(holds.then(dispatch::lock_timeout)))
}

/// The number of a method at the server behind `session`.
pub(super) fn their_method(
    session: &Arc<Session>,
    interface: &'static Interface,
    method: u32,
) -> Result<u32, Error> {
    agree::method(session, interface, method, || describe(session, interface))
}

fn describe(session: &Arc<Session>, interface: &'static Interface) -> Result<Functions, Error> {
    let subject = Subject::Describe {
        interface: interface.id(),
    };
    ask_server(session, subject)
}

fn opened(arguments: &Parcel) -> Arguments<'_> {
    Arguments::new(&arguments.body, arguments.nonce, arguments.leases.clone())
}

/// Runs something of this process on this thread, as if it had been called from outside.
fn here(
    context: Context,
    deadline: Deadline,
    run: impl FnOnce(dispatch::Call<'_>) -> Returned,
) -> Result<Answer, Error> {
    let caller = Caller::this_process(program::label());
    let call = dispatch::Call {
        caller,
        // If this process is asked by another, the end of that one ends this call too.
        cancel: context.cancel.as_ref().unwrap_or(&caller.gone),
        awaited: true,
        deadline: context.deadline.earlier(deadline),
        held: context.held,
    };
    run(call).map(Answer::from)
}

pub(super) fn too_late() -> Error {
    Error::new(
        ErrorKind::Timeout,
        "the deadline had passed before the call was sent",
    )
}

/// Sends a request and takes over the handles of its reply.
fn ask(
    session: &Arc<Session>,
    subject: Subject,
    arguments: Parcel,
    deadline: Deadline,
) -> Result<Answer, Error> {
    ask_within(context::current(), session, subject, arguments, deadline)
}

fn ask_within(
    context: Context,
    session: &Arc<Session>,
    subject: Subject,
    arguments: Parcel,
    deadline: Deadline,
) -> Result<Answer, Error> {
    let deadline = deadline.earlier(context.deadline);
    if deadline.passed() {
        return Err(too_late());
    }
    let Parcel {
        body,
        nonce,
        leases,
    } = arguments;
    let claims = leases.iter().map(claim).collect::<Result<_, _>>()?;
    let request = Request {
        subject,
        timeout: deadline.remaining(),
        held: context.held,
        handles: Handles { nonce, claims },
    };
    // The leases of the arguments stay with the exchange: ours until the server has its own.
    let mut exchanged = session.exchange(&request, &body, leases, deadline)?;
    spare::give_back(body);
    match exchanged.take_reply() {
        Some(reply) => take_over(session, exchanged, reply, deadline),
        None => Ok(Answer {
            nonce: 0,
            body: Body::Lent(exchanged),
            leases: Vec::new(),
        }),
    }
}

/// Takes over the handles of a reply.
pub(super) fn take_over(
    session: &Arc<Session>,
    mut exchanged: Exchanged,
    reply: Reply,
    deadline: Deadline,
) -> Result<Answer, Error> {
    if let Err(ErrorOnWire(error)) = reply.outcome {
        return Err(error.in_process(session.label()));
    }
    let Handles { nonce, claims } = reply.handles;
    let leases = arrivals(&claims, Some(session), deadline);
    // Whatever the body turns out to be: the server need not keep its own any longer.
    if claims.iter().any(Claim::is_to_be_confirmed) {
        exchanged.confirm();
    }
    Ok(Answer {
        nonce,
        body: Body::Lent(exchanged),
        leases,
    })
}
