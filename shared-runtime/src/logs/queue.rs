//! What has come to the root and waits for its logger.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::packet::{self, Packet};
use crate::os::{Deadline, Socket};

/// The most bytes that wait, but for one look into the socket more.
const MOST: usize = 16 * 1024 * 1024;

/// How long a logger may take over one record before nobody waits for it any more.
pub(super) const STALL: Duration = Duration::from_secs(2);

static QUEUE: Mutex<Queue> = Mutex::new(Queue {
    packets: VecDeque::new(),
    bytes: 0,
    came: 0,
    given: 0,
    lost: 0,
    busy_since: None,
    waiters: Vec::new(),
});

/// Something has come.
static CHANGED: Condvar = Condvar::new();

pub(super) struct Queue {
    packets: VecDeque<Packet>,
    bytes: usize,
    /// Packets since the beginning: those that came, and those that are done with.
    came: u64,
    given: u64,
    /// Records that were dropped since that was last said.
    pub(super) lost: u64,
    /// When the logger was given the record that it has.
    busy_since: Option<Instant>,
    /// Each with the number of packets that it waits for.
    waiters: Vec<(u64, Waiter)>,
}

/// What somebody does who waited.
pub(super) type Waiter = Box<dyn FnOnce() + Send>;

pub(super) fn queue() -> MutexGuard<'static, Queue> {
    QUEUE.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Queue {
    /// Takes up to `most` bytes out of the socket. Which packets the logger will never see is counted: those that come when the
    /// queue is full and the logger stands still.
    pub(super) fn take_from(&mut self, socket: &Socket, most: usize) {
        let mut read = 0;
        while read < most {
            match packet::receive(socket) {
                Ok(packet) => {
                    read += packet.size();
                    self.add(packet);
                }
                Err(error) if error.kind() == std::io::ErrorKind::InvalidData => self.lost += 1,
                Err(_) => break,
            }
        }
        if read > 0 {
            CHANGED.notify_all();
        }
    }

    fn add(&mut self, packet: Packet) {
        if self.is_full() && self.stands_still() {
            self.lost += packet.count();
        } else {
            self.came += 1;
            self.bytes += packet.size();
            self.packets.push_back(packet);
        }
    }

    pub(super) fn is_full(&self) -> bool {
        self.bytes >= MOST
    }

    /// Nobody has given anything to the logger yet that would have come back.
    pub(super) fn is_untouched(&self) -> bool {
        self.came == 0
    }

    /// Has `waiter` called when the logger has had all that came so far; gives it back if that is so, or will not be soon.
    pub(super) fn wait(&mut self, waiter: Waiter) -> Option<Waiter> {
        if self.given == self.came || self.stands_still() {
            return Some(waiter);
        }
        self.waiters.push((self.came, waiter));
        None
    }

    pub(super) fn is_waited_for(&self) -> bool {
        !self.waiters.is_empty()
    }

    /// Those who wait, if it is for nothing.
    pub(super) fn give_up(&mut self) -> Vec<Waiter> {
        let waiters = self.waiters.drain(..);
        waiters.map(|(_, waiter)| waiter).collect()
    }

    pub(super) fn stands_still(&self) -> bool {
        self.stall().passed()
    }

    /// When the logger will have stood still for too long; never while it has nothing to do.
    pub(super) fn stall(&self) -> Deadline {
        Deadline::until(self.busy_since.and_then(|since| since.checked_add(STALL)))
    }
}

/// The next packet, once there is one, and how many came before it.
pub(super) fn next() -> (Packet, u64) {
    let mut queue = queue();
    loop {
        if let Some(packet) = queue.packets.pop_front() {
            return (packet, queue.given);
        }
        queue = CHANGED.wait(queue).unwrap_or_else(PoisonError::into_inner);
    }
}

/// The logger gets something now.
pub(super) fn begin() {
    queue().busy_since = Some(Instant::now());
}

/// It has nothing any more.
pub(super) fn rest() {
    queue().busy_since = None;
}

/// What there is to do after a packet.
pub(super) struct After {
    /// Records that were dropped since that was last said.
    pub(super) lost: u64,
    /// There is room again.
    pub(super) room: bool,
    /// Those who waited for this packet.
    pub(super) waiters: Vec<Waiter>,
}

/// All of a packet has been given to the logger.
pub(super) fn end(packet: &Packet) -> After {
    let mut queue = queue();
    let was_full = queue.is_full();
    queue.bytes -= packet.size();
    queue.given += 1;
    queue.busy_since = None;
    let given = queue.given;
    let due = queue.waiters.extract_if(.., |(last, _)| *last <= given);
    let waiters = due.map(|(_, waiter)| waiter).collect();
    After {
        lost: std::mem::take(&mut queue.lost),
        room: was_full && !queue.is_full(),
        waiters,
    }
}

pub(super) fn lose(records: u64) {
    queue().lost += records;
}
