//! Calls that nobody waits for: they run, in order, and hold nobody up.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use shared_runtime::{ErrorKind, Executed, ServerHandle, ServerProcess, Shared, shared, task};

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
    /// Has its object in use until a gate is open.
    pub fn wait_for(&mut self, gate: &Shared<Gate>) {
        gate.pass().unwrap();
        self.lines.push("passed".to_owned());
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

/// An object that can be in use for a while.
#[derive(Default)]
pub struct Slow {
    n: u64,
}

#[shared]
impl Slow {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn hold(&mut self, gate: &Shared<Gate>) {
        gate.pass().unwrap();
    }
    pub fn bump(&mut self) {
        self.n += 1;
    }
    pub fn get(&self) -> u64 {
        self.n
    }
    pub fn send_through(&self, gate: &Shared<Gate>) {
        Shared::calls(gate).pass().detach().unwrap();
    }
    pub fn open(&self, gate: &Shared<Gate>) {
        gate.open().unwrap();
    }
    pub fn relay(&mut self, to: &Shared<Counter>) {
        self.n += to.add(1).unwrap_or(1000);
    }
}

/// Opens a gate from another thread, which knows nothing of the one-way calls of this one.
fn open_from_elsewhere(gate: &Shared<Gate>) {
    std::thread::scope(|scope| {
        scope.spawn(|| gate.open().unwrap());
    });
}

#[test]
fn a_call_just_under_the_limit_runs_or_is_refused() {
    let server = ServerProcess::builder().max_message(1000).start().unwrap();
    let journal = Journal::new_in(&server).unwrap();
    for size in 960..1000 {
        let before = journal.lines().unwrap().len();
        let sent = Shared::calls(&journal).measure(&vec![0; size]).detach();
        let after = journal.lines().unwrap().len();
        match sent {
            Ok(()) => assert_eq!(after, before + 1, "{size}"),
            Err(error) => assert_eq!((error.kind(), after), (ErrorKind::TooLarge, before)),
        }
    }
}

#[test]
fn a_one_way_call_waits_for_its_object_however_long_that_is_in_use() {
    let builder = ServerProcess::builder().lock_timeout(Duration::from_millis(50));
    let server = builder.start().unwrap();
    let (slow, gate) = (
        Slow::new_in(&server).unwrap(),
        Gate::new_in(&server).unwrap(),
    );
    std::thread::scope(|scope| {
        scope.spawn(|| slow.hold(&gate).unwrap());
        until("it is in use", || {
            let calls = server.inspect().unwrap().calls;
            calls.iter().any(|call| call.method.ends_with("pass"))
        });
        Shared::calls(&slow).bump().detach().unwrap();
        // From another thread, which does not wait for that call.
        let other = scope.spawn(|| slow.get().unwrap_err().kind());
        assert_eq!(other.join().unwrap(), ErrorKind::Timeout);
        gate.open().unwrap();
    });
    until("it has run", || slow.get() == Ok(1));
}

#[test]
fn frames_broken_by_a_deadline_cost_only_themselves() {
    let server = ServerProcess::start().unwrap();
    let (journal, counter) = (
        Journal::new_in(&server).unwrap(),
        Counter::new_in(&server).unwrap(),
    );
    let gate = Gate::new_in(&server).unwrap();
    // A long call to another object holds up nothing of it.
    Shared::calls(&gate).pass().detach().unwrap();
    let large = vec![7; 8 << 20];
    let mut whole = 0;
    for n in 1..=100 {
        let call = Shared::calls(&journal).measure(&large);
        // More than a carrier takes before somebody reads: seldom all in no time.
        match call.timeout(Duration::ZERO).detach() {
            Ok(()) => whole += 1,
            Err(error) => assert_eq!(error.executed(), Executed::No),
        }
        Shared::calls(&counter).add(1).detach().unwrap();
        assert_eq!(counter.get().unwrap(), n);
    }
    let descriptors = std::fs::read_dir(format!("/proc/{}/fd", server.pid())).unwrap();
    assert!(descriptors.count() < 100);
    assert!(whole < 100);
    assert_eq!(journal.lines().unwrap().len(), whole);
    open_from_elsewhere(&gate);
}

#[test]
fn a_small_limit_of_messages_does_not_make_objects_wait_for_each_other() {
    let server = ServerProcess::builder().max_message(1000).start().unwrap();
    let (gate, counter) = (
        Gate::new_in(&server).unwrap(),
        Counter::new_in(&server).unwrap(),
    );
    Shared::calls(&gate).pass().detach().unwrap();
    Shared::calls(&counter).add(1).detach().unwrap();
    assert_eq!(counter.get().unwrap(), 1);
    open_from_elsewhere(&gate);
}

#[test]
fn many_calls_that_wait_hold_up_nothing_but_their_own_objects() {
    let server = ServerProcess::start().unwrap();
    for (gate, counter) in [
        (
            Gate::new_in(&server).unwrap(),
            Counter::new_in(&server).unwrap(),
        ),
        (Shared::new(Gate::new()), Shared::new(Counter::new())),
    ] {
        let slow: Vec<_> = (0..100).map(|_| Shared::new(Slow::new())).collect();
        for object in &slow {
            Shared::calls(object).hold(&gate).detach().unwrap();
        }
        Shared::calls(&counter).add(1).detach().unwrap();
        assert_eq!(counter.get().unwrap(), 1);
        gate.open().unwrap();
    }
}

#[test]
fn what_one_method_detached_does_not_hold_up_another_method() {
    let server = ServerProcess::start().unwrap();
    let gate = Gate::new_in(&server).unwrap();
    let [one, two] = [0, 1].map(|_| Slow::new_in(&server).unwrap());
    one.send_through(&gate).unwrap();
    // The same thread of the server runs both.
    two.open(&gate).unwrap();
}

#[test]
fn a_shutdown_right_after_a_detached_call_runs_it() {
    let here = Shared::new(Counter::new());
    for round in 1..=20 {
        let builder = ServerProcess::builder().shutdown_timeout(Duration::from_mins(10));
        let server = builder.start().unwrap();
        let journal = Journal::new_in(&server).unwrap();
        Shared::calls(&journal)
            .report_to(&here, 1)
            .detach()
            .unwrap();
        server.shutdown().unwrap();
        assert_eq!(here.get().unwrap(), round);
    }
}

/// Its last act names an object that nobody else keeps.
#[task]
fn last_act(relay: Shared<Slow>, third: ServerHandle) {
    let counter = Counter::new_in(&third).unwrap();
    Shared::calls(&relay).relay(&counter).detach().unwrap();
}

#[test]
fn a_queued_call_owns_the_handles_in_it_when_its_sender_has_ended() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let (relay, gate) = (Slow::new_in(&one).unwrap(), Gate::new_in(&one).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| relay.hold(&gate).unwrap());
        until("the relay is in use", || {
            let calls = one.inspect().unwrap().calls;
            calls.iter().any(|call| call.method.ends_with("pass"))
        });
        for _ in 0..5 {
            let sender = last_act::spawn(relay.clone(), (*two).clone()).unwrap();
            sender.join().unwrap();
        }
        gate.open().unwrap();
    });
    until("all five have found their counter", || relay.get() == Ok(5));
    until("which are gone then", || two.object_count().unwrap() == 0);
}
