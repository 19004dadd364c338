//! Handles without their types: what keeps an object alive, and how that travels inside a message. Knows how to ask for leases,
//! not how to call.

mod any;
mod carry;
mod claim;
mod home;
mod lease;
mod offered;

pub(crate) use any::AnyHandle;
pub(crate) use carry::{
    Parcel, gather, is_made_up, made_up, opened, read_handle, unpack, write_handle,
};
pub(crate) use claim::{arrivals, claim, grant, take_back};
pub(crate) use home::{endpoint, listen_with, server_id};
pub(crate) use lease::{Lease, Place, gone};
pub(crate) use offered::offered;
