//! Calls that are not waited for on the spot and have not run yet, and who must come after them: what one thread does to one object
//! stays in order, also where some of it is not waited for.

mod earlier;

mod outstanding;
mod scope;

pub(crate) use earlier::{Earlier, ObjectKey, TimedOut};
pub(crate) use outstanding::{NotBegun, OneWay, Outstanding, Pins};
pub(crate) use scope::{
    Before, after, before, is_empty, note, scope_number, scoped, wait_for_own,
    wait_until_own_is_sent,
};
