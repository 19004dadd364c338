//! The one-way calls of one client: read as they come, kept with a lease of our own for their object, and run in a queue.

use std::convert::Infallible;
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};

use super::limits::max_message;
use super::sessions::{Beginning, Lane, Session};
use crate::codec;
use crate::dispatch;
use crate::handle::{Lease, arrivals, server_id};
use crate::interface::Arguments;
use crate::message::{Claim, OneWay};
use crate::object::{CALLS, Cancel, Line, Queue};
use crate::os::{Deadline, Socket};
use crate::transport::{Broken, Channel, Connection, Transport};

/// What a call weighs in a queue beside its bytes.
const OVERHEAD: usize = 1024;

/// How much may wait in the queue of a session before its lane is read on.
const ROOM: usize = 64 << 20;

/// Starts the thread that reads a lane. It runs no user code. `None` if there is none to be had.
pub(super) fn begin(
    session: &Arc<Session>,
    fds: Vec<OwnedFd>,
    beginning: Beginning,
) -> Option<Lane> {
    let connection = Channel.accept(fds, Arc::clone(&session.peer)).ok()?;
    let cutter = Socket::from(connection.cutter().ok()?);
    let session = Arc::clone(session);
    let reader = std::thread::Builder::new()
        .name("shared-lane".into())
        .spawn(move || serve(&session, connection, beginning))
        .ok()?;
    Some(Lane { cutter, reader })
}

fn serve(session: &Arc<Session>, mut connection: Box<dyn Connection>, beginning: Beginning) {
    let Beginning {
        queue,
        previous,
        counted,
    } = beginning;
    if let Some(previous) = previous {
        // A reader that panicked has read what it could.
        let _ = previous.join();
    }
    // The client sends nothing before it has this. If it does not get it, it has left.
    let _ = connection.send(&[0], &[], Deadline::NEVER);
    let Err(reason) = read(session, &mut *connection, &queue);
    if !matches!(reason, Broken::Closed) {
        // What it meant cannot be known; the client must not believe that it will run.
        session.control.cut();
    }
    drop(counted);
}

/// Until the client has closed, or says what cannot be understood.
fn read(
    session: &Arc<Session>,
    connection: &mut dyn Connection,
    queue: &Arc<Queue>,
) -> Result<Infallible, Broken> {
    loop {
        let frame = connection.receive(max_message(), Deadline::NEVER)?;
        queue.wait_for_room(ROOM);
        let (call, body) = codec::decode_head::<OneWay>(&frame)
            .map_err(|error| Broken::Corrupt(error.to_string()))?;
        let body_at = frame.len() - body.len();
        enqueue(session, queue, call, frame, body_at);
    }
}

fn enqueue(
    session: &Arc<Session>,
    queue: &Arc<Queue>,
    call: OneWay,
    frame: Vec<u8>,
    body_at: usize,
) {
    let line = Line {
        thread: call.thread,
        object: call.object,
    };
    // The client may give its own leases back before the call has run, or end.
    let pin = Lease::here(call.object);
    let committed = CALLS.commit();
    let leases = taken(session, queue, call.number, call.handles.claims);
    let session = Arc::clone(session);
    queue.push(line, frame.len() + OVERHEAD, move || {
        let incoming = dispatch::Call {
            caller: &session.caller,
            cancel: &Cancel::default(),
            awaited: false,
            deadline: Deadline::NEVER,
            held: Vec::new(),
        };
        let arguments = Arguments {
            body: &frame[body_at..],
            nonce: call.handles.nonce,
            // The sender is a job of the same queue.
            leases: leases.recv().unwrap_or_default(),
        };
        // Nobody waits for the answer, or for the news that there is none.
        let _ = dispatch::call_method(
            incoming,
            call.object,
            call.interface,
            call.method,
            arguments,
        );
        drop(pin);
        session.one_way_done.post(call.number);
        drop(committed);
    });
}

/// Leases for the handles among the arguments. Those of objects elsewhere have to be asked for: at once, so that the client may end,
/// but not on the thread that reads.
fn taken(
    session: &Arc<Session>,
    queue: &Arc<Queue>,
    number: u64,
    claims: Vec<Claim>,
) -> Receiver<Vec<Arc<Lease>>> {
    let (give, leases) = channel();
    if !claims.iter().any(|claim| claim.is_elsewhere(server_id())) {
        // Asks nobody. The receiver is here.
        let _ = give.send(arrivals(&claims, None, Deadline::NEVER));
        return leases;
    }
    // Those of our own objects need not wait for the others.
    let own = claims.iter().filter_map(|claim| match claim {
        Claim::At { endpoint, object } if endpoint.server == server_id() => Some(*object),
        _ => None,
    });
    let own: Vec<Arc<Lease>> = own.map(Lease::here).collect();
    let session = Arc::clone(session);
    // Nothing comes before or after it: no object has this number.
    let line = Line {
        thread: number,
        object: 0,
    };
    queue.push(line, 0, move || {
        let leases = arrivals(&claims, None, Deadline::NEVER);
        drop(own);
        session.one_way_held.post(number);
        // The call is in the same queue, and waits for this.
        let _ = give.send(leases);
    });
    leases
}
