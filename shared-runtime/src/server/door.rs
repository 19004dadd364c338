//! The address that was chosen for this server: whoever proves there to have its key learns the way to the server itself, and nobody else learns
//! anything. No session ever runs over it.

use std::io;
use std::os::fd::AsFd;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::address::{Address, Endpoint};
use crate::auth_key::AuthKey;
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::message::{
    Challenge, DOOR_MAGIC, Door, KNOCK_LIMIT, Knock, PROTOCOL, Response, Verdict,
};
use crate::os::{Cut, Deadline, Socket, SocketFile, wait};
use crate::proof::{Meeting, Nonce, Side};

/// How long a visitor may take from the first word to the last.
const HANDSHAKE: Duration = Duration::from_secs(2);

/// The most visitors at one time. Further ones wait in the socket's queue, until one has been admitted or shown out.
pub(super) const MAX_VISITORS: usize = 64;

/// The open door of this process.
static OPEN: Mutex<Option<Open>> = Mutex::new(None);

struct Open {
    address: Address,
    socket: Arc<Socket>,
    file: Option<SocketFile>,
}

/// What a visitor must prove, and what is given for it.
struct Keeper {
    key: AuthKey,
    /// Encoded.
    endpoint: Vec<u8>,
}

/// Lets visitors in at a chosen address, and shows them the way to `endpoint`; the file of the address, if it has one.
///
/// # Errors
///
/// `AlreadyExists`, `NotFound`, `Timeout` or `Io` if the address cannot be had, with the reason.
pub(crate) fn open_door(door: &Door, endpoint: &Endpoint) -> Result<Option<SocketFile>, Error> {
    let address = door.address.clone();
    let keeper = Arc::new(Keeper {
        key: door.key.clone(),
        endpoint: codec::encode(endpoint)?,
    });
    let (socket, file) = bind(&address).map_err(|error| not_had(&address, &error))?;
    let socket = Arc::new(socket);
    *open() = Some(Open {
        address,
        socket: Arc::clone(&socket),
        file: file.clone(),
    });
    std::thread::Builder::new()
        .name("shared-door".into())
        .spawn(move || receive(&socket, &keeper))
        .map_err(|error| {
            close_door();
            Error::io("starting the thread of an address", error)
        })?;
    Ok(file)
}

/// Lets nobody in any more, and removes the file of the address. Those who are inside stay.
pub(crate) fn close_door() {
    // Held until the file is gone, so that whoever closes a closed door finds nothing left to do.
    let mut open = open();
    if let Some(Open { socket, file, .. }) = open.take() {
        // A file that cannot be removed is found dead by whoever wants the address next.
        drop(file.map(|file| file.remove()));
        socket.cut();
    }
}

/// The address that was chosen for this server, if one was.
pub(crate) fn chosen_address() -> Option<Address> {
    open().as_ref().map(|open| open.address.clone())
}

fn open() -> MutexGuard<'static, Option<Open>> {
    OPEN.lock().unwrap_or_else(PoisonError::into_inner)
}

fn bind(address: &Address) -> io::Result<(Socket, Option<SocketFile>)> {
    match address.path() {
        Some(path) => SocketFile::listen(path).map(|(socket, file)| (socket, Some(file))),
        None => Ok((Socket::listen(&address.on_socket()?)?, None)),
    }
}

fn not_had(address: &Address, error: &io::Error) -> Error {
    use io::ErrorKind as Kind;
    let (kind, why) = match error.kind() {
        Kind::AddrInUse => (ErrorKind::AlreadyExists, "it is in use by another server"),
        Kind::AlreadyExists => (
            ErrorKind::AlreadyExists,
            "what is there is not a socket, and is left as it is",
        ),
        Kind::NotFound => (
            ErrorKind::NotFound,
            "there is no such folder: make it first",
        ),
        Kind::TimedOut => (
            ErrorKind::Timeout,
            "another process keeps its folder locked",
        ),
        _ => (ErrorKind::Io, &*error.to_string()),
    };
    Error::new(
        kind,
        format!("the server cannot be reached at {address}: {why}"),
    )
}

/// Ends when the socket is cut. Anything else that fails concerns one visitor, or passes.
fn receive(socket: &Socket, keeper: &Arc<Keeper>) {
    static VISITORS: Visitors = Visitors {
        inside: Mutex::new(0),
        left: Condvar::new(),
    };
    loop {
        let visit = VISITORS.enter();
        match socket.accept() {
            Ok(visitor) => attend(visitor, Arc::clone(keeper), visit),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return,
            Err(_) => std::thread::sleep(Duration::from_millis(10)),
        }
    }
}

/// Without a thread to be had the visitor finds the socket closed.
fn attend(visitor: Socket, keeper: Arc<Keeper>, visit: Visit) {
    let run = move || {
        // Whatever went wrong concerns the visitor alone, who finds the socket closed.
        let _ = keeper.admit(&visitor);
        drop(visit);
    };
    let thread = std::thread::Builder::new().name("shared-visitor".into());
    drop(thread.spawn(run));
}

impl Keeper {
    /// Has a visitor prove the key, and then proves it, too. `None` if the visitor is none of ours, says nothing, or is gone.
    fn admit(&self, visitor: &Socket) -> Option<()> {
        let deadline = Deadline::after(Some(HANDSHAKE));
        let credentials = visitor.peer().ok()?;
        if credentials.uid != rustix::process::geteuid() {
            return None;
        }
        let knock: Knock = hear(visitor, deadline)?;
        if knock.magic != DOOR_MAGIC {
            return None;
        }
        if knock.protocol != PROTOCOL {
            return say(visitor, &Challenge::OtherVersion, deadline);
        }
        let meeting = Meeting {
            client: knock.nonce,
            server: Nonce::new(),
            client_pid: credentials.pid,
            server_pid: std::process::id(),
        };
        say(visitor, &Challenge::Prove(meeting.server), deadline)?;
        let Response(proof) = hear(visitor, deadline)?;
        if !meeting.verify(&self.key, Side::Client, &[], proof) {
            return say(visitor, &Verdict::Denied, deadline);
        }
        let endpoint = self.endpoint.clone();
        let proof = meeting.prove(&self.key, Side::Server, &endpoint);
        say(visitor, &Verdict::Admitted { endpoint, proof }, deadline)
    }
}

fn hear<T: DeserializeOwned>(visitor: &Socket, deadline: Deadline) -> Option<T> {
    wait(&[(visitor.as_fd(), PollFlags::IN)], deadline).ok()??;
    let message = visitor.receive(KNOCK_LIMIT).ok()??;
    codec::decode(&message.bytes).ok()
}

fn say(visitor: &Socket, what: &impl Serialize, deadline: Deadline) -> Option<()> {
    let message = codec::encode(what).ok()?;
    visitor.send(&message, &[], deadline).ok()
}

/// How many are being attended to.
struct Visitors {
    inside: Mutex<usize>,
    left: Condvar,
}

/// The place of one of them.
struct Visit(&'static Visitors);

impl Visitors {
    /// Waits for a place.
    fn enter(&'static self) -> Visit {
        let inside = self.inside.lock().unwrap_or_else(PoisonError::into_inner);
        let full = |inside: &mut usize| *inside >= MAX_VISITORS;
        let inside = self.left.wait_while(inside, full);
        *inside.unwrap_or_else(PoisonError::into_inner) += 1;
        Visit(self)
    }
}

impl Drop for Visit {
    fn drop(&mut self) {
        *self.0.inside.lock().unwrap_or_else(PoisonError::into_inner) -= 1;
        self.0.left.notify_one();
    }
}
