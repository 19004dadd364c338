//! `Ticket`: a handle as text, once, for where no call goes.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::address::Endpoint;
use crate::call;
use crate::client::dial;
use crate::codec;
use crate::context;
use crate::error::{Error, ErrorKind};
use crate::handle::{AnyHandle, Place, endpoint, server_id};
use crate::message::Subject;
use crate::server;
use crate::shared::{Shareable, Shared};

/// A handle in a form that can be printed and parsed, made by [`Shared::ticket`](crate::Shared::ticket): for a program that no
/// handle can be sent to, because it is not running yet or was started by somebody else.
///
/// It can be used once, by any program of the same user, until its time is over. It is a secret: a file or an environment
/// variable is a place for it, a command line, which everybody can read, is not. `Debug` does not show it.
///
/// ```
/// use std::time::Duration;
/// use shared_runtime::{Shared, Ticket, shared};
///
/// struct Lamp;
///
/// #[shared]
/// impl Lamp { pub fn on(&self) -> bool { true } }
///
/// let lamp = Shared::new(Lamp);
/// let text = Shared::ticket(&lamp, Duration::from_secs(60))?.to_string();
/// // … in another program:
/// let ticket: Ticket = text.parse()?;
/// let same = Shared::<Lamp>::from_ticket(&ticket)?;
/// assert_eq!(same, lamp);
/// assert!(Shared::<Lamp>::from_ticket(&ticket).is_err()); // once
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ticket {
    endpoint: Endpoint,
    secret: u128,
}

impl<T: Shareable + ?Sized> Shared<T> {
    /// The handle as text, to be used once within `lifetime`, for where no call goes: see [`Ticket`]. It keeps the object alive until then.
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn ticket(this: &Self, lifetime: Duration) -> Result<Ticket, Error> {
        let interface = T::interface().id();
        match this.lease().place() {
            Place::Here(hosted) => Ok(Ticket {
                endpoint: endpoint()?,
                secret: server::issue_ticket(hosted.id(), interface, lifetime)?,
            }),
            Place::At { session, object } => {
                let subject = Subject::IssueTicket {
                    object: *object,
                    interface,
                    lifetime,
                };
                Ok(Ticket {
                    endpoint: session.endpoint().clone(),
                    secret: call::ask_server(session, subject)?,
                })
            }
            Place::Nowhere { cause, .. } => Err(cause.clone()),
        }
    }

    /// The handle that a ticket stands for.
    ///
    /// # Errors
    ///
    /// `Gone` if the ticket has been used or its time is over, `Unknown` if it is for an object of another type, `Disconnected` if
    /// the server has ended; those of any call.
    pub fn from_ticket(ticket: &Ticket) -> Result<Self, Error> {
        let interface = T::interface().id();
        if ticket.endpoint.server == server_id() {
            return server::redeem_ticket(ticket.secret, interface).map(Self::from_lease);
        }
        let session = dial(&ticket.endpoint, context::current().deadline)?;
        let subject = Subject::RedeemTicket {
            secret: ticket.secret,
            interface,
        };
        let AnyHandle { lease, .. } = call::ask_server(&session, subject)?;
        Ok(Self::from_lease(lease))
    }
}

/// What the text begins with.
const PREFIX: &str = "shared-ticket-";

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let bytes = codec::encode(self).map_err(|_| fmt::Error)?;
        f.write_str(PREFIX)?;
        bytes.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl FromStr for Ticket {
    type Err = Error;

    /// # Errors
    ///
    /// `Decode` if the text is not that of a ticket.
    fn from_str(text: &str) -> Result<Self, Error> {
        let malformed = || Error::new(ErrorKind::Decode, "this is not the text of a ticket");
        let digits = text.trim().strip_prefix(PREFIX).ok_or_else(malformed)?;
        let bytes = digits
            .as_bytes()
            .chunks(2)
            .map(|pair| {
                let pair = std::str::from_utf8(pair)
                    .ok()
                    .filter(|pair| pair.len() == 2)?;
                u8::from_str_radix(pair, 16).ok()
            })
            .collect::<Option<Vec<u8>>>();
        codec::decode(&bytes.ok_or_else(malformed)?).map_err(|_| malformed())
    }
}

impl fmt::Debug for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Ticket")
            .field("server", &self.endpoint.name)
            .field("pid", &self.endpoint.pid)
            .finish_non_exhaustive()
    }
}
