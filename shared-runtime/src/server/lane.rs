//! The one-way calls of one client: read as they come, kept with a lease of our own for their object, and run in a queue.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::limits::max_message;
use super::sessions::{Lane, Session};
use crate::codec;
use crate::dispatch;
use crate::handle::{Lease, arrivals, server_id};
use crate::interface::Arguments;
use crate::message::{Claim, OneWay};
use crate::object::{CALLS, Cancel, Line, Queue};
use crate::os::{Deadline, Socket};
use crate::transport::{Channel, Connection, Transport};

/// What a call weighs in a queue beside its bytes.
const OVERHEAD: usize = 1024;

/// Starts the thread that reads a lane. It runs no user code. `None` if there is none to be had.
pub(super) fn begin(session: &Arc<Session>, fds: Vec<OwnedFd>, queue: Arc<Queue>) -> Option<Lane> {
    let connection = Channel.accept(fds, Arc::clone(&session.peer)).ok()?;
    let cutter = Socket::from(connection.cutter().ok()?);
    let session = Arc::clone(session);
    let run = move || {
        let end = connection.cutter();
        read(&session, connection, &queue);
        // The session keeps a copy of the descriptor: without this the client would go on sending.
        if let Ok(end) = end {
            Socket::from(end).cut();
        }
    };
    let reader = std::thread::Builder::new()
        .name("shared-lane".into())
        .spawn(run)
        .ok()?;
    Some(Lane { cutter, reader })
}

/// Until the client has closed, or says what cannot be understood.
fn read(session: &Arc<Session>, mut connection: Box<dyn Connection>, queue: &Arc<Queue>) {
    while let Ok(frame) = connection.receive(max_message(), Deadline::NEVER) {
        queue.wait_for_room(max_message());
        let Ok((call, body)) = codec::decode_head::<OneWay>(&frame) else {
            return;
        };
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
    // The client may give its own leases back before the call has run, or end: that of the object, and those of objects of ours
    // among the arguments. Objects elsewhere are asked for when it runs, since this thread waits for nobody.
    let pin = Lease::here(call.object);
    let own: Vec<Arc<Lease>> = call
        .handles
        .claims
        .iter()
        .filter_map(|claim| match claim {
            Claim::At { endpoint, object } if endpoint.server == server_id() => {
                Some(Lease::here(*object))
            }
            _ => None,
        })
        .collect();
    let committed = CALLS.commit();
    let session = Arc::clone(session);
    queue.push(line, frame.len() + OVERHEAD, move || {
        let incoming = dispatch::Call {
            caller: &session.caller,
            cancel: &Cancel::default(),
            deadline: Deadline::NEVER,
            held: Vec::new(),
        };
        let arguments = Arguments {
            body: &frame[body_at..],
            nonce: call.handles.nonce,
            leases: arrivals(&call.handles.claims, None, Deadline::NEVER),
        };
        // Nobody waits for the answer, or for the news that there is none.
        let _ = dispatch::call_method(
            incoming,
            call.object,
            call.interface,
            call.method,
            arguments,
        );
        drop((pin, own));
        session.one_way_done.post(call.number);
        drop(committed);
    });
}
