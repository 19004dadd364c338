//! Everything the model knows at one moment: a server with one object, two clients with their lanes, a handle between them.
//! What may happen next is not known here.

/// A client process.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Who {
    A,
    B,
}

impl Who {
    pub(crate) const BOTH: [Self; 2] = [Self::A, Self::B];
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct State {
    pub(crate) server: Server,
    pub(crate) clients: [Client; 2],
    pub(crate) transfer: Transfer,
}

/// The server's table of leases, and what it has done wrong.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Server {
    /// Whether the server still has the handle that it gives away copies of.
    pub(crate) keeps: bool,
    /// Leases of its own: of the handle it keeps, of handles in methods, of calls that wait.
    pub(crate) own: u8,
    /// Leases of each session.
    pub(crate) counts: [u8; 2],
    /// Sessions that have not ended.
    pub(crate) open: [bool; 2],
    /// Final: ids are never used again.
    pub(crate) freed: bool,
    /// Whether a committed one-way call did not find the object, or was never read.
    pub(crate) lost_call: bool,
}

/// What a client's user may still do, so that there is an end to it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Budget {
    pub(crate) gets: u8,
    pub(crate) clones: u8,
    pub(crate) calls: u8,
    pub(crate) one_way_calls: u8,
    pub(crate) upgrades: u8,
    pub(crate) timeouts: u8,
    pub(crate) kills: u8,
}

/// More leases at once than this no budget here allows.
pub(crate) const SLOTS: usize = 4;

/// A client process and its session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Client {
    pub(crate) alive: bool,
    /// The lease that the process's table points to, alive or dead.
    pub(crate) table: Option<u8>,
    pub(crate) leases: [Lease; SLOTS],
    pub(crate) control: Lane,
    /// They are alike, and kept in order: two states that differ in which is which are one.
    pub(crate) connections: [Connection; 2],
    /// In the order of their sending, which is the order of the lane too.
    pub(crate) one_way: [OneWay; 2],
    pub(crate) left: Budget,
}

/// A process's share of the object's life. Without a count there is none; without handles and pins its destructor is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lease {
    /// Grants received.
    pub(crate) count: u8,
    /// Handles of the user.
    pub(crate) handles: u8,
    /// Handles of calls and messages that are under way.
    pub(crate) pins: u8,
}

impl Lease {
    pub(crate) fn is_alive(self) -> bool {
        self.handles + self.pins > 0
    }

    pub(crate) fn is_dying(self) -> bool {
        self.count > 0 && !self.is_alive()
    }
}

/// Releases on their way to the server, oldest first. Zero is no release.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Lane([u8; 6]);

impl Lane {
    pub(crate) fn push(&mut self, count: u8) {
        let free = self.0.iter_mut().find(|place| **place == 0);
        *free.expect("the lane has room for every release of the budget") = count;
    }

    pub(crate) fn pop(&mut self) -> Option<u8> {
        let first = self.0[0];
        self.0.rotate_left(1);
        self.0[self.0.len() - 1] = 0;
        (first > 0).then_some(first)
    }

    pub(crate) fn is_empty(self) -> bool {
        self.0[0] == 0
    }

    pub(crate) fn sum(self) -> u8 {
        self.0.iter().sum()
    }
}

/// One exchange at a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Connection {
    pub(crate) stage: Stage,
    pub(crate) purpose: Purpose,
    /// The lease that a call keeps.
    pub(crate) pin: Option<u8>,
    /// Whether the caller's deadline has passed.
    pub(crate) abandoned: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Stage {
    #[default]
    Idle,
    /// A request that the server has not read.
    Requested,
    /// A method has returned a handle, which is still there.
    Returned,
    /// The same, but the handle has been dropped before its lease was granted.
    Dropped,
    /// A reply with a lease is on its way.
    Granted,
    /// A reply without one is on its way.
    Answered,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Purpose {
    /// A call of another object of the server, whose method returns the handle that the server keeps.
    #[default]
    Get,
    /// A call through a handle.
    Call,
    /// A take, for a weak handle.
    Upgrade,
    /// A take, for a handle in a message.
    Arrival,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct OneWay {
    pub(crate) stage: OneWayStage,
    pub(crate) pin: Option<u8>,
    /// Whether the server has a lease for it.
    pub(crate) leased: bool,
    /// Whether the word that it is done is on its way to the client.
    pub(crate) told: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum OneWayStage {
    #[default]
    Unsent,
    /// Committed: nothing may keep it from being run.
    Sent,
    /// Read, and waiting for a worker.
    Queued,
    Run,
}

/// The one handle that A may pass to B, in a call of an object of B's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Transfer {
    pub(crate) stage: Passing,
    /// The lease that A keeps for it.
    pub(crate) pin: Option<u8>,
    /// Whether B may find that it cannot read the message.
    pub(crate) may_fail: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Passing {
    /// Not part of the scenario, or over.
    #[default]
    None,
    Due,
    Sent,
    /// B asks the server for a lease.
    Taking,
    /// B's acknowledgement is on its way.
    Acknowledged,
    /// B is through with it and has said nothing.
    Unanswered,
}

impl State {
    /// A server that keeps a handle, and clients that have none.
    pub(crate) fn new(budgets: [Budget; 2], transfer: Transfer) -> Self {
        Self {
            server: Server {
                keeps: true,
                own: 1,
                counts: [0; 2],
                open: [true; 2],
                freed: false,
                lost_call: false,
            },
            clients: budgets.map(Client::new),
            transfer,
        }
    }

    pub(crate) fn of(&self, who: Who) -> &Client {
        &self.clients[who as usize]
    }

    pub(crate) fn of_mut(&mut self, who: Who) -> &mut Client {
        &mut self.clients[who as usize]
    }

    /// The same for all that can happen, whichever connection is called the first.
    pub(crate) fn put_in_order(&mut self) {
        for client in &mut self.clients {
            let [first, second] = &mut client.connections;
            if first > second {
                std::mem::swap(first, second);
            }
        }
    }
}

impl Client {
    fn new(left: Budget) -> Self {
        Self {
            alive: true,
            table: None,
            leases: [Lease::default(); SLOTS],
            control: Lane::default(),
            connections: [Connection::default(); 2],
            one_way: [OneWay::default(); 2],
            left,
        }
    }

    pub(crate) fn idle(&self) -> Option<usize> {
        self.connections
            .iter()
            .position(|connection| connection.stage == Stage::Idle)
    }

    /// The first one-way call that has come as far as `stage`: the lanes keep their order.
    pub(crate) fn first_one_way(&self, stage: OneWayStage) -> Option<usize> {
        self.one_way.iter().position(|call| call.stage == stage)
    }
}
