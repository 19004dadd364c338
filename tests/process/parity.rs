//! Faults that users of Python's managers and of `mpservice` know, as tests that would have failed there; others stand in the files of
//! their subjects. `tests/parity.md` lists all.

use std::time::Duration;

use shared_runtime::{CallError, ErrorKind, ServerProcess, Shared, shared, task};

use super::leftovers::NothingLeft;
use super::support::{signal, until};
use super::tools::Counter;

/// Tells when it is dropped, without being asked.
pub struct Witness {
    dropped: Shared<Counter>,
}

#[shared]
impl Witness {
    pub fn new(dropped: Shared<Counter>) -> Self {
        Self { dropped }
    }
    pub fn touch(&self) {}
}

impl Drop for Witness {
    fn drop(&mut self) {
        let _ = self.dropped.add(1);
    }
}

/// Makes witnesses, and calls others.
#[derive(Default)]
pub struct Maker {
    inner: Option<Shared<Counter>>,
    holding: bool,
}

#[shared]
impl Maker {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn make(&self, dropped: Shared<Counter>) -> Shared<Witness> {
        Shared::new(Witness::new(dropped))
    }
    pub fn keep_one(&mut self) {
        self.inner = Some(Shared::new(Counter::new()));
    }
    pub fn fail_inside(&self, code: u32) -> Result<u32, CallError<String>> {
        self.inner.as_ref().unwrap().fail(code)
    }
    pub fn panic_inside(&self) -> Result<(), shared_runtime::Error> {
        self.inner.as_ref().unwrap().panic()
    }
    pub fn hold(&mut self, time: Duration) {
        self.holding = true;
        std::thread::sleep(time);
        self.holding = false;
    }
    pub fn is_held(&mut self) -> bool {
        self.holding
    }
}

#[task]
fn visits(witness: Shared<Witness>) {
    witness.touch().unwrap();
}

#[test]
fn children_that_had_a_handle_leave_no_count_behind() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let dropped = Shared::new(Counter::new());
    let witness = Witness::new_in(&server, dropped.clone()).unwrap();
    for _ in 0..5 {
        visits::spawn(witness.clone()).unwrap().join().unwrap();
    }
    let holders = || server.inspect().unwrap().objects[0].holders.clone();
    until("only this process holds it, once", || {
        matches!(holders().as_slice(), [(_, 1)])
    });
    drop(witness);
    until("it is dropped", || dropped.get() == Ok(1));
}

/// Python's server thread keeps what it answered last until it is asked something else.
#[test]
fn the_last_answer_of_a_server_keeps_nothing_alive() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let dropped = Shared::new(Counter::new());
    let maker = Maker::new_in(&server).unwrap();
    drop(maker.make(dropped.clone()).unwrap());
    // Nothing is asked of the server from here on.
    until("it is dropped", || dropped.get() == Ok(1));
}

#[test]
fn an_error_through_a_handle_inside_the_server_keeps_its_type() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let maker = Maker::new_in(&server).unwrap();
    maker.keep_one().unwrap();
    let Err(CallError::Method(inner)) = maker.fail_inside(3) else {
        panic!("the method's own error");
    };
    assert_eq!(inner, CallError::Method("failed with 3".to_owned()));
    let Err(CallError::Method(inner)) = maker.panic_inside() else {
        panic!("the method's own error");
    };
    assert_eq!(inner.kind(), ErrorKind::Panicked);
    assert_eq!(inner.panic().unwrap().message(), "as asked");
}

#[test]
fn a_new_server_of_the_same_name_is_another_one() {
    let _nothing_left = NothingLeft::watch();
    let start = || ServerProcess::builder().name("phoenix").start().unwrap();
    let first = start();
    let old = Counter::new_in(&first).unwrap();
    old.add(1).unwrap();
    signal("KILL", first.pid());
    drop(first);
    let second = start();
    let new = Counter::new_in(&second).unwrap();
    assert_eq!(Shared::id(&old).number(), Shared::id(&new).number());
    assert_ne!(old, new);
    for _ in 0..3 {
        assert_eq!(old.add(1).unwrap_err().kind(), ErrorKind::Disconnected);
        assert_eq!(
            Shared::downgrade(&old).upgrade(),
            Ok(Some(old.clone())),
            "held here"
        );
    }
    let weak = Shared::downgrade(&old);
    drop(old);
    assert_eq!(weak.upgrade().unwrap_err().kind(), ErrorKind::Disconnected);
    assert_eq!(new.get(), Ok(0), "nothing reached it");
}

#[test]
fn the_number_of_an_object_is_not_used_again() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let mut last = 0;
    for _ in 0..20 {
        let counter = Counter::new_in(&server).unwrap();
        let number = Shared::id(&counter).number();
        assert!(number > last);
        last = number;
        drop(counter);
        until("it is gone", || server.object_count().unwrap() == 0);
    }
}

#[task]
fn holds(maker: Shared<Maker>) {
    maker.hold(Duration::from_millis(300)).unwrap();
}

#[test]
fn an_object_in_use_by_a_killed_process_is_free_again() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let maker = Maker::new_in(&server).unwrap();
    let client = holds::spawn(maker.clone()).unwrap();
    until("it is in use", || {
        let calls = server.inspect().unwrap().calls;
        calls.iter().any(|call| call.method.ends_with("hold"))
    });
    client.kill();
    assert!(!maker.is_held().unwrap(), "the method ran to its end");
    client.join().unwrap_err();
}

#[task]
fn many_handles(maker: Shared<Maker>, dropped: Shared<Counter>) {
    let _held: Vec<_> = (0..50)
        .map(|_| maker.make(dropped.clone()).unwrap())
        .collect();
    std::process::abort();
}

#[test]
fn what_a_process_held_that_ended_badly_is_dropped() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let (maker, dropped) = (Maker::new_in(&server).unwrap(), Shared::new(Counter::new()));
    let client = many_handles::spawn(maker.clone(), dropped.clone()).unwrap();
    client.join().unwrap_err();
    until("all are dropped", || dropped.get() == Ok(50));
}
