//! The lane of one client: its calls are read as they come, kept with a lease of our own for their object, and run in a queue.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use super::limits::max_message;
use super::sessions::{Beginning, Lane, Session};
use crate::codec;
use crate::dispatch;
use crate::error::{Error, ErrorKind};
use crate::handle::{Lease, arrivals, server_id};
use crate::interface::{Arguments, Returned};
use crate::message::{Claim, LaneCall, ReplyWanted};
use crate::object::{CALLS, Cancel, Queue, Turn};
use crate::os::{Cut, Deadline};
use crate::transport::{Broken, Connection};

/// What a call weighs in a queue beside its bytes.
const OVERHEAD: usize = 1024;

/// How much may wait in the queue of a session before its lane is read on.
const ROOM: usize = 64 << 20;

/// How long it is not read on for that. Longer would be for ever where the calls that wait, wait for calls that their methods make, which
/// are behind on the same lane.
const PATIENCE: Duration = Duration::from_secs(1);

/// Starts the thread that reads a lane. It runs no user code. `None` if there is none to be had.
pub(super) fn begin(
    session: &Arc<Session>,
    connection: Box<dyn Connection>,
    beginning: Beginning,
) -> Option<Lane> {
    let cutter = connection.cutter().ok()?;
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
        let mut frame = Vec::new();
        connection.receive(&mut frame, max_message(), Deadline::NEVER)?;
        queue.wait_for_room(ROOM, Deadline::after(Some(PATIENCE)));
        let (call, body) = codec::decode_head::<LaneCall>(&frame)
            .map_err(|error| Broken::Corrupt(error.to_string()))?;
        let body_at = frame.len() - body.len();
        enqueue(session, queue, call, frame, body_at);
    }
}

fn enqueue(
    session: &Arc<Session>,
    queue: &Arc<Queue>,
    mut call: LaneCall,
    frame: Vec<u8>,
    body_at: usize,
) {
    // The client may give its own leases back before the call has run, or end.
    let pin = Lease::here(call.object);
    let committed = CALLS.commit();
    let claims = std::mem::take(&mut call.handles.claims);
    let one_way = call.reply.is_none().then_some(call.number);
    let leases = taken(session, queue, one_way, claims);
    let deadline = Deadline::after(call.reply.as_ref().and_then(|reply| reply.timeout));
    let session = Arc::clone(session);
    let chained = call
        .reply
        .as_ref()
        .is_some_and(|reply| !reply.held.is_empty());
    let turn = Turn::of(call.thread, call.object, chained);
    queue.push(turn, frame.len() + OVERHEAD, move || {
        if let Some(after) = call.after {
            session.pipes.wait(after, &session.caller.gone);
        }
        let body = &frame[body_at..];
        match call.reply.take() {
            None => run_one_way(&session, &call, body, &leases),
            Some(wanted) => run_two_way(&session, &call, wanted, deadline, body, &leases),
        }
        drop(pin);
        if let Some(number) = one_way {
            session.one_way_done.post(number);
        }
        drop(committed);
    });
}

type Leases = Receiver<Vec<Arc<Lease>>>;

fn run_one_way(session: &Session, call: &LaneCall, body: &[u8], leases: &Leases) {
    let incoming = dispatch::Call {
        caller: &session.caller,
        cancel: &Cancel::default(),
        awaited: false,
        deadline: Deadline::NEVER,
        held: Vec::new(),
    };
    // Nobody waits for the answer, or for the news that there is none.
    let _ = run(incoming, call, body, leases);
}

/// Not run for a client that has left, or whose deadline has passed while the call waited for its turn.
fn run_two_way(
    session: &Session,
    call: &LaneCall,
    wanted: ReplyWanted,
    deadline: Deadline,
    body: &[u8],
    leases: &Leases,
) {
    if session.caller.gone.is_cancelled() {
        return;
    }
    let incoming = dispatch::Call {
        caller: &session.caller,
        cancel: &session.caller.gone,
        awaited: true,
        deadline,
        held: wanted.held,
    };
    let returned = if deadline.passed() {
        let text = "the deadline passed before it was the call's turn";
        Err(Error::new(ErrorKind::Timeout, text))
    } else {
        run(incoming, call, body, leases)
    };
    session.replies.send(call.number, returned);
}

fn run(incoming: dispatch::Call<'_>, call: &LaneCall, body: &[u8], leases: &Leases) -> Returned {
    // The sender is a job of the same queue.
    let leases = leases.recv().unwrap_or_default();
    let arguments = Arguments::new(body, call.handles.nonce, leases);
    dispatch::call_method(
        incoming,
        call.object,
        call.interface,
        call.method,
        arguments,
    )
}

/// Leases for the handles among the arguments. Those of objects elsewhere have to be asked for: at once, so that the client may end,
/// but not on the thread that reads. The client of a one-way call, which has this number, is told.
fn taken(
    session: &Arc<Session>,
    queue: &Arc<Queue>,
    one_way: Option<u64>,
    claims: Vec<Claim>,
) -> Leases {
    let (give, leases) = channel();
    if claims
        .iter()
        .all(|claim| claim.elsewhere(server_id()).is_none())
    {
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
    queue.push(Turn::Alone, 0, move || {
        let leases = arrivals(&claims, None, Deadline::NEVER);
        drop(own);
        if let Some(number) = one_way {
            session.one_way_held.post(number);
        }
        // The call is in the same queue, and waits for this.
        let _ = give.send(leases);
    });
    leases
}
