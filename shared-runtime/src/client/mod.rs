//! This process as a client of others: sessions, their connections, and the exchange of a request for a reply. Knows nothing
//! of the objects hosted here.

mod control;
mod lane;
mod outgoing;
mod pool;

mod session;

mod drain;

mod exchange;
mod pipe;
mod replies;

mod by_lane;

mod dial;

mod door;

pub(crate) use dial::{dial, wait_until_held};
pub(crate) use door::find;
pub(crate) use exchange::{Calling, Exchanged};
pub(crate) use outgoing::{Replied, TwoWay};
pub(crate) use pipe::{NotPosted, Pipe, Piped};
pub(crate) use session::{Session, refuse_in_fork};
