//! The way to a session: found if there is one, made by handshake if not, once for all who ask at the same time.

use std::collections::HashMap;
use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, LazyLock, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use rustix::event::PollFlags;

use super::session::{Session, Welcome, refuse_in_fork};
use crate::address::{Endpoint, ServerId};
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::message::{CONTROL_LIMIT, ErrorOnWire, Greeting, Hello, MAGIC, PROTOCOL};
use crate::os::{Deadline, Peer, SendError, Socket, build_id, wait};
use crate::program;

/// How long a server may take over each step of the handshake, where no deadline is nearer.
pub(super) const HANDSHAKE: Duration = Duration::from_secs(5);

/// The sessions of this process. No lock of a slot is ever held while dialling.
static SESSIONS: LazyLock<Mutex<HashMap<ServerId, Arc<Slot>>>> = LazyLock::new(Mutex::default);

/// The place of one session.
#[derive(Default)]
struct Slot {
    state: Mutex<State>,
    answered: Condvar,
}

#[derive(Default)]
struct State {
    session: Weak<Session>,
    /// The attempt that is under way, by number; those who wait for it share its outcome.
    dialling: bool,
    attempts: u64,
    failure: Option<(u64, Error)>,
}

/// This process's session with a server.
///
/// # Errors
///
/// `Disconnected` if the server is gone, `Denied` if it refuses, `Timeout` if it does not answer, `Io` if this process
/// cannot have another socket.
pub(crate) fn dial(endpoint: &Endpoint, deadline: Deadline) -> Result<Arc<Session>, Error> {
    refuse_in_fork()?;
    let slot = slot(endpoint.server);
    let mut state = slot.state();
    loop {
        if let Some(session) = state.session.upgrade().filter(|session| session.is_open()) {
            return Ok(session);
        }
        if !state.dialling {
            break;
        }
        let awaited = state.attempts;
        state = slot.wait(state, deadline)?;
        if let Some((attempt, error)) = &state.failure
            && *attempt == awaited
        {
            return Err(error.clone());
        }
    }
    state.dialling = true;
    state.attempts += 1;
    drop(state);
    let mut attempt = Attempt {
        slot: &slot,
        outcome: None,
    };
    let outcome = shake_hands(endpoint, deadline).map(Arc::new);
    // That this caller was in a hurry is nothing to those who wait with it: one of them tries next.
    let hurried = outcome.is_err() && deadline.passed();
    attempt.outcome = (!hurried).then(|| outcome.clone());
    drop(attempt);
    outcome
}

/// Waits until no server needs anything of this process any more for a one-way call: it may end then, and what such calls name at third
/// servers lives on.
pub(crate) fn wait_until_held(deadline: Deadline) {
    let sessions: Vec<Arc<Session>> = {
        let sessions = SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
        let open = sessions.values().map(|slot| slot.state().session.upgrade());
        open.flatten().collect()
    };
    for session in sessions {
        // Past the deadline this process ends all the same.
        let _ = session.one_way_calls().wait_until_held(deadline);
    }
}

fn slot(server: ServerId) -> Arc<Slot> {
    let mut sessions = SESSIONS.lock().unwrap_or_else(PoisonError::into_inner);
    if !sessions.contains_key(&server) {
        // A slot that nobody uses and whose session has ended is of no further use.
        sessions.retain(|_, slot| {
            Arc::strong_count(slot) > 1 || slot.state().session.strong_count() > 0
        });
    }
    Arc::clone(sessions.entry(server).or_default())
}

impl Slot {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the attempt under way has ended.
    fn wait<'a>(
        &'a self,
        mut state: MutexGuard<'a, State>,
        deadline: Deadline,
    ) -> Result<MutexGuard<'a, State>, Error> {
        let awaited = state.attempts;
        while state.dialling && state.attempts == awaited {
            if deadline.passed() {
                let text = "the deadline passed while the server was being reached";
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            state = deadline.wait_on(&self.answered, state);
        }
        Ok(state)
    }
}

/// The one attempt of a slot. Ends for those who wait also if it panics.
struct Attempt<'a> {
    slot: &'a Slot,
    outcome: Option<Result<Arc<Session>, Error>>,
}

impl Drop for Attempt<'_> {
    fn drop(&mut self) {
        let mut state = self.slot.state();
        state.dialling = false;
        match self.outcome.take() {
            Some(Ok(session)) => state.session = Arc::downgrade(&session),
            Some(Err(error)) => state.failure = Some((state.attempts, error)),
            None => {}
        }
        drop(state);
        self.slot.answered.notify_all();
    }
}

fn shake_hands(endpoint: &Endpoint, deadline: Deadline) -> Result<Session, Error> {
    let patience = || deadline.earlier(Deadline::after(Some(HANDSHAKE)));
    let control = connect(endpoint, patience())?;
    let credentials = control.peer().map_err(|_| gone(endpoint))?;
    if credentials.uid != rustix::process::geteuid() {
        let text = format!(
            "the server {} belongs to user {}, not to this one",
            endpoint.name,
            credentials.uid.as_raw()
        );
        return Err(Error::new(ErrorKind::Denied, text));
    }
    // Watched before it is greeted: an answer from that process proves that the number had not been reused.
    let peer = watch(credentials.pid, endpoint)?;
    greet(&control, endpoint, patience())?;
    let fds = [
        (control.as_fd(), PollFlags::IN),
        (peer.as_fd(), PollFlags::IN),
    ];
    let answered =
        wait(&fds, patience()).map_err(|error| Error::io("waiting for a server", error))?;
    match answered.as_deref() {
        Some([true, _]) => {}
        Some(_) => return Err(gone(endpoint)),
        None => return Err(silent(endpoint)),
    }
    let answer = control.receive(CONTROL_LIMIT).ok().flatten();
    match codec::decode(&answer.ok_or_else(|| gone(endpoint))?.bytes)? {
        Greeting::Welcome {
            pid,
            build,
            max_message,
            carriage,
        } if pid == peer.pid() => {
            let welcome = Welcome {
                build,
                max_message,
                carriage,
            };
            let lifeline = control.as_fd().try_clone_to_owned();
            let lifeline = lifeline.map_err(|error| Error::io("watching a server", error))?;
            Ok(Session::new(
                endpoint.clone(),
                Arc::new(peer.on_lifeline(lifeline)),
                control,
                welcome,
            ))
        }
        Greeting::Welcome { .. } => Err(gone(endpoint)),
        Greeting::Refused(ErrorOnWire(error)) => Err(error),
    }
}

fn connect(endpoint: &Endpoint, patience: Deadline) -> Result<Socket, Error> {
    let to = endpoint.address.on_socket();
    let connected = to.and_then(|to| Socket::connect(&to, patience));
    connected.map_err(|error| match error.kind() {
        io::ErrorKind::ConnectionRefused | io::ErrorKind::NotFound => gone(endpoint),
        // The queue of those who want to be accepted is full, and stayed so.
        io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => silent(endpoint),
        _ => Error::io("connecting to a server", error),
    })
}

fn watch(pid: u32, endpoint: &Endpoint) -> Result<Peer, Error> {
    Peer::watch(pid).map_err(|error| match error.raw_os_error() {
        Some(libc::ESRCH) => gone(endpoint),
        _ => Error::io("watching a server", error),
    })
}

fn greet(control: &Socket, endpoint: &Endpoint, patience: Deadline) -> Result<(), Error> {
    let hello = Hello {
        magic: MAGIC,
        protocol: PROTOCOL,
        build: build_id(),
        server: endpoint.server,
        name: program::name().to_owned(),
    };
    control
        .send(&codec::encode(&hello)?, &[], patience)
        .map_err(|error| match error {
            SendError::Io(error) => Error::io("greeting a server", error),
            SendError::Full | SendError::Closed => gone(endpoint),
        })
}

fn gone(endpoint: &Endpoint) -> Error {
    let text = format!("the server {} is gone", endpoint.name);
    Error::new(ErrorKind::Disconnected, text)
}

fn silent(endpoint: &Endpoint) -> Error {
    let text = format!(
        "the server {} does not answer: is it stopped?",
        endpoint.name
    );
    Error::new(ErrorKind::Timeout, text)
}
