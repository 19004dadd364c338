//! Calls that nobody waits for: they run, in order, and hold nobody up.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use shared_runtime::{ErrorKind, Executed, ServerProcess, Shared, shared};

use super::calls::Counter;
use super::support::until;

/// Keeps what it is told, in order; some of it late.
#[derive(Default)]
pub struct Journal {
    lines: Vec<String>,
}

#[shared]
impl Journal {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn write(&mut self, line: &str) {
        self.lines.push(line.to_owned());
    }
    pub fn lines(&self) -> Vec<String> {
        self.lines.clone()
    }
    /// One-way calls to itself, from a method that holds its lock.
    pub fn write_later(&mut self, line: &str) {
        let this = Shared::this::<Self>();
        Shared::calls(&this).write(line).detach().unwrap();
        self.lines.push(format!("before {line}"));
    }
    /// Tells another what it has seen.
    pub fn report_to(&self, counter: &Shared<Counter>, n: u64) {
        counter.add(n).unwrap();
    }
    /// The same, without waiting for it.
    pub fn pass_on(&self, counter: &Shared<Counter>, n: u64) {
        Shared::calls(counter).add(n).detach().unwrap();
    }
    pub fn panic(&mut self) {
        panic!("nobody hears this");
    }
    pub fn measure(&mut self, bytes: &[u8]) {
        self.lines.push(bytes.len().to_string());
    }
}

/// Opened from outside. It has no lock, so its methods may wait.
#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
}

#[shared]
impl Gate {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn pass(&self) {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
    }
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
}

fn in_order(journal: &Shared<Journal>) {
    for n in 0..300 {
        let line = n.to_string();
        if n % 3 == 0 {
            journal.write(&line).unwrap();
        } else {
            Shared::calls(journal).write(&line).detach().unwrap();
        }
    }
    let expected: Vec<String> = (0..300).map(|n| n.to_string()).collect();
    assert_eq!(journal.lines().unwrap(), expected);
}

#[test]
fn calls_of_a_thread_on_an_object_keep_their_order_one_way_or_not() {
    let server = ServerProcess::start().unwrap();
    in_order(&Journal::new_in(&server).unwrap());
    in_order(&Shared::new(Journal::new()));
}

#[test]
fn a_detached_call_runs_though_every_handle_is_dropped() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    for _ in 0..50 {
        let journal = Journal::new_in(&server).unwrap();
        let own = Counter::new_in(&server).unwrap();
        Shared::calls(&journal)
            .report_to(&counter, 1)
            .detach()
            .unwrap();
        Shared::calls(&journal).report_to(&own, 1).detach().unwrap();
        drop((journal, own));
    }
    until("all have run", || counter.get().unwrap() == 50);
    until("only the counter is left", || {
        server.object_count().unwrap() == 1
    });
}

#[test]
fn a_detached_call_carries_handles_to_objects_anywhere() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let journal = Journal::new_in(&one).unwrap();
    let (there, here) = (Counter::new_in(&two).unwrap(), Shared::new(Counter::new()));
    for counter in [there.clone(), here.clone()] {
        Shared::calls(&journal)
            .report_to(&counter, 5)
            .detach()
            .unwrap();
        Shared::calls(&journal)
            .pass_on(&counter, 6)
            .detach()
            .unwrap();
    }
    until("all have arrived", || {
        there.get().unwrap() == 11 && here.get().unwrap() == 11
    });
}

#[test]
fn a_one_way_call_to_the_caller_s_own_object_runs_after_it() {
    let server = ServerProcess::start().unwrap();
    for journal in [
        Journal::new_in(&server).unwrap(),
        Shared::new(Journal::new()),
    ] {
        journal.write_later("a").unwrap();
        until("it has run", || journal.lines().unwrap().len() == 2);
        assert_eq!(journal.lines().unwrap(), ["before a", "a"]);
    }
}

#[test]
fn a_one_way_call_that_takes_long_holds_up_nothing_but_its_own_object() {
    let server = ServerProcess::start().unwrap();
    let gate = Gate::new_in(&server).unwrap();
    let counter = Counter::new_in(&server).unwrap();
    Shared::calls(&gate).pass().detach().unwrap();
    Shared::calls(&counter).add(1).detach().unwrap();
    assert_eq!(counter.get().unwrap(), 1);
    // The next call of this thread on the gate comes after the first, so it is not even sent.
    let hasty = Shared::with_timeout(&gate, Duration::from_millis(20));
    let error = hasty.open().unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Timeout, Executed::No)
    );
    std::thread::scope(|scope| {
        scope.spawn(|| gate.open().unwrap());
    });
    gate.pass().unwrap();
}

#[test]
fn more_calls_than_there_is_room_for_are_all_run() {
    let server = ServerProcess::start().unwrap();
    for counter in [
        Counter::new_in(&server).unwrap(),
        Shared::new(Counter::new()),
    ] {
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1500 {
                        Shared::calls(&counter).add(1).detach().unwrap();
                    }
                });
            }
        });
        until("all have run", || counter.get().unwrap() == 6000);
    }
}

#[test]
fn without_room_a_deadline_ends_the_wait() {
    let server = ServerProcess::start().unwrap();
    let gate = Gate::new_in(&server).unwrap();
    let error = loop {
        let call = Shared::calls(&gate).pass();
        match call.timeout(Duration::from_millis(50)).detach() {
            Ok(()) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Timeout, Executed::No)
    );
    assert!(error.to_string().contains("Gate::pass"), "{error}");
    std::thread::scope(|scope| {
        scope.spawn(|| gate.open().unwrap());
    });
    gate.pass().unwrap();
}

#[test]
fn large_and_small_arguments_arrive_in_order() {
    let server = ServerProcess::start().unwrap();
    let journal = Journal::new_in(&server).unwrap();
    let large = vec![7; 1 << 20];
    for size in [1 << 20, 3, 200_000, 0] {
        Shared::calls(&journal)
            .measure(&large[..size])
            .detach()
            .unwrap();
    }
    assert_eq!(journal.lines().unwrap(), ["1048576", "3", "200000", "0"]);
}

#[test]
fn a_panic_in_a_one_way_call_ends_nothing() {
    let server = ServerProcess::start().unwrap();
    let journal = Journal::new_in(&server).unwrap();
    Shared::calls(&journal).panic().detach().unwrap();
    assert_eq!(journal.lines().unwrap_err().kind(), ErrorKind::Poisoned);
    Shared::clear_poison(&journal).unwrap();
    Shared::calls(&journal).write("on").detach().unwrap();
    assert_eq!(journal.lines().unwrap(), ["on"]);
}

#[test]
fn what_cannot_be_sent_is_said_at_once() {
    let server = ServerProcess::builder().max_message(1000).start().unwrap();
    let journal = Journal::new_in(&server).unwrap();
    let error = Shared::calls(&journal)
        .measure(&[0; 2000])
        .detach()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    server.shutdown().unwrap();
    let error = Shared::calls(&journal)
        .write("too late")
        .detach()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Disconnected, Executed::No)
    );
}

#[test]
fn a_server_that_is_shut_down_runs_what_was_sent() {
    let server = ServerProcess::builder()
        .shutdown_timeout(Duration::from_mins(10))
        .start()
        .unwrap();
    let gate = Gate::new_in(&server).unwrap();
    let journal = Journal::new_in(&server).unwrap();
    let here = Shared::new(Counter::new());
    Shared::calls(&gate).pass().detach().unwrap();
    for _ in 0..20 {
        Shared::calls(&journal)
            .report_to(&here, 1)
            .detach()
            .unwrap();
    }
    std::thread::scope(|scope| {
        scope.spawn(|| gate.open().unwrap());
    });
    gate.pass().unwrap();
    server.shutdown().unwrap();
    assert_eq!(here.get().unwrap(), 20);
}

#[test]
fn a_call_as_a_value_is_made_when_it_is_waited_for() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    let call = Shared::calls(&counter).add(2);
    drop(Shared::calls(&counter).add(40));
    assert_eq!(counter.get().unwrap(), 0);
    assert_eq!(
        std::thread::spawn(move || call.wait()).join().unwrap(),
        Ok(2)
    );
    let error = Shared::calls(&counter)
        .nap(Duration::from_secs(5))
        .timeout(Duration::from_millis(20))
        .wait()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
}
