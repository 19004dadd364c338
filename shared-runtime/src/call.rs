//! The life of one call on the caller's side: encode, deliver here or to a server, decode. Proxies come in here.

use std::sync::Arc;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::client::{Exchanged, Session};
use crate::context::{self, Context};
use crate::dispatch::{self, Caller};
use crate::error::{CallError, Error, ErrorKind, Executed};
use crate::handle::{Lease, Parcel, Place, arrival, claim, unpack};
use crate::interface::{Arguments, Encoded, Interface, Returned};
use crate::message::{Claim, ErrorOnWire, Handles, Request, Subject};
use crate::object::Cancel;
use crate::os::Deadline;
use crate::program;

/// What a proxy calls: an object seen through an interface, with the time its calls may take.
#[derive(Clone, Debug)]
pub struct Target {
    lease: Arc<Lease>,
    interface: &'static Interface,
    timeout: Option<Duration>,
}

impl Target {
    pub(crate) fn new(lease: Arc<Lease>, interface: &'static Interface) -> Self {
        Self {
            lease,
            interface,
            timeout: None,
        }
    }

    pub(crate) fn with_timeout(&self, timeout: Duration) -> Self {
        Self {
            timeout: Some(timeout),
            ..self.clone()
        }
    }

    pub(crate) fn lease(&self) -> &Arc<Lease> {
        &self.lease
    }

    pub(crate) fn interface(&self) -> &'static Interface {
        self.interface
    }

    fn deadline(&self) -> Deadline {
        Deadline::after(self.timeout)
    }
}

/// What a proxy method returns, made from what arrives.
pub trait Output: Sized {
    /// What the method's row encodes.
    type Wire: DeserializeOwned;

    /// The method has answered.
    fn from_wire(wire: Self::Wire) -> Self;

    /// The call failed around the method.
    fn from_error(error: Error) -> Self;
}

impl<R: DeserializeOwned> Output for Result<R, Error> {
    type Wire = R;

    fn from_wire(wire: R) -> Self {
        Ok(wire)
    }

    fn from_error(error: Error) -> Self {
        Err(error)
    }
}

impl<T: DeserializeOwned, E: DeserializeOwned> Output for Result<T, CallError<E>> {
    type Wire = Result<T, E>;

    fn from_wire(wire: Result<T, E>) -> Self {
        wire.map_err(CallError::Method)
    }

    fn from_error(error: Error) -> Self {
        Err(CallError::Remote(error))
    }
}

/// Calls a method, by its place in the method table.
pub fn call<A: Serialize + ?Sized, O: Output>(target: &Target, method: u32, arguments: &A) -> O {
    let answer = Parcel::pack(arguments).and_then(|arguments| deliver(target, method, arguments));
    let answer = answer.and_then(Answer::open::<O>).map_err(|error| {
        let name = usize::try_from(method)
            .ok()
            .and_then(|index| target.interface.methods.get(index));
        error.in_method(
            (target.interface.name)(),
            name.map_or("?", |method| method.name),
        )
    });
    answer.map_or_else(O::from_error, O::from_wire)
}

/// Asks a server about one of its objects, past its methods: no lock is taken.
pub(crate) fn clear_poison(target: &Target) -> Result<(), Error> {
    match target.lease.place() {
        Place::Here(hosted) => {
            hosted.set_poisoned(false);
            Ok(())
        }
        Place::At { session, object } => {
            let subject = Subject::ClearPoison { object: *object };
            ask(session, subject, Parcel::default(), target.deadline())?.open::<Result<(), Error>>()
        }
        Place::Nowhere(cause) => Err(cause.clone()),
    }
}

/// Sends a request whose answer is a plain value.
pub(crate) fn ask_server<R: DeserializeOwned>(
    session: &Arc<Session>,
    subject: Subject,
) -> Result<R, Error> {
    ask(session, subject, Parcel::default(), Deadline::NEVER)?.open::<Result<R, Error>>()
}

/// Runs a constructor on a server.
pub(crate) fn construct<O: Output>(
    session: &Arc<Session>,
    interface: &'static Interface,
    constructor: u32,
    arguments: Parcel,
) -> O {
    let subject = Subject::Constructor {
        interface: interface.id(),
        constructor,
    };
    let answer = ask(session, subject, arguments, Deadline::NEVER).and_then(Answer::open::<O>);
    answer
        .map_err(|error| in_constructor(error, interface, constructor))
        .map_or_else(O::from_error, O::from_wire)
}

/// Runs a constructor in this process.
pub(crate) fn construct_here<O: Output>(
    interface: &'static Interface,
    constructor: u32,
    arguments: &Parcel,
) -> O {
    let answer = here(Deadline::NEVER, |caller| {
        dispatch::construct(caller, interface.id(), constructor, opened(arguments))
    });
    let answer = answer.and_then(Answer::open::<O>);
    answer
        .map_err(|error| in_constructor(error, interface, constructor))
        .map_or_else(O::from_error, O::from_wire)
}

fn in_constructor(error: Error, interface: &Interface, constructor: u32) -> Error {
    let name = usize::try_from(constructor)
        .ok()
        .and_then(|index| interface.constructors.get(index));
    error.in_method(
        (interface.name)(),
        name.map_or("?", |constructor| constructor.name),
    )
}

/// An answer with its handles already ours.
struct Answer {
    body: Vec<u8>,
    nonce: u64,
    leases: Vec<Arc<Lease>>,
}

impl Answer {
    fn open<O: Output>(self) -> Result<O::Wire, Error> {
        unpack(&self.body, self.nonce, self.leases).map_err(|error| error.ran(Executed::Yes))
    }
}

fn deliver(target: &Target, method: u32, arguments: Parcel) -> Result<Answer, Error> {
    let interface = target.interface.id();
    match target.lease.place() {
        Place::Here(hosted) => here(target.deadline(), |caller| {
            dispatch::call_method(caller, hosted.id(), interface, method, opened(&arguments))
        }),
        Place::At { session, object } => {
            let subject = Subject::Method {
                object: *object,
                interface,
                method,
            };
            ask(session, subject, arguments, target.deadline())
        }
        Place::Nowhere(cause) => Err(cause.clone()),
    }
}

fn opened(arguments: &Parcel) -> Arguments<'_> {
    Arguments {
        body: &arguments.body,
        nonce: arguments.nonce,
        leases: arguments.leases.clone(),
    }
}

/// Runs something of this process on this thread, as if it had been called from outside.
fn here(deadline: Deadline, run: impl FnOnce(Caller<'_>) -> Returned) -> Result<Answer, Error> {
    let mut context = context::current();
    context.deadline = context.deadline.earlier(deadline);
    let caller = Caller {
        label: program::label(),
        cancel: &Cancel::default(),
        context,
    };
    let Encoded(Parcel {
        body,
        nonce,
        leases,
    }) = run(caller)?;
    Ok(Answer {
        body,
        nonce,
        leases,
    })
}

/// Sends a request and takes over the handles of its reply.
fn ask(
    session: &Arc<Session>,
    subject: Subject,
    arguments: Parcel,
    deadline: Deadline,
) -> Result<Answer, Error> {
    let Context {
        deadline: outer,
        held,
    } = context::current();
    let deadline = deadline.earlier(outer);
    if deadline.passed() {
        return Err(Error::new(
            ErrorKind::Timeout,
            "the deadline had passed before the call was sent",
        ));
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
        held,
        handles: Handles { nonce, claims },
    };
    // The leases of the arguments stay with the exchange: ours until the server has its own.
    let mut exchanged = session.exchange(&request, &body, leases, deadline)?;
    if let Err(ErrorOnWire(error)) = &exchanged.reply.outcome {
        return Err(error.clone().in_process(session.label()));
    }
    let leases = arrivals(session, &exchanged, deadline);
    if exchanged
        .reply
        .handles
        .claims
        .iter()
        .any(|claim| matches!(claim, Claim::At { .. }))
    {
        exchanged.confirm();
    }
    Ok(Answer {
        nonce: exchanged.reply.handles.nonce,
        body: exchanged.body().to_vec(),
        leases,
    })
}

fn arrivals(session: &Arc<Session>, exchanged: &Exchanged, deadline: Deadline) -> Vec<Arc<Lease>> {
    let claims = &exchanged.reply.handles.claims;
    claims
        .iter()
        .map(|claim| match claim {
            Claim::Granted { object } => Lease::granted(session, *object),
            other => arrival(other, deadline),
        })
        .collect()
}
