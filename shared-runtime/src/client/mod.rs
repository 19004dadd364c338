//! This process as a client of others: sessions, their connections, and the exchange of a request for a reply. Knows nothing
//! of the objects hosted here.

mod by_lane;
mod control;
mod dial;
mod drain;
mod lane;
mod outgoing;
mod pool;
mod replies;
mod session;

pub(crate) use dial::{dial, wait_until_held};
pub(crate) use outgoing::{Replied, TwoWay};
pub(crate) use session::{Calling, Exchanged, Session, refuse_in_fork};
