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
    let (ours, theirs) = (
        interface.functions(),
        session.functions(interface.id(), ask)?,
    );
    agreed(&ours.methods, &theirs.methods, method)
        .map_err(|difference| difference.between(interface, session))
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
    let (ours, theirs) = (
        interface.functions(),
        session.functions(interface.id(), ask)?,
    );
    agreed(&ours.constructors, &theirs.constructors, constructor)
        .map_err(|difference| difference.between(interface, session))
}

/// Where two executables do not agree.
#[derive(Debug, PartialEq, Eq)]
struct Difference {
    ours: Function,
    /// What the function of that name is there, if there is one.
    theirs: Option<String>,
}

/// The place in `theirs` of the function that has this place in `ours`.
fn agreed(ours: &[Function], theirs: &[Function], number: u32) -> Result<u32, Difference> {
    let ours = &ours[number as usize];
    let place = theirs.iter().position(|theirs| theirs.name == ours.name);
    match place.and_then(|place| Some((u32::try_from(place).ok()?, &theirs[place]))) {
        Some((place, theirs)) if theirs.signature == ours.signature => Ok(place),
        other => Err(Difference {
            ours: ours.clone(),
            theirs: other.map(|(_, theirs)| theirs.signature.clone()),
        }),
    }
}

impl Difference {
    fn between(self, interface: &Interface, session: &Session) -> Error {
        let Self { ours, theirs } = self;
        let text = match theirs {
            Some(theirs) => format!(
                "it is `{}` in this program and `{theirs}` in that of {}",
                ours.signature,
                session.label()
            ),
            None => format!("the program of {} has no such function", session.label()),
        };
        Error::new(ErrorKind::Incompatible, text).in_method((interface.name)(), &ours.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn functions(all: &[(&str, &str)]) -> Vec<Function> {
        let function = |(name, signature): &(&str, &str)| Function {
            name: (*name).to_owned(),
            signature: (*signature).to_owned(),
        };
        all.iter().map(function).collect()
    }

    #[test]
    fn functions_are_found_by_name_and_form() {
        let ours = functions(&[("add", "(&mut self, u64) -> ()"), ("get", "(&self) -> u64")]);
        let theirs = functions(&[
            ("new", "(&self) -> u8"),
            ("get", "(&self) -> u64"),
            ("add", "(&mut self, u64) -> ()"),
        ]);
        assert_eq!(agreed(&ours, &theirs, 0), Ok(2));
        assert_eq!(agreed(&ours, &theirs, 1), Ok(1));
    }

    #[test]
    fn another_form_and_a_missing_function_are_differences() {
        let ours = functions(&[("add", "(&mut self, u64) -> ()")]);
        let other = agreed(&ours, &functions(&[("add", "(&mut self, u32) -> ()")]), 0);
        assert_eq!(
            other.unwrap_err().theirs.as_deref(),
            Some("(&mut self, u32) -> ()")
        );
        assert_eq!(agreed(&ours, &[], 0).unwrap_err().theirs, None);
    }
}
