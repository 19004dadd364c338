//! One connection: a thread that reads requests, has them dispatched, and writes replies. On a pipe the requests do not wait for the replies
//! to those before them.

use std::sync::Arc;

use super::answers::answer;
use super::limits::max_message;
use super::offer::{Offer, too_large};
use super::pipes::Pipe;
use super::sessions::Session;
use crate::codec::spare;
use crate::dispatch;
use crate::error::{Error, Executed};
use crate::handle::{Lease, Parcel, arrivals};
use crate::interface::{Arguments, Encoded, Returned};
use crate::message::{Reply, Request, ShortCall, Subject};
use crate::object::CALLS;
use crate::os::{Cut, Deadline};
use crate::transport::{Broken, Connection};

/// Starts a thread that serves the connection; returns what cuts it off. `None` if it cannot be served.
pub(super) fn begin(
    session: &Arc<Session>,
    connection: Box<dyn Connection>,
    number: u64,
    pipe: Option<Pipe>,
) -> Option<Arc<dyn Cut>> {
    let cutter = connection.cutter().ok()?;
    let session = Arc::clone(session);
    let run = move || {
        let open = Open {
            session: &session,
            number,
        };
        Serving {
            session: open.session,
            connection,
            pipe,
            head: Vec::new(),
            pins: Vec::new(),
        }
        .run();
    };
    std::thread::Builder::new()
        .name("shared-call".into())
        .spawn(run)
        .ok()?;
    Some(cutter)
}

/// A connection that its session knows, until its thread ends, however that is.
struct Open<'a> {
    session: &'a Session,
    number: u64,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        self.session.remove_connection(self.number);
    }
}

struct Serving<'a> {
    session: &'a Session,
    connection: Box<dyn Connection>,
    pipe: Option<Pipe>,
    /// The head of the last reply.
    head: Vec<u8>,
    /// The handles of the last reply to objects of other servers: ours until the client has its own, which it says with its next
    /// frame, or does not need them any more, which it says by closing. Those of a pipe's replies are kept with the session's.
    pins: Vec<Arc<Lease>>,
}

impl Serving<'_> {
    fn run(&mut self) {
        let mut frame = Vec::new();
        loop {
            let received = self
                .connection
                .receive(&mut frame, max_message(), Deadline::NEVER);
            match received {
                Ok(()) => {}
                Err(Broken::TooLarge { size }) => {
                    return self.refuse(too_large("the request", size));
                }
                Err(_) => return,
            }
            self.pins.clear();
            let served = match Request::read_short(&frame) {
                Some((called, body)) => self.serve(|this| this.call(called, body)),
                None => match Request::read(&frame) {
                    Ok((request, _)) if matches!(request.subject, Subject::Taken) => Ok(()),
                    Ok((request, body)) => self.serve(|this| this.answer(request, body)),
                    Err(error) => return self.refuse(error),
                },
            };
            if served.is_err() {
                return;
            }
        }
    }

    #[inline]
    fn serve(&mut self, answer: impl FnOnce(&Self) -> Returned) -> Result<(), Broken> {
        // Of a client that has left, only what it waited for.
        if self.pipe.is_some() && self.session.caller.gone.is_cancelled() {
            return Err(Broken::Closed);
        }
        // Until the answer is on its way: a server that ends waits for that.
        let _committed = CALLS.commit();
        let returned = answer(self);
        if let Some(pipe) = &self.pipe {
            pipe.advance();
        }
        self.reply(returned)
    }

    /// A last word before the connection closes: what follows a frame that was not understood cannot be either.
    fn refuse(&mut self, error: Error) {
        // The client may be gone.
        let _ = self.reply(Err(error));
    }

    /// The commonest request.
    fn call(&self, called: ShortCall, body: &[u8]) -> Returned {
        let call = dispatch::Call {
            caller: &self.session.caller,
            cancel: &self.session.caller.gone,
            awaited: true,
            deadline: Deadline::NEVER,
            held: Vec::new(),
        };
        let arguments = Arguments::new(body, 0, Vec::new());
        let ShortCall {
            object,
            interface,
            method,
        } = called;
        dispatch::call_method(call, object, interface, method, arguments)
    }

    fn answer(&self, request: Request, body: &[u8]) -> Returned {
        let deadline = Deadline::after(request.timeout);
        let leases = arrivals(&request.handles.claims, None, deadline);
        let arguments = Arguments::new(body, request.handles.nonce, leases);
        let call = dispatch::Call {
            caller: &self.session.caller,
            cancel: &self.session.caller.gone,
            awaited: true,
            deadline,
            held: request.held,
        };
        match request.subject {
            Subject::Method {
                object,
                interface,
                method,
            } => dispatch::call_method(call, object, interface, method, arguments),
            Subject::Constructor {
                interface,
                constructor,
            } => dispatch::construct(call, interface, constructor, arguments),
            subject => answer(subject, arguments),
        }
    }

    /// A value that is too large is an error of its call, not of the connection.
    fn reply(&mut self, returned: Returned) -> Result<(), Broken> {
        match self.try_reply(returned) {
            Err(Broken::TooLarge { size }) => {
                self.try_reply(Err(too_large("the answer", size).ran(Executed::Yes)))
            }
            sent => sent,
        }
    }

    fn try_reply(&mut self, returned: Returned) -> Result<(), Broken> {
        match returned {
            Ok(Encoded(answer))
                if answer.leases.is_empty() && answer.body.len() < max_message() =>
            {
                self.reply_value(answer)
            }
            returned => self.reply_offer(returned),
        }
    }

    /// The commonest reply: a value without handles.
    fn reply_value(&mut self, answer: Box<Parcel>) -> Result<(), Broken> {
        let sent = self
            .connection
            .send(&Reply::VALUE, &answer.body, Deadline::NEVER);
        answer.give_back();
        sent
    }

    fn reply_offer(&mut self, returned: Returned) -> Result<(), Broken> {
        let session = self.session.caller.session;
        let Offer { reply, body, pins } = Offer::to(session, returned);
        let sent = self.keep(pins).and_then(|()| self.send(&reply, &body));
        if sent.is_err() {
            Offer::take_back(&reply, session);
            self.let_go();
        }
        spare::give_back(body);
        sent
    }

    /// Until the client has handles of its own.
    fn keep(&mut self, pins: Vec<Arc<Lease>>) -> Result<(), Broken> {
        let Some(pipe) = &self.pipe else {
            self.pins = pins;
            return Ok(());
        };
        if pins.is_empty() || self.session.replies.pin(pipe.reply_number(), pins) {
            return Ok(());
        }
        Err(Broken::Closed)
    }

    fn let_go(&mut self) {
        self.pins.clear();
        if let Some(pipe) = &self.pipe {
            self.session.replies.confirm(&[pipe.reply_number()]);
        }
    }

    fn send(&mut self, reply: &Reply, body: &[u8]) -> Result<(), Broken> {
        let written = reply.write(&mut self.head);
        written.map_err(|error| Broken::Corrupt(error.to_string()))?;
        Offer::check(reply, self.head.len() + body.len())?;
        self.connection.send(&self.head, body, Deadline::NEVER)
    }
}
