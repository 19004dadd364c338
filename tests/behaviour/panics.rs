//! Panics come back to their caller, at once and whole; the server goes on.

use serde::{Deserialize, Deserializer, Serialize};
use shared_runtime::{ErrorKind, Executed, ServerProcess, Shared, shared};

use super::support::until;

#[derive(Default)]
pub struct Fragile {
    steps: u32,
}

#[shared]
impl Fragile {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn broken() -> Self {
        panic!("no object today")
    }
    pub fn steps(&self) -> u32 {
        self.steps
    }
    pub fn step_and_panic(&mut self, why: &str) {
        self.steps += 1;
        fall(why);
    }
    pub fn step_by(&mut self, stride: Stride) {
        self.steps += stride.0;
    }
    pub fn look_and_panic(&self) {
        std::panic::panic_any(17);
    }
}

/// Nobody can read one of thirteen.
#[derive(Debug, Serialize)]
pub struct Stride(u32);

impl<'de> Deserialize<'de> for Stride {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let stride = u32::deserialize(deserializer)?;
        assert!(stride != 13, "an unlucky stride");
        Ok(Self(stride))
    }
}

#[inline(never)]
fn fall(why: &str) {
    panic!("fell because of {why}");
}

#[test]
fn a_panic_has_its_message_its_place_and_the_frames_of_the_user() {
    let server = ServerProcess::builder().name("brittle").start().unwrap();
    let fragile = Fragile::new_in(&server).unwrap();
    let error = fragile.step_and_panic("a stone").unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Panicked, Executed::Yes)
    );
    assert_eq!(error.method(), Some("step_and_panic"));
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "fell because of a stone");
    assert!(
        panic.location().unwrap().contains("panics.rs:"),
        "{panic:?}"
    );
    assert!(panic.process().starts_with("brittle (pid "), "{panic:?}");
    let backtrace = panic.backtrace().unwrap();
    // The compiler may write `Fragile::step…` or `<Fragile>::step…`.
    for frame in ["fall", "Fragile", "::step_and_panic"] {
        assert!(backtrace.contains(frame), "{backtrace}");
    }
    for machinery in ["rust_begin_unwind", "shared_runtime::"] {
        assert!(
            !backtrace.contains(machinery),
            "of use to nobody:\n{backtrace}"
        );
    }
    let text = format!("{error:?}");
    assert!(
        text.contains("fell because of a stone") && text.contains("step_and_panic"),
        "what unwrap prints: {text}"
    );
}

#[test]
fn a_panic_under_mut_self_poisons_until_it_is_cleared() {
    let server = ServerProcess::start().unwrap();
    let fragile = Fragile::new_in(&server).unwrap();
    fragile.step_and_panic("x").unwrap_err();
    let error = fragile.steps().unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Poisoned, Executed::No)
    );
    assert!(error.to_string().contains("clear_poison"));
    assert!(server.inspect().unwrap().objects[0].poisoned);
    Shared::clear_poison(&fragile).unwrap();
    assert_eq!(fragile.steps().unwrap(), 1);
}

#[test]
fn a_panic_under_self_poisons_nothing() {
    let server = ServerProcess::start().unwrap();
    let fragile = Fragile::new_in(&server).unwrap();
    let error = fragile.look_and_panic().unwrap_err();
    assert!(error.panic().unwrap().message().contains("not text"));
    assert_eq!(fragile.steps().unwrap(), 0);
}

#[test]
fn a_constructor_that_panics_leaves_nothing() {
    let server = ServerProcess::start().unwrap();
    let error = Fragile::broken_in(&server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Panicked);
    assert_eq!(error.panic().unwrap().message(), "no object today");
    assert_eq!(server.object_count().unwrap(), 0);
}

#[test]
fn a_panic_in_this_process_is_the_same() {
    let fragile = Shared::new(Fragile::new());
    let error = fragile.step_and_panic("home").unwrap_err();
    assert_eq!(error.panic().unwrap().message(), "fell because of home");
    assert_eq!(fragile.steps().unwrap_err().kind(), ErrorKind::Poisoned);
}

/// Its `Drop` panics, on a thread of the runtime.
pub struct BadEnd;

impl Drop for BadEnd {
    fn drop(&mut self) {
        panic!("in drop");
    }
}

#[shared]
impl BadEnd {
    pub fn new() -> Self {
        Self
    }
    pub fn poke(&self) {}
}

#[test]
fn a_panic_in_drop_ends_nothing() {
    let server = ServerProcess::start().unwrap();
    for _ in 0..3 {
        BadEnd::new_in(&server).unwrap().poke().unwrap();
    }
    until("all are gone", || server.object_count().unwrap() == 0);
    Fragile::new_in(&server).unwrap().steps().unwrap();
}

/// The method has not begun: it may be called again, and its object is whole.
#[test]
fn a_panic_while_arguments_are_read_has_not_run_and_poisons_nothing() {
    let server = ServerProcess::start().unwrap();
    for fragile in [
        Fragile::new_in(&server).unwrap(),
        Shared::new(Fragile::new()),
    ] {
        let error = fragile.step_by(Stride(13)).unwrap_err();
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Panicked, Executed::No)
        );
        assert_eq!(error.panic().unwrap().message(), "an unlucky stride");
        assert!(
            error.to_string().contains("could not be decoded"),
            "{error}"
        );
        fragile.step_by(Stride(2)).unwrap();
        assert_eq!(fragile.steps(), Ok(2));
    }
}
