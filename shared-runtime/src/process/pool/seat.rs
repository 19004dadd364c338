//! One worker as its pool sees it: what it has been given, and what is on its way to it and back. Nothing here waits.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;

use super::slot::Work;
use super::wire::Order;
use crate::error::{Error, Executed};
use crate::handle::claim;
use crate::message::{Handles, Reply};
use crate::os::{Child, Deadline, Socket};
use crate::process::line::{Message, Outgoing};
use crate::process::spawn::Spawned;
use crate::transport::Broken;

/// For what must not wait.
fn now() -> Deadline {
    Deadline::after(Some(Duration::ZERO))
}

pub(super) struct Seat {
    pub(super) id: u64,
    spawned: Spawned,
    outgoing: VecDeque<Outgoing<Body>>,
    /// Nothing has gone of the last job it was given, which is the first of `outgoing`.
    unsent: bool,
    /// The jobs it has not answered, the one that it runs first.
    given: VecDeque<Arc<Work>>,
    /// How many it has been given in all.
    total: u64,
    /// It has been told to stop, or ended.
    leaving: bool,
    /// It can no longer be spoken to.
    broken: bool,
}

/// What became of giving a job to a worker.
pub(super) enum Giving {
    Given,
    /// The job cannot be sent to anybody.
    Refused(Error),
    /// The worker can no longer be reached, and has got nothing of it.
    Lost,
}

/// What a worker says of a job.
pub(super) struct Answer {
    /// Its jobs count up from 0.
    pub(super) number: u64,
    pub(super) work: Arc<Work>,
    pub(super) reply: Reply,
    /// The encoded result.
    pub(super) message: Message,
}

/// The jobs of a worker that has ended.
pub(super) struct Rest {
    /// The one that it ran, and why that has no result.
    pub(super) ran: Option<(Arc<Work>, Error)>,
    pub(super) not_begun: VecDeque<Arc<Work>>,
}

/// What there is to watch of a worker.
pub(super) struct Sign {
    pub(super) id: u64,
    /// None where nothing can be heard any more.
    pub(super) line: Option<Arc<Socket>>,
    pub(super) child: Arc<Child>,
    /// Whether there is something to send.
    pub(super) sending: bool,
}

/// That there is something new of a worker.
pub(super) struct News {
    pub(super) id: u64,
    /// Its process had ended before anything that it said is read: nothing can come after that.
    pub(super) ended: bool,
}

impl Seat {
    pub(super) fn new(id: u64, spawned: Spawned) -> Self {
        Self {
            id,
            spawned,
            outgoing: VecDeque::new(),
            unsent: false,
            given: VecDeque::new(),
            total: 0,
            leaving: false,
            broken: false,
        }
    }

    /// Whether it takes jobs.
    pub(super) fn stays(&self) -> bool {
        !self.leaving && !self.broken
    }

    /// Whether it has been told to stop, or to end.
    pub(super) fn is_leaving(&self) -> bool {
        self.leaving
    }

    /// Whether there is more to watch of it than what it says.
    pub(super) fn needs_watch(&self) -> bool {
        self.broken || !self.outgoing.is_empty()
    }

    pub(super) fn is_idle(&self) -> bool {
        self.given.is_empty()
    }

    /// How many jobs it has not answered.
    pub(super) fn load(&self) -> usize {
        self.given.len()
    }

    pub(super) fn total(&self) -> u64 {
        self.total
    }

    /// Whether a further job can be given to it: one for which there is no room in the channel would only wait there.
    pub(super) fn has_room(&self, most_at_one: usize, most_in_all: u64) -> bool {
        self.stays()
            && self.load() < most_at_one
            && self.total < most_in_all
            && self.outgoing.is_empty()
    }

    pub(super) fn give(&mut self, work: &Arc<Work>) -> Giving {
        let message = match job(work) {
            Ok(message) => message,
            Err(error) => return Giving::Refused(error.in_task(work.task)),
        };
        self.outgoing.push_back(message);
        self.unsent = true;
        self.given.push_back(Arc::clone(work));
        self.flush();
        if self.broken && self.unsent {
            self.unsent = false;
            self.given.pop_back();
            return Giving::Lost;
        }
        self.total += 1;
        Giving::Given
    }

    /// Has it end when it has done what it was given.
    pub(super) fn stop(&mut self) {
        self.leaving = true;
        self.say(&Order::Stop);
    }

    /// The handles of its answer to the job of this number have been taken.
    pub(super) fn taken(&mut self, job: u64) {
        self.say(&Order::Taken(job));
    }

    fn say(&mut self, order: &Order) {
        match Outgoing::new(order, Body(None)) {
            Ok(message) => self.outgoing.push_back(message),
            Err(_) => self.broken = true,
        }
        self.flush();
    }

    /// Sends what there is room for.
    pub(super) fn flush(&mut self) {
        while let Some(first) = self.outgoing.front_mut() {
            let sent = first.send(&self.spawned.line, now());
            self.unsent &= !first.has_begun();
            match sent {
                Ok(()) => drop(self.outgoing.pop_front()),
                Err(Broken::TimedOut) => return,
                Err(_) => {
                    self.broken = true;
                    return;
                }
            }
        }
    }

    /// The next answer that has come.
    pub(super) fn answer(&mut self) -> Option<Answer> {
        let Ok((reply, message)) = self.receive()?.open() else {
            self.broken = true;
            return None;
        };
        // None: the pool has been terminated, and all of its jobs are over.
        let number = self.total - self.given.len() as u64;
        let work = self.given.pop_front()?;
        Some(Answer {
            number,
            work,
            reply,
            message,
        })
    }

    fn receive(&mut self) -> Option<Message> {
        match self.spawned.line.receive(now()) {
            Ok(message) => Some(message),
            Err(Broken::TimedOut) => None,
            Err(_) => {
                self.broken = true;
                None
            }
        }
    }

    /// A process that can no longer be spoken to is of no use.
    pub(super) fn end_if_broken(&self) {
        if self.broken {
            self.kill();
        }
    }

    /// What is left when the process has ended.
    pub(super) fn into_rest(mut self) -> Rest {
        let sent = self.given.len() - usize::from(self.unsent);
        let mut not_begun = self.given;
        let ran = (sent > 0).then(|| not_begun.pop_front()).flatten();
        let ran = ran.map(|work| {
            let error = self.spawned.ended(Executed::Maybe).in_task(work.task);
            (work, error)
        });
        Rest { ran, not_begun }
    }

    /// How a process ended that ran nothing.
    pub(super) fn ended_idle(&mut self) -> Error {
        self.spawned.ended(Executed::No)
    }

    /// Ends it, and gives its jobs back.
    pub(super) fn terminate(&mut self) -> VecDeque<Arc<Work>> {
        self.leaving = true;
        self.outgoing.clear();
        self.unsent = false;
        self.spawned.child.signal(Signal::TERM);
        std::mem::take(&mut self.given)
    }

    pub(super) fn kill(&self) {
        self.spawned.child.signal(Signal::KILL);
    }

    /// `name (pid 123)`.
    pub(super) fn label(&self) -> String {
        self.spawned.label()
    }

    pub(super) fn sign(&self) -> Sign {
        Sign {
            id: self.id,
            line: (!self.broken).then(|| Arc::clone(self.spawned.line.socket())),
            child: Arc::clone(&self.spawned.child),
            sending: !self.outgoing.is_empty(),
        }
    }
}

/// The arguments of a job, which it keeps; of other messages, nothing.
struct Body(Option<Arc<Work>>);

impl AsRef<[u8]> for Body {
    fn as_ref(&self) -> &[u8] {
        let work = self.0.as_ref();
        let arguments = work.and_then(|work| work.arguments.as_ref().ok());
        arguments.map_or(&[], |arguments| &arguments.body)
    }
}

fn job(work: &Arc<Work>) -> Result<Outgoing<Body>, Error> {
    let arguments = work.arguments.as_ref().map_err(Clone::clone)?;
    let claims = arguments
        .leases
        .iter()
        .map(claim)
        .collect::<Result<_, _>>()?;
    let order = Order::Job {
        task: work.task.to_owned(),
        handles: Handles {
            nonce: arguments.nonce,
            claims,
        },
    };
    Outgoing::new(&order, Body(Some(Arc::clone(work))))
}
