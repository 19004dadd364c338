//! Handles without their types: what keeps an object alive, and how that travels inside a message. Knows how to ask for leases,
//! not how to call.

mod carry;
mod claim;
mod home;
mod lease;

pub(crate) use carry::{Parcel, read_handle, unpack, write_handle};
pub(crate) use claim::{arrival, claim};
pub(crate) use home::{listen_with, server_id};
pub(crate) use lease::{Lease, Place, gone};
