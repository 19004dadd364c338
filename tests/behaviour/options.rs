//! The options of `#[shared]` on impls and their methods, of `#[task]` and of `#[main]`, each in a test of its name; those of
//! traits are in `options/traits.rs`. `tests/tidy/options.rs` compares them with the macros' own tables.

mod traits;

use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared_runtime::{CallError, Error, ErrorKind, Executed, ServerProcess, Shared, shared, task};

use super::support::until;

type Saved<T> = Result<T, String>;

/// On the impl: everything that has to do with names.
#[derive(Debug, Default)]
pub(crate) struct Shelf {
    books: Vec<String>,
}

#[shared(
    name = "library.Shelf",
    proxy = ShelfHandle,
    calls = ShelfLater,
    version = 3,
    explicit,
    vis = pub(crate),
    crate = shared_runtime
)]
impl Shelf {
    #[shared(export)]
    pub fn new() -> Self {
        Self::default()
    }

    #[shared(export, rename = store)]
    pub fn put(&mut self, book: &str) {
        self.books.push(book.to_owned());
    }

    #[shared(export)]
    pub fn count(&self) -> usize {
        self.books.len()
    }

    /// Takes what could not travel.
    pub fn visit(&self, visitor: impl Fn(&str)) {
        self.books.iter().for_each(|book| visitor(book));
    }
}

#[test]
fn name() {
    let server = ServerProcess::start().unwrap();
    let _shelf = Shelf::new_in(&server).unwrap();
    assert_eq!(
        server.inspect().unwrap().objects[0].type_name,
        "library.Shelf"
    );
}

#[test]
fn proxy() {
    let shelf = Shared::new(Shelf::new());
    let handle: &ShelfHandle = &shelf;
    assert_eq!(handle.count().unwrap(), 0);
}

#[test]
fn calls() {
    let shelf = Shared::new(Shelf::new());
    let calls: ShelfLater = Shared::calls(&shelf);
    assert_eq!(calls.count().wait().unwrap(), 0);
}

/// What another version says is shown by two executables, in `tests/process/versions.rs`.
#[test]
fn version() {
    let server = ServerProcess::start().unwrap();
    assert_eq!(Shelf::new_in(&server).unwrap().count().unwrap(), 0);
}

#[test]
fn explicit() {
    let shelf = Shelf::new();
    shelf.visit(|_| panic!("it is empty"));
    // That the method is not exported is what lets this file be compiled at all.
    assert_eq!(Shared::new(shelf).count().unwrap(), 0);
}

#[test]
fn export() {
    let server = ServerProcess::start().unwrap();
    assert_eq!(Shelf::new_in(&server).unwrap().count().unwrap(), 0);
}

#[test]
fn rename() {
    let shelf = Shared::new(Shelf::new());
    shelf.store("Emma").unwrap();
    assert_eq!(shelf.count().unwrap(), 1);
    Shared::calls(&shelf).store("Persuasion").wait().unwrap();
    assert_eq!(shelf.count().unwrap(), 2);
}

mod inner {
    use shared_runtime::shared;

    pub(super) struct Hidden;

    #[shared(vis = pub(super))]
    impl Hidden {
        pub(super) fn new() -> Self {
            Self
        }

        pub(super) fn answer(&self) -> u32 {
            42
        }
    }
}

#[test]
fn vis() {
    let server = ServerProcess::start().unwrap();
    let hidden = inner::Hidden::new_in(&server).unwrap();
    let proxy: &inner::HiddenProxy = &hidden;
    assert_eq!(proxy.answer().unwrap(), 42);
}

mod elsewhere {
    pub(super) mod deep {
        pub(crate) use ::shared_runtime as renamed;
    }
}

pub struct Far;

#[shared(crate = elsewhere::deep::renamed)]
impl Far {
    pub fn new() -> Self {
        Self
    }

    pub fn reach(&self, far: Vec<String>) -> usize {
        far.len()
    }
}

#[task(crate = elsewhere::deep::renamed)]
fn far(n: u32) -> u32 {
    n + 1
}

mod program {
    #[shared_runtime::main(crate = super::elsewhere::deep::renamed)]
    pub(super) fn main() {}
}

/// The name alone is a keyword.
#[test]
fn crate_() {
    let server = ServerProcess::start().unwrap();
    assert_eq!(
        Far::new_in(&server)
            .unwrap()
            .reach(vec![String::new()])
            .unwrap(),
        1
    );
    assert_eq!(far::spawn(1).unwrap().join().unwrap(), 2);
    // It is compiled: with `init` run here, children would be started as programs and not as tests.
    let _: fn() = program::main;
}

/// The name of a module, so that the task's type cannot have it.
mod measure {
    pub(super) const LONGEST: usize = 3;
}

#[task(item = MeasureTask)]
fn measure(text: String) -> usize {
    text.len().min(measure::LONGEST)
}

#[test]
fn item() {
    let process = MeasureTask::spawn("maple".into()).unwrap();
    assert_eq!(process.join().unwrap(), 3);
    assert_eq!(measure("ash".into()), 3);
}

#[test]
fn instances() {
    let server = ServerProcess::start().unwrap();
    let stack = super::generics::Stack::<String>::new_in(&server).unwrap();
    assert_eq!(stack.pop().unwrap(), None);
}

/// Neither its methods nor its fields can be used by two threads at once, and it counts how many use it.
#[derive(Debug, Default)]
pub struct Alone {
    seen: Cell<u32>,
    inside: RefCell<u32>,
    notes: RefCell<HashMap<String, u32>>,
}

static INSIDE: AtomicU32 = AtomicU32::new(0);

#[shared(lock = "mutex", debug)]
impl Alone {
    pub fn new() -> Self {
        Self::default()
    }

    /// How many were in here at once.
    pub fn enter(&self) -> u32 {
        let inside = INSIDE.fetch_add(1, Ordering::SeqCst) + 1;
        let _borrowed = self.inside.borrow_mut();
        std::thread::sleep(Duration::from_millis(2));
        self.seen.set(self.seen.get() + 1);
        INSIDE.fetch_sub(1, Ordering::SeqCst);
        inside
    }

    pub fn note(&mut self, text: &str) {
        *self.notes.get_mut().entry(text.to_owned()).or_default() += 1;
    }

    pub fn seen(&self) -> u32 {
        self.seen.get()
    }

    pub fn fall(&self) {
        panic!("with `&self`, but alone");
    }
}

#[test]
fn lock() {
    let server = ServerProcess::start().unwrap();
    let alone = Alone::new_in(&server).unwrap();
    let most = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| alone.enter().unwrap()))
            .collect();
        callers
            .into_iter()
            .map(|caller| caller.join().unwrap())
            .max()
    });
    assert_eq!(most, Some(1), "methods with `&self` were side by side");
    assert_eq!(alone.seen().unwrap(), 8);
    alone.note("once").unwrap();
    assert!(Shared::describe(&alone).unwrap().contains("once"));
    assert_eq!(alone.fall().unwrap_err().kind(), ErrorKind::Panicked);
    assert_eq!(
        alone.seen().unwrap_err().kind(),
        ErrorKind::Poisoned,
        "as a mutex"
    );
    Shared::clear_poison(&alone).unwrap();
    assert_eq!(alone.seen().unwrap(), 8);
    // Hosted in this process the same, although it is not `Sync`.
    let here = Shared::new(Alone::new());
    assert_eq!(here.enter().unwrap(), 1);
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Settings {
    depth: u32,
    names: Vec<String>,
}

#[shared(snapshot, debug)]
impl Settings {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn set_depth(&mut self, depth: u32) {
        self.depth = depth;
    }
}

#[test]
fn snapshot() {
    let server = ServerProcess::start().unwrap();
    let settings = Settings::new_in(&server).unwrap();
    settings.set_depth(3).unwrap();
    let copy = Shared::snapshot(&settings).unwrap();
    settings.set_depth(4).unwrap();
    assert_eq!(
        copy,
        Settings {
            depth: 3,
            names: Vec::new()
        }
    );
    server.shutdown().unwrap();
    let error = Shared::snapshot(&settings).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.method(), Some("Shared::snapshot"));
}

#[test]
fn debug() {
    let server = ServerProcess::start().unwrap();
    let settings = Settings::new_in(&server).unwrap();
    settings.set_depth(3).unwrap();
    assert_eq!(
        Shared::describe(&settings).unwrap(),
        format!(
            "{:?}",
            Settings {
                depth: 3,
                names: Vec::new()
            }
        )
    );
}

/// On methods.
pub struct Desk;

#[shared]
impl Desk {
    pub fn new() -> Self {
        Self
    }

    /// Takes what could not travel: only `skip` lets it stand here.
    #[shared(skip)]
    pub fn lend(&self, lamp: &Cell<u32>) {
        lamp.set(1);
    }

    #[shared(result)]
    pub fn save(&self, ok: bool) -> Saved<u32> {
        if ok { Ok(1) } else { Err("full".into()) }
    }

    #[shared(plain)]
    pub fn look(&self, ok: bool) -> Result<u32, String> {
        self.save(ok)
    }

    #[shared(timeout = "30ms")]
    pub fn nap(&self, millis: u64) {
        std::thread::sleep(Duration::from_millis(millis));
    }
}

#[test]
fn skip() {
    let lamp = Cell::new(0);
    Desk::new().lend(&lamp);
    assert_eq!(lamp.get(), 1);
    assert_eq!(Shared::new(Desk::new()).save(true).unwrap(), 1);
}

#[test]
fn result() {
    let server = ServerProcess::start().unwrap();
    let desk = Desk::new_in(&server).unwrap();
    let error: CallError<String> = desk.save(false).unwrap_err();
    assert_eq!(error, CallError::Method("full".to_owned()));
}

#[test]
fn plain() {
    let server = ServerProcess::start().unwrap();
    let desk = Desk::new_in(&server).unwrap();
    let answer: Result<Result<u32, String>, Error> = desk.look(false);
    assert_eq!(answer.unwrap(), Err("full".to_owned()));
}

#[test]
fn timeout() {
    let server = ServerProcess::start().unwrap();
    let desk = Desk::new_in(&server).unwrap();
    let late = desk.nap(60_000).unwrap_err();
    assert_eq!(
        (late.kind(), late.executed()),
        (ErrorKind::Timeout, Executed::Maybe)
    );
    let late = Shared::calls(&desk).nap(60_000).wait().unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    let late = Shared::calls(&desk).nap(60_000).start().wait().unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    // What the caller says comes first.
    let patient = Shared::with_timeout(&desk, Duration::from_mins(1));
    patient.nap(60).unwrap();
    Shared::calls(&desk)
        .nap(60)
        .timeout(Duration::from_mins(1))
        .wait()
        .unwrap();
    until("the two that were given up have the object no more", || {
        desk.look(true).is_ok()
    });
}
