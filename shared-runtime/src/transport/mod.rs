//! Carriers of frames. A transport knows neither messages nor calls: bytes go in on one side and come out on the other,
//! whole and in order, or the connection is broken.

mod connection;

mod packet;

mod bridge;
mod channel;

mod ring;

mod trial;

#[cfg(test)]
mod tests;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

pub(crate) use channel::ChannelConnection;
pub(crate) use connection::{Broken, Connection, FRAMES};
pub(crate) use trial::round_trip;

use crate::carriage::{Carriage, Transport};
use crate::os::{Peer, Socket};

/// The same, for connections that a thread reads on behalf of others.
pub(crate) fn beside_others(carriage: Carriage) -> Carriage {
    let waiting = ring::beside_others(carriage.waiting);
    Carriage {
        waiting,
        ..carriage
    }
}

/// A connection, and the descriptors from which the other side makes its end.
pub(crate) fn offer(
    carriage: Carriage,
    peer: &Arc<Peer>,
) -> io::Result<(Box<dyn Connection>, Vec<OwnedFd>)> {
    match carriage.transport {
        Transport::Ring => {
            let (connection, file) = ring::offer(carriage.waiting, peer)?;
            Ok((Box::new(connection), vec![file]))
        }
        Transport::Channel => {
            let (ours, theirs) = Socket::pair()?;
            let connection = ChannelConnection::over(ours, Arc::clone(peer))?;
            Ok((Box::new(connection), vec![theirs.into_fd()]))
        }
    }
}

/// The other end of a connection.
pub(crate) fn accept(
    carriage: Carriage,
    fds: Vec<OwnedFd>,
    peer: &Arc<Peer>,
) -> io::Result<Box<dyn Connection>> {
    Ok(match carriage.transport {
        Transport::Ring => Box::new(ring::accept(carriage.waiting, fds, peer)?),
        Transport::Channel => Box::new(ChannelConnection::accept(fds, Arc::clone(peer))?),
    })
}
