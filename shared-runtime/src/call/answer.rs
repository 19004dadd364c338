//! An answer as it came, and what becomes of it on the thread of whoever wanted it.

use std::mem::take;
use std::sync::Arc;

use super::arrive::Arrived;
use super::output::Output;
use super::target::name_in;
use crate::client::Exchanged;
use crate::codec::spare;
use crate::error::{Error, Executed};
use crate::handle::{Lease, Parcel, unpack};
use crate::interface::{Encoded, Interface};

/// An answer with its handles already ours.
pub(super) struct Answer {
    pub(super) body: Body,
    pub(super) nonce: u64,
    pub(super) leases: Vec<Arc<Lease>>,
}

/// The bytes of an answer.
pub(super) enum Body {
    /// Those of a frame from this place on.
    Framed(Vec<u8>, usize),
    /// Those of a method of this process.
    Packed(Box<Parcel>),
    /// Those of a connection, which is free again when they have been read.
    Lent(Exchanged),
}

impl Body {
    pub(super) fn bytes(&self) -> &[u8] {
        match self {
            Self::Framed(frame, at) => frame.get(*at..).unwrap_or_default(),
            Self::Packed(parcel) => &parcel.body,
            Self::Lent(exchanged) => exchanged.body(),
        }
    }

    pub(super) fn end(self) {
        match self {
            Self::Framed(frame, _) => spare::give_back(frame),
            Self::Packed(parcel) => parcel.give_back(),
            Self::Lent(_) => {}
        }
    }
}

impl Answer {
    /// The value: here the user's `Deserialize` runs.
    pub(super) fn open<O: Output>(self) -> Result<O::Wire, Error> {
        let opened = unpack(self.body.bytes(), self.nonce, self.leases);
        self.body.end();
        opened.map_err(|error| error.ran(Executed::Yes))
    }
}

impl From<Encoded> for Answer {
    fn from(Encoded(mut parcel): Encoded) -> Self {
        Self {
            nonce: parcel.nonce,
            leases: take(&mut parcel.leases),
            body: Body::Packed(parcel),
        }
    }
}

impl Answer {
    /// The same with its handles.
    pub(super) fn with(self, (nonce, leases): Arrived) -> Self {
        Self {
            nonce,
            leases,
            ..self
        }
    }

    /// A value without handles, in a frame from this place on.
    pub(super) fn framed(frame: Vec<u8>, body_at: usize) -> Self {
        Self {
            body: Body::Framed(frame, body_at),
            nonce: 0,
            leases: Vec::new(),
        }
    }
}

/// What the proxy's method returns for this answer.
pub(super) fn returned<O: Output>(
    interface: &Interface,
    method: u32,
    answer: Result<Answer, Error>,
) -> O::Returned {
    answer
        .and_then(Answer::open::<O>)
        .map_err(|error| name_in(interface, method, error))
        .map_or_else(O::from_error, O::from_wire)
}
