//! Calls that nobody waits for: to a server over the session's lane, to an object of this process over a queue of its own.

use std::sync::{Arc, Mutex, PoisonError};

use super::deliver::{patience, their_method};
use super::target::Target;
use crate::client::refuse_in_fork;
use crate::context;
use crate::dispatch;
use crate::error::{Error, ErrorKind};
use crate::handle::{Lease, Parcel, Place, claim};
use crate::interface::{Arguments, Interface};
use crate::message::{Handles, LaneCall};
use crate::object::{CALLS, Caller, Cancel, Line, Queue, Turn};
use crate::order::{self, OneWay, Outstanding};
use crate::os::Deadline;
use crate::program;

/// Hands a call over, and returns when it is certain to run: unless its server ends first.
pub(super) fn detach(target: &Target, method: u32, arguments: Parcel) -> Result<(), Error> {
    refuse_in_fork()?;
    let deadline = patience(&context::current(), target.deadline());
    let (lease, interface) = (target.lease(), target.interface());
    match lease.place() {
        Place::Here(hosted) => {
            let line = Line {
                thread: order::scope_number(),
                object: hosted.id(),
            };
            let queued = queue_here(lease, line, interface, method, arguments, deadline)?;
            order::note(lease.key(), Arc::new(queued));
        }
        Place::At { session, object } => {
            let method = their_method(session, interface, method)?;
            let Parcel {
                body,
                nonce,
                leases,
            } = arguments;
            let claims = leases.iter().map(claim).collect::<Result<_, _>>()?;
            // Those it must arrive after may still be with the thread that sends them.
            order::wait_until_own_is_sent(lease.key(), deadline).map_err(|_| {
                let text = "earlier calls of this thread on the object, which it started, could not be sent";
                Error::new(ErrorKind::Timeout, text)
            })?;
            let call = LaneCall {
                number: 0,
                thread: Some(order::scope_number()),
                object: *object,
                interface: interface.id(),
                method,
                after: order::after(lease.key()),
                reply: None,
                handles: Handles { nonce, claims },
            };
            // The object, and what the arguments name, live until the call has run, whatever becomes of our handles.
            let pins = Box::new((Arc::clone(lease), leases));
            let number = session.send_one_way(call, &body, pins, deadline)?;
            let among = Arc::clone(session.one_way_calls());
            order::note(lease.key(), Arc::new(OneWay { among, number }));
        }
        Place::Nowhere { cause, .. } => return Err(cause.clone()),
    }
    Ok(())
}

/// The one-way calls of this process to its own objects.
struct Own {
    queue: Arc<Queue>,
    calls: Arc<Outstanding>,
}

/// The queue is made by the first call.
static OWN: Mutex<Option<Own>> = Mutex::new(None);

/// Where the calls of this process to its own objects wait for a thread.
pub(super) fn own_queue() -> Result<Arc<Queue>, Error> {
    own().map(|(queue, _)| queue)
}

fn own() -> Result<(Arc<Queue>, Arc<Outstanding>), Error> {
    let mut own = OWN.lock().unwrap_or_else(PoisonError::into_inner);
    let own = if let Some(own) = &mut *own {
        own
    } else {
        let queue = Queue::open().map_err(|error| {
            Error::io("starting a thread for calls that are not waited for", error)
        })?;
        let calls = Outstanding::new();
        own.insert(Own { queue, calls })
    };
    Ok((Arc::clone(&own.queue), Arc::clone(&own.calls)))
}

fn queue_here(
    lease: &Arc<Lease>,
    line: Line,
    interface: &'static Interface,
    method: u32,
    arguments: Parcel,
    deadline: Deadline,
) -> Result<OneWay, Error> {
    let (queue, calls) = own()?;
    let number = calls.begin(Box::new(()), false, deadline).map_err(|_| {
        let text = "the objects of this process do not keep up with their one-way calls";
        Error::new(ErrorKind::Timeout, text)
    })?;
    let (pin, ended) = (Arc::clone(lease), Arc::clone(&calls));
    let committed = CALLS.commit();
    queue.push(Turn::After(line), arguments.body.len(), move || {
        let call = dispatch::Call {
            caller: Caller::this_process(program::label()),
            cancel: &Cancel::default(),
            awaited: false,
            deadline: Deadline::NEVER,
            held: Vec::new(),
        };
        let Parcel {
            body,
            nonce,
            leases,
        } = arguments;
        let arguments = Arguments::new(&body, nonce, leases);
        // Nobody waits for the answer, or for the news that there is none.
        let _ = dispatch::call_method(call, line.object, interface.id(), method, arguments);
        drop(pin);
        ended.end(&[number]);
        drop(committed);
    });
    Ok(OneWay {
        among: calls,
        number,
    })
}
