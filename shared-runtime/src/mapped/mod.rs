//! Memory that other processes have mapped too: how it is made, found and reached. Nothing here knows what it is used for.

mod racing;

mod name;

mod room;

mod file;
mod frozen;
mod mapping;

pub(crate) use file::{
    Found, Identity, create_named, create_unnamed, freeze, is_frozen, open_named, received, unlink,
};
pub(crate) use frozen::Frozen;
pub use mapping::Mapping;
pub(crate) use name::Name;
pub(crate) use racing::copy;
