//! Methods by number mean the same within one executable only. Before one executable calls another's, it asks which functions
//! there are, and finds its own among them by name and form.

use std::sync::Arc;

use crate::client::Session;
use crate::error::{Error, ErrorKind};
use crate::interface::Interface;
use crate::message::{Function, Functions};

/// The number that the server behind `session` has for our method.
pub(super) fn method(
    session: &Arc<Session>,
    interface: &'static Interface,
    method: u32,
    ask: impl FnOnce() -> Result<Functions, Error>,
) -> Result<u32, Error> {
    if session.is_same_build() {
        return Ok(method);
    }
    let theirs = session.functions(interface.id(), ask)?;
    let ours = interface.functions();
    agreed(session, interface, &ours.methods, &theirs.methods, method)
}

/// The number that the server behind `session` has for our constructor.
pub(super) fn constructor(
    session: &Arc<Session>,
    interface: &'static Interface,
    constructor: u32,
    ask: impl FnOnce() -> Result<Functions, Error>,
) -> Result<u32, Error> {
    if session.is_same_build() {
        return Ok(constructor);
    }
    let theirs = session.functions(interface.id(), ask)?;
    let (ours, theirs) = (interface.functions().constructors, &theirs.constructors);
    agreed(session, interface, &ours, theirs, constructor)
}

fn agreed(
    session: &Session,
    interface: &Interface,
    ours: &[Function],
    theirs: &[Function],
    number: u32,
) -> Result<u32, Error> {
    let ours = usize::try_from(number)
        .ok()
        .and_then(|index| ours.get(index));
    let Some(ours) = ours else {
        return Err(Error::new(ErrorKind::Unknown, "there is no such function"));
    };
    let place = theirs.iter().position(|theirs| theirs.name == ours.name);
    let text = match place.map(|place| (place, &theirs[place])) {
        Some((place, theirs)) if theirs.signature == ours.signature => {
            return Ok(u32::try_from(place).unwrap_or(u32::MAX));
        }
        Some((_, theirs)) => format!(
            "it is `{}` in this program and `{}` in that of {}",
            ours.signature,
            theirs.signature,
            session.label()
        ),
        None => format!("the program of {} has no such function", session.label()),
    };
    Err(Error::new(ErrorKind::Incompatible, text).in_method((interface.name)(), &ours.name))
}
