//! The carrier in shared memory: one sealed file in memory for each connection, with a slot for a small frame and a ring for the others in
//! each direction.
//!
//! Every word has one writer, and one store of a commit makes a frame seen. So a process that dies, at whatever instruction, leaves nothing to
//! repair; and one that writes nonsense spoils what it sends and nothing else. The file is closed when both sides have mapped it: a connection
//! takes no descriptor. `layout` says what lies where, `end` how one side sleeps and is woken.

#[cfg_attr(loom, path = "modelled/sync.rs")]
mod sync;

mod layout;

#[cfg_attr(loom, path = "modelled/memory.rs")]
mod memory;

mod end;
mod waiting;

mod apart;

mod receiver;
mod sender;

#[cfg(not(loom))]
#[cfg(test)]
mod tests;

#[cfg(loom)]
#[cfg(test)]
mod models;

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Weak};
use std::time::Duration;

use end::{End, Side};
use memory::Memory;
use receiver::Receiver;
use sender::Sender;

use super::connection::{Broken, Connection, FRAMES, only};
use crate::carriage::Waiting;
use crate::os::{Cut, Deadline, Peer, forked};

/// How a thread waits that serves others of its process.
pub(super) fn beside_others(waiting: Waiting) -> Waiting {
    waiting::beside_others(waiting)
}

/// A connection, and the file that makes the other end of it.
pub(super) fn offer(waiting: Waiting, peer: &Arc<Peer>) -> io::Result<(RingConnection, OwnedFd)> {
    let (memory, file) = Memory::create()?;
    let connection = RingConnection::new(memory, Side::Offers, waiting, peer)?;
    Ok((connection, file))
}

/// The other end.
pub(super) fn accept(
    waiting: Waiting,
    fds: Vec<OwnedFd>,
    peer: &Arc<Peer>,
) -> io::Result<RingConnection> {
    let memory = Memory::accept(only(fds)?.as_fd())?;
    RingConnection::new(memory, Side::Accepts, waiting, peer)
}

pub(super) struct RingConnection {
    end: Arc<End>,
    sender: Sender,
    receiver: Receiver,
    /// Kept so that its end is noticed.
    _peer: Arc<Peer>,
}

impl RingConnection {
    fn new(memory: Memory, side: Side, waiting: Waiting, peer: &Arc<Peer>) -> io::Result<Self> {
        let end = End::new(memory, side);
        let weak = Arc::downgrade(&end);
        let weak: Weak<dyn Cut> = weak;
        peer.cut_at_end(weak)?;
        Ok(Self {
            end,
            sender: Sender::new(waiting),
            receiver: Receiver::new(waiting, side == Side::Accepts),
            _peer: Arc::clone(peer),
        })
    }
}

/// A connection over which nothing has come for so long gives back the memory that large frames had needed.
const IDLE: Duration = Duration::from_secs(1);

/// So often it looks whether the other side has read them. It says so when it rests itself.
const RESTS: u32 = 4;

impl RingConnection {
    fn give_back(&mut self, frame: &mut Vec<u8>) {
        self.receiver.rest(&self.end, frame);
        // Else the next frame says what is wrong.
        let acknowledged = self.sender.acknowledge(self.receiver.acknowledged());
        if acknowledged.is_ok() && self.sender.has_spread() {
            self.sender.trim(&self.end);
        }
    }
}

impl Connection for RingConnection {
    fn send_part(&mut self, first: &[u8], bytes: &[u8], deadline: Deadline) -> Result<(), Broken> {
        self.sender.acknowledge(self.receiver.acknowledged())?;
        let taken = self.receiver.taken();
        self.sender
            .send_pieces(&self.end, taken, (first, bytes), false, deadline)
    }

    fn send(&mut self, head: &[u8], body: &[u8], deadline: Deadline) -> Result<(), Broken> {
        self.sender.acknowledge(self.receiver.acknowledged())?;
        let taken = self.receiver.taken();
        self.sender.send(&self.end, taken, head, body, deadline)?;
        FRAMES.count();
        Ok(())
    }

    fn receive(
        &mut self,
        frame: &mut Vec<u8>,
        limit: usize,
        deadline: Deadline,
    ) -> Result<(), Broken> {
        // What is there needs no clock.
        if self.receiver.receive_now(&self.end, frame, limit)? {
            FRAMES.count();
            return Ok(());
        }
        let mut rests = 0;
        loop {
            let may_rest = self.sender.has_spread() && rests < RESTS;
            let patience = deadline.earlier(Deadline::after(may_rest.then_some(IDLE)));
            match self.receiver.receive(&self.end, frame, limit, patience) {
                Err(Broken::TimedOut) if !deadline.passed() => {
                    rests += 1;
                    self.give_back(frame);
                }
                Ok(()) => {
                    FRAMES.count();
                    return Ok(());
                }
                broken => return broken,
            }
        }
    }

    fn close_sending(&mut self) {
        self.sender.close(&self.end, self.receiver.taken());
        self.receiver.close(&self.end);
    }

    fn rest(&mut self) {
        self.give_back(&mut Vec::new());
    }

    fn orphan(&self) -> Option<Weak<dyn Cut>> {
        let end = Arc::downgrade(&self.end);
        Some(end)
    }

    fn cutter(&self) -> io::Result<Arc<dyn Cut>> {
        Ok(Arc::clone(&self.end) as Arc<dyn Cut>)
    }
}

impl Drop for RingConnection {
    /// A copy in a forked process leaves the memory as it is: the connection is its parent's.
    fn drop(&mut self) {
        if !forked() {
            self.close_sending();
        }
    }
}
