//! A call on its way whose answer is not waited for on the spot: sent by the session's sender, or run by this process's own queue, it
//! ends in its slot.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::task::{Context, Poll};

use super::answer::Answer;
use super::arrive::arrive;
use super::deliver::their_method;
use super::one_way::own_queue;
use super::slot::Slot;
use super::target::Target;
use crate::client::{Replied, Session, TwoWay, refuse_in_fork};
use crate::context;
use crate::dispatch;
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::{Lease, Parcel, Place, claim};
use crate::interface::{Arguments, Interface};
use crate::message::{After, Handles, HeldLock, LaneCall, MAX_CHAIN, ReplyWanted};
use crate::object::{CALLS, Caller, Cancel, Turn};
use crate::order::{self, Earlier, TimedOut};
use crate::os::{Deadline, Expires, Timer, forked};
use crate::program;

/// How a call goes with the others of its thread.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// In its place among them; it runs whatever becomes of whoever started it.
    InOrder,
    /// Beside them; not at all if it is given up before it is sent.
    Beside,
}

/// One call.
pub(super) struct Started {
    kind: Kind,
    depth: usize,
    /// Made in a forked process, where it can only fail. Those of its parent must not be touched there: a thread that is not there may
    /// have been at work on them.
    in_fork: bool,
    slot: Slot<Result<Answer, Error>>,
    deadline: Deadline,
    timer: OnceLock<Timer>,
    /// What the call needs until it is answered.
    cargo: Mutex<Option<Cargo>>,
}

struct Cargo {
    lease: Arc<Lease>,
    interface: &'static Interface,
    method: u32,
    /// The line in which it keeps its order, if there is one.
    thread: Option<u64>,
    /// What it comes after that does not go over the lane.
    after: Option<After>,
    held: Vec<HeldLock>,
    arguments: Parcel,
}

impl Started {
    /// Sends a call on its way. What is wrong with it is its answer.
    pub(super) fn start(
        target: &Target,
        method: u32,
        arguments: Result<Parcel, Error>,
        kind: Kind,
    ) -> Arc<Self> {
        let context = context::current();
        let deadline = target.deadline_of(method).earlier(context.deadline);
        let call = Arc::new(Self {
            kind,
            // A peer says how long its chain is.
            depth: context.held.len().min(MAX_CHAIN),
            in_fork: forked(),
            slot: Slot::default(),
            deadline,
            timer: OnceLock::new(),
            cargo: Mutex::default(),
        });
        let ready = refuse_in_fork().and(arguments).and_then(|arguments| {
            if deadline.passed() {
                let text = "the deadline had passed before the call was sent";
                return Err(Error::new(ErrorKind::Timeout, text));
            }
            call.go(target, method, arguments, context)
        });
        if let Err(error) = ready {
            call.end(Err(error));
        }
        call
    }

    fn go(
        self: &Arc<Self>,
        target: &Target,
        method: u32,
        arguments: Parcel,
        context: context::Context,
    ) -> Result<(), Error> {
        let lease = target.lease();
        if let Place::Nowhere { cause, .. } = lease.place() {
            return Err(cause.clone());
        }
        // Behind a call that waits for the lock of the method that runs here, it would wait for that method.
        let own = context.holds(lease.key());
        let in_order = self.kind == Kind::InOrder && !own;
        *self.cargo() = Some(Cargo {
            lease: Arc::clone(lease),
            interface: target.interface(),
            method,
            thread: in_order.then(order::scope_number),
            after: in_order.then(|| order::after(lease.key())).flatten(),
            held: context.held,
            arguments,
        });
        if in_order {
            let call: Arc<Self> = Arc::clone(self);
            order::note(lease.key(), call);
        }
        let this = Arc::downgrade(self);
        if let Some(timer) = Timer::start(self.deadline, this) {
            // Set once: a call starts once.
            let _ = self.timer.set(timer);
        }
        match lease.place() {
            Place::Here(_) => self.queue_here(context.cancel.unwrap_or_default()),
            Place::At { session, .. } => {
                session.send_later(Arc::clone(self) as Arc<dyn TwoWay>);
                Ok(())
            }
            Place::Nowhere { cause, .. } => Err(cause.clone()),
        }
    }

    /// Has a thread of this process run it.
    fn queue_here(self: &Arc<Self>, cancel: Cancel) -> Result<(), Error> {
        let queue = own_queue()?;
        let (turn, weight) = {
            let cargo = self.cargo();
            let Some(cargo) = &*cargo else {
                return Ok(());
            };
            let chained = !cargo.held.is_empty();
            let object = cargo.lease.key().1;
            let turn = Turn::of(cargo.thread, object, chained);
            (turn, cargo.arguments.body.len())
        };
        let (call, committed) = (Arc::clone(self), CALLS.commit());
        queue.push(turn, weight, move || {
            if call.commit()
                && let Some(cargo) = call.take_cargo()
            {
                let answer = cargo.run(&cancel, call.deadline);
                call.end(answer);
            }
            drop(committed);
        });
        Ok(())
    }

    /// The answer, or the waker is woken when it is there.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Result<Answer, Error>> {
        if let Err(error) = self.refuse_to_copies() {
            return Poll::Ready(Err(error));
        }
        self.slot.poll(context)
    }

    /// Waits for the answer.
    pub(super) fn wait(&self) -> Result<Answer, Error> {
        self.refuse_to_copies()?;
        let waited = self.slot.wait(self.deadline);
        let answer = waited.or_else(|| {
            self.expire();
            self.slot.wait(Deadline::NEVER)
        });
        answer.unwrap_or_else(|| Err(timed_out(None, true)))
    }

    pub(super) fn is_over(&self) -> bool {
        self.is_copy() || self.slot.is_over()
    }

    /// Whether it is the copy of a call that the parent of this process has made.
    fn is_copy(&self) -> bool {
        !self.in_fork && forked()
    }

    fn refuse_to_copies(&self) -> Result<(), Error> {
        if !self.is_copy() {
            return Ok(());
        }
        refuse_in_fork().map_err(|error| error.ran(Executed::Maybe))
    }

    /// Nobody waits for the answer any more. In a forked process that is nothing to the parent's call.
    pub(super) fn give_up(&self) {
        if self.is_copy() {
            return;
        }
        self.slot.abandon();
        if !self.is_wanted() {
            drop(self.unsent_cargo());
        }
    }

    fn end(&self, answer: Result<Answer, Error>) {
        drop(self.take_cargo());
        self.slot.fill(|_| answer);
    }

    /// What a call that will never be sent has kept.
    fn unsent_cargo(&self) -> Option<Cargo> {
        (!self.slot.is_sent()).then(|| self.take_cargo()).flatten()
    }

    fn take_cargo(&self) -> Option<Cargo> {
        self.cargo().take()
    }

    fn cargo(&self) -> std::sync::MutexGuard<'_, Option<Cargo>> {
        self.cargo.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl TwoWay for Started {
    fn depth(&self) -> usize {
        self.depth
    }

    fn is_wanted(&self) -> bool {
        match self.kind {
            Kind::InOrder => !self.slot.is_over(),
            Kind::Beside => self.slot.is_wanted(),
        }
    }

    fn request(&self) -> Option<Result<(LaneCall, Vec<u8>), Error>> {
        if !self.is_wanted() {
            return None;
        }
        let mut cargo = self.cargo();
        let loaded = cargo.as_mut()?;
        let (lease, interface, method) =
            (Arc::clone(&loaded.lease), loaded.interface, loaded.method);
        let body = std::mem::take(&mut loaded.arguments.body);
        let (nonce, leases) = (loaded.arguments.nonce, loaded.arguments.leases.clone());
        let (thread, after) = (loaded.thread, loaded.after);
        let held = std::mem::take(&mut loaded.held);
        drop(cargo);
        let Place::At { session, object } = lease.place() else {
            return None;
        };
        let made = their_method(session, interface, method).and_then(|method| {
            let claims = leases.iter().map(claim).collect::<Result<_, _>>()?;
            Ok(LaneCall {
                number: 0,
                thread,
                object: *object,
                interface: interface.id(),
                method,
                after,
                reply: Some(ReplyWanted {
                    timeout: self.deadline.remaining(),
                    held,
                }),
                handles: Handles { nonce, claims },
            })
        });
        Some(made.map(|call| (call, body)))
    }

    fn commit(&self) -> bool {
        self.slot.commit(self.kind == Kind::InOrder)
    }

    fn answered(self: Arc<Self>, answer: Result<Replied, Error>) {
        let replied = match answer {
            Ok(replied) => replied,
            Err(error) => return self.end(Err(error)),
        };
        let Some(cargo) = self.take_cargo() else {
            return;
        };
        let Place::At { session, .. } = cargo.lease.place() else {
            return;
        };
        let Replied {
            number,
            reply,
            value,
        } = replied;
        let (wanted, deadline) = (self.slot.is_wanted(), self.deadline);
        arrive(session, number, reply, wanted, deadline, move |arrived| {
            self.end(arrived.map(|arrived| {
                let (frame, body_at) = value.into_frame();
                Answer::framed(frame, body_at).with(arrived)
            }));
        });
    }
}

impl Cargo {
    fn run(self, cancel: &Cancel, deadline: Deadline) -> Result<Answer, Error> {
        let call = dispatch::Call {
            caller: Caller::this_process(program::label()),
            cancel,
            awaited: true,
            deadline,
            held: self.held,
        };
        let Parcel {
            body,
            nonce,
            leases,
        } = self.arguments;
        let arguments = Arguments::new(&body, nonce, leases);
        let object = self.lease.key().1;
        dispatch::call_method(call, object, self.interface.id(), self.method, arguments)
            .map(Answer::from)
    }
}

impl Expires for Started {
    fn expire(&self) {
        let server = match self.cargo().as_ref().map(|cargo| Arc::clone(&cargo.lease)) {
            Some(lease) => match lease.place() {
                Place::At { session, .. } => Some(Arc::clone(session)),
                _ => None,
            },
            None => None,
        };
        self.slot.fill(|sent| Err(timed_out(server.as_ref(), sent)));
        drop(self.unsent_cargo());
    }
}

fn timed_out(server: Option<&Arc<Session>>, sent: bool) -> Error {
    let name = server.map_or("this process", |session| &session.endpoint().name);
    let (text, executed) = if sent {
        (
            format!("{name} did not answer within the deadline; the method may go on"),
            Executed::Maybe,
        )
    } else {
        (
            format!("the deadline passed before the call was sent to {name}"),
            Executed::No,
        )
    };
    let label = server.map_or_else(|| program::label().to_owned(), |session| session.label());
    Error::new(ErrorKind::Timeout, text)
        .ran(executed)
        .in_process(label)
}

impl Earlier for Started {
    fn wait_until_sent(&self, deadline: Deadline) -> Result<(), TimedOut> {
        self.slot.wait_until_sent(deadline)
    }

    fn wait_until_over(&self, deadline: Deadline) -> Result<(), TimedOut> {
        self.slot.wait_until_over(deadline)
    }

    fn is_over(&self) -> bool {
        self.slot.is_over()
    }

    /// It may have a deadline, and one that cannot be sent ends at once.
    fn is_last_to_end(&self) -> bool {
        false
    }
}
