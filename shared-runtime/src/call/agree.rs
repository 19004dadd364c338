//! Methods by number mean the same within one executable only. Before one executable calls another's, it asks which functions
//! there are, finds its own among them by name, and compares what their types look like.

use std::sync::Arc;

use crate::client::Session;
use crate::error::{Error, ErrorKind};
use crate::functions;
use crate::interface::Interface;
use crate::message::{Agreement, Function, Functions};
use crate::shape::{ARGUMENTS, Difference, difference};

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
    let agreement = agreement(session, interface, ask)?;
    number(&agreement.methods, method)
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
    let agreement = agreement(session, interface, ask)?;
    number(&agreement.constructors, constructor)
}

fn agreement(
    session: &Arc<Session>,
    interface: &'static Interface,
    ask: impl FnOnce() -> Result<Functions, Error>,
) -> Result<Arc<Agreement>, Error> {
    session.agreement(interface.id(), || {
        let ours = functions::known(interface).functions();
        Ok(agree(ours, &ask()?, &session.label()))
    })
}

fn number(agreed: &[Result<u32, String>], ours: u32) -> Result<u32, Error> {
    let agreed = usize::try_from(ours).ok().and_then(|ours| agreed.get(ours));
    match agreed {
        Some(Ok(theirs)) => Ok(*theirs),
        Some(Err(text)) => Err(Error::new(ErrorKind::Incompatible, text.clone())),
        None => Err(Error::new(ErrorKind::Incompatible, "it has no row")),
    }
}

/// Compares all functions of an interface with those of the process that is called `label`.
fn agree(ours: &Functions, theirs: &Functions, label: &str) -> Agreement {
    let parties = Parties {
        ours,
        theirs,
        label,
    };
    let all = |ours: &[Function], theirs: &[Function]| {
        let agreed = ours
            .iter()
            .map(|function| parties.function(function, theirs));
        agreed.collect()
    };
    Agreement {
        constructors: all(&ours.constructors, &theirs.constructors),
        methods: all(&ours.methods, &theirs.methods),
    }
}

/// Two programs.
struct Parties<'a> {
    ours: &'a Functions,
    theirs: &'a Functions,
    label: &'a str,
}

impl Parties<'_> {
    /// The place of a function of ours in `theirs`.
    fn function(&self, ours: &Function, theirs: &[Function]) -> Result<u32, String> {
        let label = self.label;
        let (one, two) = (self.ours.version, self.theirs.version);
        if one != two {
            return Err(format!(
                "it is of version {one} in this program and of version {two} in that of {label}"
            ));
        }
        let place = theirs.iter().position(|theirs| theirs.name == ours.name);
        let found = place.and_then(|place| Some((u32::try_from(place).ok()?, &theirs[place])));
        let Some((place, theirs)) = found else {
            return Err(format!("the program of {label} has no such function"));
        };
        self.types(&ours.arguments, &theirs.arguments, ARGUMENTS)?;
        self.types(&ours.answer, &theirs.answer, "the answer")?;
        Ok(place)
    }

    fn types(
        &self,
        ours: &Result<u32, String>,
        theirs: &Result<u32, String>,
        place: &str,
    ) -> Result<(), String> {
        let untraced = |whose: &str, why: &str| {
            format!(
                "{place} cannot be compared with the program of {}: in {whose}, {why}. `version = n` in the `#[shared]` of both \
                programs vouches for it",
                self.label
            )
        };
        match (ours, theirs) {
            (Ok(one), Ok(two)) => {
                let (ours, theirs) = (&self.ours.shapes, &self.theirs.shapes);
                match difference(ours, theirs, (*one, *two), place) {
                    Some(difference) => Err(self.differ(&difference)),
                    None => Ok(()),
                }
            }
            _ if self.ours.version > 0 => Ok(()),
            (Err(why), _) => Err(untraced("this one", why)),
            (_, Err(why)) => Err(untraced("that one", why)),
        }
    }

    fn differ(&self, difference: &Difference) -> String {
        let Difference {
            subject,
            ours,
            theirs,
        } = difference;
        let label = self.label;
        format!("{subject} {ours} in this program and {theirs} in that of {label}")
    }
}

#[cfg(test)]
mod tests {
    use serde::de::{Error as _, IgnoredAny};
    use serde::{Deserialize, Deserializer};

    use super::*;
    use crate::interface::Method;
    use crate::shape::Shapes;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    struct Order<N> {
        id: u32,
        n: N,
    }

    /// Nothing is a password.
    struct Password;

    impl<'de> Deserialize<'de> for Password {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?;
            Err(D::Error::custom("wrong"))
        }
    }

    fn program(version: u32, methods: Vec<Method>) -> &'static Functions {
        let interface = Interface {
            version,
            methods: methods.leak(),
            ..Interface::of::<()>()
        };
        functions::known(Box::leak(Box::new(interface))).functions()
    }

    fn add<A: for<'de> Deserialize<'de>, R: for<'de> Deserialize<'de>>(shapes: &mut Shapes) {
        shapes.of::<(u8, A), R>();
    }

    fn first(ours: &Functions, theirs: &Functions) -> Result<u32, String> {
        agree(ours, theirs, "models (pid 12)").methods[0].clone()
    }

    #[test]
    fn functions_are_found_by_name_and_shape() {
        let ours = program(0, vec![Method::new("add", add::<Order<u8>, String>)]);
        let grown = vec![
            Method::new("new", add::<u8, u8>),
            Method::new("add", add::<Order<u8>, Box<str>>),
        ];
        assert_eq!(first(ours, program(0, grown)), Ok(1));
    }

    #[test]
    fn the_difference_is_named() {
        let ours = program(0, vec![Method::new("add", add::<Order<u8>, String>)]);
        let says = |methods, text: &str| {
            let said = first(ours, program(0, methods)).unwrap_err();
            assert_eq!(said, text);
        };
        says(
            vec![Method::new("add", add::<Order<u16>, String>)],
            "field `n` of `Order` is u8 in this program and u16 in that of models (pid 12)",
        );
        says(
            vec![Method::new("add", add::<u16, String>)],
            "argument 2 is `Order` in this program and u16 in that of models (pid 12)",
        );
        says(
            vec![Method::new("add", add::<Order<u8>, Option<u8>>)],
            "the answer is string in this program and an Option<u8> in that of models (pid 12)",
        );
        says(
            vec![],
            "the program of models (pid 12) has no such function",
        );
    }

    #[test]
    fn a_version_vouches_for_what_cannot_be_traced() {
        let with = |version| program(version, vec![Method::new("add", add::<Password, u8>)]);
        let said = first(with(0), with(0)).unwrap_err();
        for part in ["Password", "wrong", "`version = n`"] {
            assert!(said.contains(part), "{said}");
        }
        assert_eq!(first(with(3), with(3)), Ok(0));
        assert_eq!(
            first(with(3), with(4)).unwrap_err(),
            "it is of version 3 in this program and of version 4 in that of models (pid 12)"
        );
        assert!(first(with(0), with(4)).is_err());
        // What can be traced is compared all the same.
        let other = program(3, vec![Method::new("add", add::<Password, u16>)]);
        let said = first(with(3), other).unwrap_err();
        assert!(said.starts_with("the answer is u8"), "{said}");
    }

    #[test]
    fn what_cannot_be_carried_is_found_before_the_call() {
        let interface: &'static Interface = Box::leak(Box::new(Interface {
            version: 0,
            constructors: &[],
            methods: vec![
                Method::new("fine", add::<u8, Password>),
                Method::new("loose", add::<IgnoredAny, u8>),
                Method::new("lost", add::<u8, Result<u8, IgnoredAny>>),
            ]
            .leak(),
            ..Interface::of::<()>()
        }));
        let known = functions::known(interface);
        assert!(known.carries_method(0).is_ok());
        for method in 1..3 {
            let error = known.carries_method(method).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Encode);
            assert!(
                error.to_string().contains("shared_runtime::Json"),
                "{error}"
            );
        }
    }
}
