//! The way to a session: found if there is one, made by handshake if not, once for all who ask at the same time.

use std::collections::HashMap;
use std::os::fd::AsFd;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};
use std::time::Duration;

use rustix::event::PollFlags;

use super::session::{Session, refuse_in_fork};
use crate::address::{Address, Endpoint, ServerId};
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::message::{CONTROL_LIMIT, ErrorOnWire, Greeting, Hello, MAGIC, PROTOCOL};
use crate::os::{Deadline, Peer, SendError, Socket, build_id, wait};
use crate::program;

/// How long a server may take over each step of the handshake.
const HANDSHAKE: Duration = Duration::from_secs(5);

type Slot = Arc<Mutex<Weak<Session>>>;

/// The sessions of this process. A slot's own lock is held while dialling, the table's never.
static SESSIONS: LazyLock<Mutex<HashMap<ServerId, Slot>>> = LazyLock::new(Mutex::default);

/// This process's session with a server.
///
/// # Errors
///
/// `Disconnected` if the server is gone, `Denied` or `Incompatible` if it refuses, `Timeout` if it does not answer.
pub(crate) fn dial(endpoint: &Endpoint) -> Result<Arc<Session>, Error> {
    refuse_in_fork()?;
    let slot = slot(endpoint.server);
    let mut session = slot.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(session) = session.upgrade() {
        return Ok(session);
    }
    let dialled = Arc::new(shake_hands(endpoint)?);
    *session = Arc::downgrade(&dialled);
    Ok(dialled)
}

fn slot(server: ServerId) -> Slot {
    let mut sessions = SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if !sessions.contains_key(&server) {
        // A slot that nobody uses and whose session has ended is of no further use.
        sessions.retain(|_, slot| {
            Arc::strong_count(slot) > 1
                || slot
                    .try_lock()
                    .is_ok_and(|session| session.strong_count() > 0)
        });
    }
    Arc::clone(sessions.entry(server).or_default())
}

fn shake_hands(endpoint: &Endpoint) -> Result<Session, Error> {
    let Address::Abstract(name) = &endpoint.address;
    let gone = || {
        Error::new(
            ErrorKind::Disconnected,
            format!("the server {} is gone", endpoint.name),
        )
    };
    let control = Socket::connect(name, HANDSHAKE).map_err(|_| gone())?;
    let credentials = control.peer().map_err(|_| gone())?;
    if credentials.uid != rustix::process::geteuid() {
        let text = format!(
            "the server {} belongs to user {}, not to this one",
            endpoint.name,
            credentials.uid.as_raw()
        );
        return Err(Error::new(ErrorKind::Denied, text));
    }
    // Watched before it is greeted: an answer from that process proves that the number had not been reused.
    let peer =
        Peer::watch(credentials.pid.as_raw_nonzero().get().cast_unsigned()).map_err(|_| gone())?;
    greet(&control, endpoint)?;
    let deadline = Deadline::after(Some(HANDSHAKE));
    let answered = wait(
        &[
            (control.as_fd(), PollFlags::IN),
            (peer.as_fd(), PollFlags::IN),
        ],
        deadline,
    );
    match answered
        .map_err(|error| Error::io("waiting for a server", error))?
        .as_deref()
    {
        Some([true, _]) => {}
        Some(_) => return Err(gone()),
        None => {
            let text = format!(
                "the server {} has not answered for {HANDSHAKE:?}: is it stopped?",
                endpoint.name
            );
            return Err(Error::new(ErrorKind::Timeout, text));
        }
    }
    let answer = control
        .receive(CONTROL_LIMIT)
        .ok()
        .flatten()
        .ok_or_else(gone)?;
    match codec::decode(&answer.bytes)? {
        Greeting::Welcome { pid, max_message } if pid == peer.pid() => Ok(Session::new(
            endpoint.clone(),
            Arc::new(peer),
            control,
            max_message,
        )),
        Greeting::Welcome { .. } => Err(gone()),
        Greeting::Refused(ErrorOnWire(error)) => Err(error),
    }
}

fn greet(control: &Socket, endpoint: &Endpoint) -> Result<(), Error> {
    let hello = Hello {
        magic: MAGIC,
        protocol: PROTOCOL,
        build: build_id(),
        server: endpoint.server,
        name: program::name().to_owned(),
    };
    control
        .send(
            &codec::encode(&hello)?,
            &[],
            Deadline::after(Some(HANDSHAKE)),
        )
        .map_err(|error| match error {
            SendError::Io(error) => Error::io("greeting a server", error),
            SendError::Full | SendError::Closed => Error::new(
                ErrorKind::Disconnected,
                format!("the server {} is gone", endpoint.name),
            ),
        })
}
