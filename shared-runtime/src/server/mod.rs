//! This process as a server of its objects: sessions come in, requests are dispatched, replies go out. The mirror image of
//! `client`.

mod answers;
mod connection;
mod door;
mod inspect;
mod lane;
mod limits;
mod listener;
mod names;
mod offer;
mod pipes;
mod replies;
mod session;
mod sessions;
mod tickets;

#[cfg(test)]
mod malice;
#[cfg(test)]
mod scribble;
#[cfg(test)]
mod visitors;

pub(crate) use door::{chosen_address, close_door, open_door};
pub(crate) use inspect::inspect;
pub use inspect::{CallInfo, Inspection, ObjectInfo, SessionInfo};
pub(crate) use limits::configure;
pub(crate) use listener::{listen, private_address, stop};
pub(crate) use names::{lookup, publish, unpublish};
pub(crate) use tickets::{issue as issue_ticket, redeem as redeem_ticket};
