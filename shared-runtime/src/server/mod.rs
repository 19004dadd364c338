//! This process as a server of its objects: sessions come in, requests are dispatched, replies go out. The mirror image of
//! `client`.

mod connection;
mod inspect;
mod limits;
mod listener;
mod session;
mod sessions;

pub(crate) use inspect::inspect;
pub use inspect::{CallInfo, Inspection, ObjectInfo, SessionInfo};
pub(crate) use limits::configure;
pub(crate) use listener::{listen, stop};
