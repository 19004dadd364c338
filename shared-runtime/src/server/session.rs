//! One client process at this server: its handshake, and what it says on its control socket.

use std::os::fd::{AsFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::PollFlags;

use super::limits::{carriage, max_message};
use super::sessions::{SESSIONS, Session};
use super::{connection, lane};
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::handle::{offered, server_id};
use crate::message::{
    CONTROL_LIMIT, Control, ErrorOnWire, Greeting, Hello, MAGIC, Notice, PROTOCOL, Role,
};
use crate::object::REGISTRY;
use crate::os::{Deadline, Peer, Socket, build_id, process_label, wait};
use crate::transport;

/// How long a client may take to say hello.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// Serves a client that has just connected, on a thread of its own. Without one to be had the client finds the socket closed.
pub(super) fn begin(client: Socket) {
    let run = move || {
        if let Some(session) = shake_hands(client) {
            serve(&session);
            session.end();
        }
    };
    drop(
        std::thread::Builder::new()
            .name("shared-session".into())
            .spawn(run),
    );
}

/// `None` if the client is refused, says nothing, or is gone.
fn shake_hands(client: Socket) -> Option<Arc<Session>> {
    let credentials = client.peer().ok()?;
    if credentials.uid != rustix::process::geteuid() {
        return None;
    }
    let peer = Peer::watch(credentials.pid).ok()?;
    wait(
        &[(client.as_fd(), PollFlags::IN)],
        Deadline::after(Some(HANDSHAKE)),
    )
    .ok()??;
    let message = client.receive(CONTROL_LIMIT).ok()??;
    let hello = codec::decode::<Hello>(&message.bytes)
        .ok()
        .filter(|hello| hello.magic == MAGIC)?;
    let agreed = refusal(&hello).map_or_else(carriage, Err);
    let greeting = match &agreed {
        Err(error) => Greeting::Refused(ErrorOnWire(error.clone())),
        Ok(carriage) => Greeting::Welcome {
            pid: std::process::id(),
            build: build_id(),
            max_message: max_message(),
            carriage: *carriage,
        },
    };
    // Before the welcome: what the client asks next finds the session.
    let label = process_label(&hello.name, peer.pid());
    let session = SESSIONS.open(label, peer, client);
    let greeted = codec::encode(&greeting).ok().map(|bytes| {
        session
            .control
            .send(&bytes, &[], Deadline::after(Some(HANDSHAKE)))
    });
    if agreed.is_ok() && matches!(greeted, Some(Ok(()))) {
        return Some(session);
    }
    session.end();
    None
}

fn refusal(hello: &Hello) -> Option<Error> {
    if hello.protocol != PROTOCOL {
        let text = format!(
            "{} was built with another version of shared-runtime than this server",
            hello.name
        );
        return Some(Error::new(ErrorKind::Incompatible, text));
    }
    (hello.server != server_id())
        .then(|| Error::new(ErrorKind::Gone, "another server has this address now"))
}

/// Runs no user code, so leases come and go whatever methods do.
fn serve(session: &Arc<Session>) {
    loop {
        let fds = [
            (session.control.as_fd(), PollFlags::IN),
            (session.peer.as_fd(), PollFlags::IN),
        ];
        match wait(&fds, Deadline::NEVER).ok().flatten().as_deref() {
            Some([true, _]) => {}
            // The client's process has ended, though a fork of it may hold the socket open.
            _ => return,
        }
        let Ok(Some(message)) = session.control.receive(CONTROL_LIMIT) else {
            return;
        };
        match codec::decode(&message.bytes) {
            Ok(Control::Connect { number, role }) => {
                if connect(session, number, role, message.fds).is_none() && !refuse(session, number)
                {
                    return;
                }
            }
            Ok(Control::Memory { number }) => hand_over(number, message.fds),
            Ok(Control::Taken(numbers)) => session.replies.confirm(&numbers),
            Ok(Control::Release(leases)) => {
                for (object, count) in leases {
                    REGISTRY.release(object, session.caller.session, count);
                }
            }
            // What it meant cannot be known, so nothing after it can be trusted.
            Err(_) => return,
        }
    }
}

/// A connection that is not served any further closes, which its client notices. `None` if there is none.
fn connect(session: &Arc<Session>, number: u64, role: Role, fds: Vec<OwnedFd>) -> Option<()> {
    // Known before it is served, and also if it is not: nothing waits for it then.
    let pipe = (role == Role::Pipe).then(|| session.pipes.begin(number));
    let carriage = match role {
        Role::Calls | Role::Pipe => carriage(),
        Role::Lane | Role::Replies => carriage().map(transport::beside_others),
    };
    let connection = transport::accept(carriage.ok()?, fds, &session.peer).ok()?;
    match role {
        Role::Calls | Role::Pipe => session.add_connection(role, |place| {
            connection::begin(session, connection, place, pipe)
        }),
        Role::Lane => {
            session.add_lane(|beginning| lane::begin(session, connection, beginning));
        }
        Role::Replies => session.replies.open(connection),
    }
    Some(())
}

/// Sends the file of memory that this process has offered. Whoever asks sees the socket close, with or without it.
fn hand_over(number: u64, fds: Vec<OwnedFd>) {
    let now = Deadline::after(Some(Duration::ZERO));
    if let Some(file) = offered(number)
        && let Some(socket) = fds.into_iter().next()
    {
        // It may be anything: whoever sent it gets nothing then.
        let _ = Socket::from(socket).send(&[1], &[file.as_fd()], now);
    }
}

/// Says that a connection could not be had: without a descriptor or memory to spare. `false` if the client cannot be told.
fn refuse(session: &Session, number: u64) -> bool {
    let now = Deadline::after(Some(Duration::ZERO));
    codec::encode(&Notice::Refused(number))
        .is_ok_and(|refused| session.control.send(&refused, &[], now).is_ok())
}
