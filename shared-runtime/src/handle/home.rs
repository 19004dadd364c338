//! This process as a place where objects live. It starts to listen when the first handle to one of them leaves.

use std::sync::{LazyLock, OnceLock};

use crate::address::{Endpoint, ServerId};
use crate::error::Error;

type Listen = fn() -> Result<Endpoint, Error>;

/// What makes this process listen. The server side puts it here; handles must not know that side.
static LISTEN: OnceLock<Listen> = OnceLock::new();

/// The identity of this process's server.
pub(crate) fn server_id() -> ServerId {
    static ID: LazyLock<ServerId> = LazyLock::new(ServerId::random);
    *ID
}

/// Where the objects of this process are reached.
pub(crate) fn endpoint() -> Result<Endpoint, Error> {
    match LISTEN.get() {
        Some(listen) => listen(),
        None => Err(Error::new(
            crate::error::ErrorKind::Gone,
            "no object is hosted in this process",
        )),
    }
}

pub(crate) fn listen_with(listen: Listen) {
    // It is always the same function.
    let _ = LISTEN.set(listen);
}
