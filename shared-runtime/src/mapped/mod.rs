//! Memory that other processes have mapped too: how it is made, found and reached. Nothing here knows what it is used for.

mod racing;

mod name;
mod tag;

mod room;

mod file;
mod frozen;
mod mapping;
mod reap;

pub(crate) use file::{
    Found, Identity, create_named, create_unnamed, freeze, has_name, is_frozen, is_in_memory,
    is_named, open_named, received, reserve, unlink,
};
pub(crate) use frozen::Frozen;
pub use mapping::Mapping;
pub(crate) use name::Name;
pub(crate) use racing::copy;
pub(crate) use reap::{reap, reap_once};
