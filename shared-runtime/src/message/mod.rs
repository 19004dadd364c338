//! What client and server say to each other: the only file that both sides read.
//!
//! A frame is a head, one of the types below, and a body: the encoded arguments or the encoded answer. Handles are not part
//! of the body. They travel in the head, as claims that the receiver turns into leases of its own, and the body refers to
//! them by number.

mod child;
mod door;
mod lane;

use std::time::Duration;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

pub(crate) use child::{FromChild, ServerSettings, ToChild};
pub(crate) use door::{Challenge, DOOR_MAGIC, Door, KNOCK_LIMIT, Knock, Response, Verdict};
pub(crate) use lane::{After, LaneCall, LaneReply, ReplyWanted, number_in_pipe};

use crate::address::{Endpoint, ServerId};
use crate::carriage::Carriage;
use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::shape::Shape;

/// The version of everything in this file.
pub(crate) const PROTOCOL: u32 = 1;

/// The most bytes of a message on a control socket, where nobody may wait for room.
pub(crate) const CONTROL_LIMIT: usize = 16 * 1024;

/// The first message of a client on its control socket.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Hello {
    pub(crate) magic: [u8; 8],
    pub(crate) protocol: u32,
    pub(crate) build: u128,
    pub(crate) server: ServerId,
    pub(crate) name: String,
}

pub(crate) const MAGIC: [u8; 8] = *b"shared\0\x01";

/// The server's answer to a [`Hello`].
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Greeting {
    Welcome {
        pid: u32,
        /// The executable behind the server: methods are compared by name and shape where it is another one.
        build: u128,
        max_message: usize,
        /// How the connections of this session are made.
        carriage: Carriage,
    },
    Refused(ErrorOnWire),
}

/// What a client says on its control socket afterwards.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Control {
    /// The descriptors that come with this message are the other end of a new connection, which has this number.
    Connect { number: u64, role: Role },
    /// So many leases of each object are given back.
    Release(Vec<(u64, u64)>),
    /// The file of the memory that was offered under this number goes into the socket that comes with this message; or the socket closes.
    Memory { number: u64 },
    /// The handles of the replies to these calls of the lane have been taken, or are of no use to anybody any more.
    Taken(Vec<u64>),
}

/// What a connection is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Role {
    /// Calls that are waited for.
    Calls,
    /// [`LaneCall`]s, and no replies.
    Lane,
    /// The [`LaneReply`]s to them, from the server.
    Replies,
    /// Calls that are on their way at the same time: they run one after the other, and their replies come in the same order. The handles of a
    /// reply are kept by its [`number_in_pipe`].
    Pipe,
}

/// What a server says on a control socket after its greeting.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Notice {
    /// The connection of this number is not served.
    Refused(u64),
    /// The server has what the one-way calls of these numbers need of others: the client may end.
    Held(Vec<u64>),
    /// The one-way calls of these numbers have run, or never will.
    Done(Vec<u64>),
}

/// The most one-way calls of a session that have not run yet, and the most calls of its lane without a reply yet: so many at each depth of a
/// chain.
pub(crate) const MAX_UNDER_WAY: usize = 1024;

/// The most connections of a session, and so calls at one time.
pub(crate) const MAX_CONNECTIONS: usize = 256;

/// The most pipes of a session: further calls go over its lane.
pub(crate) const MAX_PIPES: usize = 64;

/// How large a message may be unless the server was told otherwise.
pub(crate) const MAX_MESSAGE: usize = 1 << 30;

/// The head of a frame from client to server.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) subject: Subject,
    /// What is left of the caller's time.
    pub(crate) timeout: Option<Duration>,
    /// The object locks that the chain of calls behind this one holds.
    pub(crate) held: Vec<HeldLock>,
    pub(crate) handles: Handles,
}

/// The first byte of a head: what follows is encoded, or is one of the short forms of the commonest heads, with which a small call fits
/// into a cache line.
const LONG: u8 = 0;
const SHORT: u8 = 1;
/// The head is encoded, and stands at the end with its length: its frame was begun before it was known.
pub(crate) const TRAILED: [u8; 1] = [2];

/// A method that is called without a deadline, outside of all others and without handles.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ShortCall {
    pub(crate) object: u64,
    pub(crate) interface: u64,
    pub(crate) method: u32,
}

impl ShortCall {
    /// Puts the head of the call's frame into `head`, in the place of what it held: the method's number in two bytes, the object in five,
    /// the interface in eight. `false` if they do not fit.
    #[inline]
    pub(crate) fn write(self, head: &mut Vec<u8>) -> bool {
        if self.method > u32::from(u16::MAX) || self.object >> 40 != 0 {
            return false;
        }
        let call = u64::from(SHORT) | (u64::from(self.method) << 8) | (self.object << 24);
        head.clear();
        head.extend_from_slice(&call.to_le_bytes());
        head.extend_from_slice(&self.interface.to_le_bytes());
        true
    }
}

impl Request {
    /// The head of a frame, if it is a short one, and its body.
    #[inline]
    #[expect(clippy::cast_possible_truncation, reason = "two bytes are meant")]
    pub(crate) fn read_short(frame: &[u8]) -> Option<(ShortCall, &[u8])> {
        let (call, rest) = frame.split_first_chunk()?;
        let (interface, body) = rest.split_first_chunk()?;
        if call[0] != SHORT {
            return None;
        }
        let call = u64::from_le_bytes(*call);
        let called = ShortCall {
            object: call >> 24,
            interface: u64::from_le_bytes(*interface),
            method: u32::from((call >> 8) as u16),
        };
        Some((called, body))
    }

    /// Puts this into `trailer`, in the place of what it held: for the end of a frame that began with [`TRAILED`].
    pub(crate) fn write_trailer(&self, trailer: &mut Vec<u8>) -> Result<(), Error> {
        trailer.clear();
        codec::encode_into(self, trailer)?;
        let length = u32::try_from(trailer.len()).unwrap_or(u32::MAX);
        trailer.extend_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// Puts this into `head`, in the place of what it held.
    pub(crate) fn write(&self, head: &mut Vec<u8>) -> Result<(), Error> {
        if self.short().is_some_and(|call| call.write(head)) {
            return Ok(());
        }
        head.clear();
        write_long(self, head)
    }

    /// The head of a frame, and its body.
    pub(crate) fn read(frame: &[u8]) -> Result<(Self, &[u8]), Error> {
        match Self::read_short(frame) {
            Some((call, body)) => Ok((Self::from_short(call), body)),
            None if frame.first() == TRAILED.first() => read_trailed(frame),
            None => read_long(frame),
        }
    }

    fn short(&self) -> Option<ShortCall> {
        let plain =
            self.timeout.is_none() && self.held.is_empty() && self.handles.claims.is_empty();
        match self.subject {
            Subject::Method {
                object,
                interface,
                method,
            } if plain => Some(ShortCall {
                object,
                interface,
                method,
            }),
            _ => None,
        }
    }

    fn from_short(call: ShortCall) -> Self {
        let ShortCall {
            object,
            interface,
            method,
        } = call;
        Self {
            subject: Subject::Method {
                object,
                interface,
                method,
            },
            timeout: None,
            held: Vec::new(),
            handles: Handles::default(),
        }
    }
}

impl Reply {
    /// The head of a value without handles.
    pub(crate) const VALUE: [u8; 1] = [SHORT];

    /// Whether it says no more than that a value follows.
    pub(crate) fn is_value(&self) -> bool {
        self.outcome.is_ok() && self.handles.claims.is_empty()
    }

    /// What it says.
    pub(crate) fn value() -> Self {
        Self {
            outcome: Ok(()),
            handles: Handles::default(),
        }
    }

    /// The head of a frame, where it says more than that a value follows, and where the body begins.
    #[inline]
    pub(crate) fn read_any(frame: &[u8]) -> Result<(Option<Box<Self>>, usize), Error> {
        if frame.first() == Some(&SHORT) {
            return Ok((None, 1));
        }
        let (reply, body) = Self::read(frame)?;
        Ok((Some(Box::new(reply)), frame.len() - body.len()))
    }

    /// Puts this into `head`, in the place of what it held.
    pub(crate) fn write(&self, head: &mut Vec<u8>) -> Result<(), Error> {
        head.clear();
        if self.is_value() {
            head.push(SHORT);
            return Ok(());
        }
        write_long(self, head)
    }

    /// The head of a frame, and its body.
    pub(crate) fn read(frame: &[u8]) -> Result<(Self, &[u8]), Error> {
        match frame.split_first() {
            Some((&SHORT, body)) => Ok((Self::value(), body)),
            _ => read_long(frame),
        }
    }
}

#[cold]
fn write_long(value: &impl Serialize, head: &mut Vec<u8>) -> Result<(), Error> {
    head.push(LONG);
    head.extend_from_slice(&codec::encode(value)?);
    Ok(())
}

#[cold]
fn read_trailed<T: DeserializeOwned>(frame: &[u8]) -> Result<(T, &[u8]), Error> {
    let broken = || Error::new(ErrorKind::Decode, "a frame whose head is not at its end");
    let (rest, length) = frame[1..].split_last_chunk::<4>().ok_or_else(broken)?;
    let length = usize::try_from(u32::from_le_bytes(*length)).map_err(|_| broken())?;
    let start = rest.len().checked_sub(length).ok_or_else(broken)?;
    let (body, head) = rest.split_at(start);
    Ok((codec::decode(head)?, body))
}

#[cold]
fn read_long<T: DeserializeOwned>(frame: &[u8]) -> Result<(T, &[u8]), Error> {
    match frame.split_first() {
        Some((&LONG, rest)) => codec::decode_head(rest),
        _ => Err(Error::new(ErrorKind::Decode, "a head of no known form")),
    }
}

/// What a request is about.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Subject {
    Method {
        object: u64,
        interface: u64,
        method: u32,
    },
    Constructor {
        interface: u64,
        constructor: u32,
    },
    /// A lease of each of these objects for the asking session: the handles of the reply, in their order.
    Take {
        objects: Vec<u64>,
    },
    /// Whether the object lives.
    Ping {
        object: u64,
    },
    /// Whether it has this interface.
    Implements {
        object: u64,
        interface: u64,
    },
    ClearPoison {
        object: u64,
    },
    /// A lease of the object for whoever brings the number that is the answer.
    IssueTicket {
        object: u64,
        interface: u64,
        lifetime: Duration,
    },
    RedeemTicket {
        secret: u128,
        interface: u64,
    },
    /// Keeps the handle in the body under a name.
    Publish {
        name: String,
    },
    Unpublish {
        name: String,
    },
    Lookup {
        name: String,
        interface: u64,
    },
    /// The functions of an interface, as [`Functions`].
    Describe {
        interface: u64,
    },
    Inspect,
    ObjectCount,
    /// The handles of the last reply have been taken. Has no reply.
    Taken,
}

/// What two executables compare before one calls the other's methods.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Functions {
    /// What the user says of the interface; zero where nothing is said.
    pub(crate) version: u32,
    pub(crate) constructors: Vec<Function>,
    pub(crate) methods: Vec<Function>,
    /// Each type once, for all of them.
    pub(crate) shapes: Vec<Shape>,
}

/// A method or constructor by its name and the shapes of its arguments, as a tuple, and of its answer: places in the table, or
/// why there is no shape.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Function {
    pub(crate) name: String,
    pub(crate) arguments: Result<u32, String>,
    pub(crate) answer: Result<u32, String>,
}

/// What the comparison came to: for each of our functions its number over there, or how it differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Agreement {
    pub(crate) constructors: Vec<Result<u32, String>>,
    pub(crate) methods: Vec<Result<u32, String>>,
}

/// The most locks that a chain of calls may hold, and so the deepest chain.
pub(crate) const MAX_CHAIN: usize = 64;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HeldLock {
    pub(crate) server: ServerId,
    pub(crate) object: u64,
    pub(crate) exclusive: bool,
}

/// The head of a frame from server to client. A value follows as the body.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Reply {
    pub(crate) outcome: Result<(), ErrorOnWire>,
    pub(crate) handles: Handles,
}

/// The handles of one message.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Handles {
    /// Binds the references in the body to this list.
    pub(crate) nonce: u64,
    pub(crate) claims: Vec<Claim>,
}

/// One handle on its way.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Claim {
    /// An object of the sender, with a lease that the receiving session has been given along with it.
    Granted { object: u64 },
    /// An object of a server that the receiver asks for a lease. The sender keeps its own until it is told so.
    At { endpoint: Endpoint, object: u64 },
    /// Memory without a name, which the receiver asks that server for. The sender keeps it until it is told so.
    Memory { endpoint: Endpoint, number: u64 },
    /// The sender's handle could reach nothing.
    Broken(ErrorOnWire),
}

impl Claim {
    /// Whether the sender keeps its own until it is told that the receiver has what it needs.
    pub(crate) fn is_to_be_confirmed(&self) -> bool {
        self.endpoint().is_some()
    }

    /// The server that must be asked, if it is another than `server`.
    pub(crate) fn elsewhere(&self, server: ServerId) -> Option<ServerId> {
        let asked = self.endpoint()?.server;
        (asked != server).then_some(asked)
    }

    fn endpoint(&self) -> Option<&Endpoint> {
        match self {
            Self::At { endpoint, .. } | Self::Memory { endpoint, .. } => Some(endpoint),
            Self::Granted { .. } | Self::Broken(_) => None,
        }
    }
}

/// An error as an outcome: all of its parts, and `executed()` as the sender knows it.
#[derive(Debug, Clone)]
pub(crate) struct ErrorOnWire(pub(crate) Error);

impl Serialize for ErrorOnWire {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.to_wire().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for ErrorOnWire {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Error::from_wire(deserializer).map(Self)
    }
}
