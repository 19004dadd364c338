//! One connection: a thread that reads requests, has them dispatched, and writes replies.

use std::os::fd::OwnedFd;
use std::sync::Arc;

use super::inspect::inspect;
use super::limits::max_message;
use super::sessions::Session;
use crate::codec;
use crate::context::Context;
use crate::dispatch::{self, Caller};
use crate::error::{Error, ErrorKind, Executed};
use crate::handle::{Lease, Parcel, Place, arrival, claim, gone};
use crate::interface::{Arguments, Encoded, Returned, encode};
use crate::message::{Claim, ErrorOnWire, Handles, Reply, Request, Subject};
use crate::object::REGISTRY;
use crate::os::Deadline;
use crate::transport::{Broken, Channel, Connection, Transport};

/// Starts a thread that serves the connection; returns what cuts it off. `None` if it cannot be served.
pub(super) fn begin(session: Arc<Session>, fds: Vec<OwnedFd>, number: u64) -> Option<OwnedFd> {
    let connection = Channel.accept(fds, Arc::clone(&session.peer)).ok()?;
    let cutter = connection.cutter().ok()?;
    let run = move || {
        let open = Open {
            session: &session,
            number,
        };
        Serving {
            session: open.session,
            connection,
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
    /// The handles of the last reply to objects of other servers: ours until the client has its own, which it says with its next
    /// frame, or does not need them any more, which it says by closing.
    pins: Vec<Arc<Lease>>,
}

impl Serving<'_> {
    fn run(&mut self) {
        loop {
            let frame = match self.connection.receive(max_message(), Deadline::NEVER) {
                Ok(frame) => frame,
                Err(Broken::TooLarge { size }) => {
                    return self.refuse(too_large("the request", size));
                }
                Err(_) => return,
            };
            self.pins.clear();
            let (request, body) = match codec::decode_head::<Request>(&frame) {
                Ok(decoded) => decoded,
                Err(error) => return self.refuse(error),
            };
            if matches!(request.subject, Subject::Taken) {
                continue;
            }
            let returned = self.answer(request, body);
            if self.reply(returned).is_err() {
                return;
            }
        }
    }

    /// A last word before the connection closes: what follows a frame that was not understood cannot be either.
    fn refuse(&mut self, error: Error) {
        // The client may be gone.
        let _ = self.reply(Err(error));
    }

    fn answer(&self, request: Request, body: &[u8]) -> Returned {
        let deadline = Deadline::after(request.timeout);
        let leases = request
            .handles
            .claims
            .iter()
            .map(|claim| arrival(claim, deadline))
            .collect();
        let arguments = Arguments {
            body,
            nonce: request.handles.nonce,
            leases,
        };
        let context = Context {
            deadline,
            held: request.held,
        };
        let caller = Caller {
            label: &self.session.label,
            cancel: &self.session.cancel,
            context,
        };
        match request.subject {
            Subject::Method {
                object,
                interface,
                method,
            } => dispatch::call_method(caller, object, interface, method, arguments),
            Subject::Constructor {
                interface,
                constructor,
            } => dispatch::construct(caller, interface, constructor, arguments),
            Subject::Take { objects } => Self::take(&objects),
            Subject::ClearPoison { object } => {
                REGISTRY.get(object).ok_or_else(gone)?.set_poisoned(false);
                encode(&())
            }
            Subject::Inspect => encode(&inspect()),
            Subject::ObjectCount => encode(&REGISTRY.len()),
            Subject::Taken => encode(&()),
        }
    }

    /// Leases of all of the objects, or of none. They are granted as those of any reply are: one that does not arrive, or that
    /// nobody waits for any more, gives them back.
    fn take(objects: &[u64]) -> Returned {
        let leases: Vec<Arc<Lease>> = objects.iter().map(|object| Lease::here(*object)).collect();
        if leases
            .iter()
            .any(|lease| matches!(lease.place(), Place::Nowhere(_)))
        {
            return Err(gone());
        }
        let Encoded(answer) = encode(&())?;
        Ok(Encoded(Parcel { leases, ..answer }))
    }

    fn reply(&mut self, returned: Returned) -> Result<(), Broken> {
        match returned {
            Ok(Encoded(parcel)) => self.reply_with(parcel),
            Err(error) => {
                let reply = Reply {
                    outcome: Err(ErrorOnWire(error)),
                    handles: Handles::default(),
                };
                self.send(&reply, &[])
            }
        }
    }

    /// Sends a value. Leases of our own objects are granted with it, before the handles that keep them alive here go; if
    /// it cannot be sent they are taken back.
    fn reply_with(&mut self, parcel: Parcel) -> Result<(), Broken> {
        let Parcel {
            body,
            nonce,
            leases,
        } = parcel;
        let claims: Vec<Claim> = leases.iter().map(|lease| self.grant(lease)).collect();
        let reply = Reply {
            outcome: Ok(()),
            handles: Handles { nonce, claims },
        };
        let elsewhere = |lease: &Arc<Lease>| matches!(lease.place(), Place::At { .. });
        self.pins = leases.into_iter().filter(elsewhere).collect();
        let sent = self.send(&reply, &body);
        if sent.is_err() {
            self.take_back(&reply);
            self.pins.clear();
        }
        match sent {
            Err(Broken::TooLarge { size }) => {
                self.reply(Err(too_large("the answer", size).ran(Executed::Yes)))
            }
            sent => sent,
        }
    }

    /// An error is sent whatever its size: it says why there is no value.
    fn send(&mut self, reply: &Reply, body: &[u8]) -> Result<(), Broken> {
        let head = codec::encode(reply).map_err(|error| Broken::Corrupt(error.to_string()))?;
        let size = head.len() + body.len();
        if reply.outcome.is_ok() && size > max_message() {
            return Err(Broken::TooLarge { size });
        }
        self.connection.send(&head, body, Deadline::NEVER)
    }

    fn grant(&self, lease: &Arc<Lease>) -> Claim {
        let offered = match lease.place() {
            Place::Here(hosted) => {
                let granted = REGISTRY.lease(hosted.id(), self.session.id);
                granted
                    .map(|hosted| Claim::Granted {
                        object: hosted.id(),
                    })
                    .ok_or_else(gone)
            }
            _ => claim(lease),
        };
        offered.unwrap_or_else(|error| Claim::Broken(ErrorOnWire(error)))
    }

    fn take_back(&self, reply: &Reply) {
        for claim in &reply.handles.claims {
            if let Claim::Granted { object } = claim {
                REGISTRY.release(*object, self.session.id, 1);
            }
        }
    }
}

fn too_large(what: &str, size: usize) -> Error {
    let text = format!(
        "{what} takes {size} bytes, the limit is {} (option `max_message` of the server's builder)",
        max_message()
    );
    Error::new(ErrorKind::TooLarge, text)
}
