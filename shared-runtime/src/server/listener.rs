//! Listens for sessions, from the first need until the end of the process.

use std::sync::{Arc, LazyLock, Mutex, PoisonError};

use super::sessions::SESSIONS;
use super::{door, names, session, tickets};
use crate::address::{Address, Endpoint};
use crate::error::Error;
use crate::handle::server_id;
use crate::object::{CALLS, REGISTRY, finish_drops};
use crate::os::{Cut, Deadline, Socket};
use crate::program;

struct Listening {
    endpoint: Endpoint,
    socket: Arc<Socket>,
}

static LISTENING: Mutex<Option<Listening>> = Mutex::new(None);

/// Where this process listens as soon as it does.
pub(crate) fn private_address() -> &'static Address {
    static PRIVATE: LazyLock<Address> = LazyLock::new(Address::private);
    &PRIVATE
}

/// Where this process listens; it begins to if it does not yet.
pub(crate) fn listen() -> Result<Endpoint, Error> {
    let mut listening = LISTENING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(listening) = &*listening {
        return Ok(listening.endpoint.clone());
    }
    let address = private_address().clone();
    let socket = address.on_socket().and_then(|at| Socket::listen(&at));
    let socket = Arc::new(socket.map_err(|error| Error::io("listening for sessions", error))?);
    let accepting = Arc::clone(&socket);
    std::thread::Builder::new()
        .name("shared-listener".into())
        .spawn(move || accept(&accepting))
        .map_err(|error| Error::io("starting the listener's thread", error))?;
    let endpoint = Endpoint {
        server: server_id(),
        address,
        name: program::name().to_owned(),
        pid: std::process::id(),
    };
    *listening = Some(Listening {
        endpoint: endpoint.clone(),
        socket,
    });
    Ok(endpoint)
}

/// Ends when the socket is cut. Anything else that fails concerns one client, or passes: no descriptors, no threads.
fn accept(socket: &Socket) {
    loop {
        match socket.accept() {
            Ok(client) => session::begin(client),
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => return,
            Err(_) => std::thread::sleep(std::time::Duration::from_millis(10)),
        }
    }
}

/// Stops serving: no new sessions, running calls may end until the deadline, then all sessions end and all objects are
/// dropped.
pub(crate) fn stop(deadline: Deadline) {
    door::close_door();
    if let Some(listening) = LISTENING
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
        .take()
    {
        listening.socket.cut();
    }
    SESSIONS.close_lanes();
    CALLS.wait_for_none(deadline);
    SESSIONS.end_all();
    names::clear();
    tickets::clear();
    REGISTRY.clear();
    finish_drops(deadline);
}
