//! What went wrong around processes in systems like this one, and must not here: counts that grow with every child, connections that
//! grow with every clone, processes that hang because another was killed or stopped.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use shared_runtime::{ErrorKind, Process, ServerHandle, ServerProcess, Shared, call, shared, task};

use super::leftovers::{Footprint, NothingLeft};
use super::support::{signal, until};
use super::tasks::visit;
use super::tools::{Counter, alive};

/// Ends without dropping what it was given.
#[task]
fn leaves(counter: Shared<Counter>) {
    counter.add(1).unwrap();
    std::process::exit(0);
}

/// Does nothing with what it was given.
#[task]
fn ignores(_counters: Vec<Shared<Counter>>) {}

#[test]
fn a_handle_that_many_children_had_is_held_once() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    for _ in 0..3 {
        visit::spawn(counter.clone()).unwrap().join().unwrap();
        leaves::spawn(counter.clone()).unwrap().join().unwrap_err();
        ignores::spawn(vec![counter.clone(); 2])
            .unwrap()
            .join()
            .unwrap();
        drop(visit::call(counter.clone()));
        let killed = visit::spawn(counter.clone()).unwrap();
        killed.kill();
        drop(killed.join());
    }
    until("this process alone holds it, and once", || {
        let seen = server.inspect().unwrap();
        seen.objects.len() == 1
            && seen.objects[0].holders.len() == 1
            && seen.objects[0].holders[0].1 == 1
    });
    assert!(counter.get().unwrap() >= 6);
    drop(counter);
    until("it goes with that handle", || {
        server.object_count().unwrap() == 0
    });
}

#[test]
fn clones_share_the_connections_that_are_there() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    counter.add(1).unwrap();
    let before = [std::process::id(), server.pid()].map(Footprint::settled);
    let clones = vec![counter; 100];
    for clone in &clones {
        clone.add(1).unwrap();
    }
    // While all of them live: no descriptor more, and no thread, on either side.
    let after = [std::process::id(), server.pid()].map(Footprint::settled);
    for (before, after) in before.iter().zip(&after) {
        assert!(after.is_within(before), "{}", after.more_than(before));
    }
    assert_eq!(clones[0].get().unwrap(), 101);
}

/// A method that has its object to itself for as long as its caller lives.
pub struct Held;

#[shared]
impl Held {
    pub fn new() -> Self {
        Self
    }
    pub fn hold(&mut self) {
        let call = call::current();
        while !call.cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
    pub fn touch(&mut self) {}
}

#[task]
fn holds_the_lock(held: Shared<Held>) {
    held.hold().unwrap();
}

#[task]
fn waits_for_the_lock(held: Shared<Held>) {
    held.touch().unwrap();
}

#[test]
fn an_object_is_free_again_when_those_who_had_or_wanted_its_lock_are_killed() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let held = Held::new_in(&server).unwrap();
    let running = |method: &str| {
        let calls = server.inspect().unwrap().calls;
        calls.iter().any(|call| call.method.ends_with(method))
    };
    let holder = holds_the_lock::spawn(held.clone()).unwrap();
    until("it is held", || running("::hold"));
    let waiter = waits_for_the_lock::spawn(held.clone()).unwrap();
    until("it is waited for", || running("::touch"));
    for process in [waiter, holder] {
        process.kill();
        process.join().unwrap_err();
    }
    held.touch().unwrap();
}

#[test]
fn a_server_that_cannot_be_asked_is_ended_by_force_and_that_is_said() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::builder()
        .shutdown_timeout(Duration::from_millis(50))
        .start()
        .unwrap();
    let counter = Counter::new_in(&server).unwrap();
    let pid = server.pid();
    // A stopped process does not even end by SIGTERM.
    signal("STOP", pid);
    let error = server.shutdown().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exited);
    assert_eq!(error.exit_status().unwrap().signal_name(), Some("SIGKILL"));
    assert!(!alive(pid));
    assert_eq!(counter.get().unwrap_err().kind(), ErrorKind::Disconnected);
}

/// Cannot be encoded, though it compiles.
#[derive(Debug, Deserialize)]
pub struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("this value is not for sending"))
    }
}

#[task]
fn returns_what_cannot_be_sent() -> Unwritable {
    Unwritable
}

#[task]
fn fails_with_what_cannot_be_sent() -> Result<(), Unwritable> {
    Err(Unwritable)
}

#[test]
fn a_result_that_cannot_be_sent_is_named_with_its_task() {
    let _nothing_left = NothingLeft::watch();
    let returned = returns_what_cannot_be_sent::spawn().unwrap().join();
    let failed = fails_with_what_cannot_be_sent::spawn().unwrap().join();
    let (returned, failed) = (returned.unwrap_err(), failed.unwrap_err());
    for (error, task) in [
        (returned.remote().unwrap(), "returns_what"),
        (failed.remote().unwrap(), "fails_with"),
    ] {
        assert_eq!(error.kind(), ErrorKind::Encode);
        let text = error.to_string();
        for part in ["cannot encode", "Unwritable", task] {
            assert!(text.contains(part), "{text}");
        }
    }
}

/// Kills what it has started, with and without looking at it afterwards, and ends.
#[task]
fn kills_its_children(server: ServerHandle) -> usize {
    let counter = Counter::new_in(&server).unwrap();
    let own = ServerProcess::start().unwrap();
    let mut children: Vec<_> = (0..4)
        .map(|_| sleeps_with::spawn(counter.clone()).unwrap())
        .collect();
    for child in &children {
        child.kill();
    }
    signal("KILL", own.pid());
    let joined = children.split_off(2).into_iter().map(Process::join);
    joined.filter(Result::is_err).count()
}

#[task]
fn sleeps_with(counter: Shared<Counter>) {
    counter.add(1).unwrap();
    std::thread::sleep(Duration::from_secs(1000));
}

#[test]
fn a_process_that_has_killed_its_children_ends_itself() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let process = kills_its_children::spawn((*server).clone()).unwrap();
    assert_eq!(process.join().unwrap(), 2);
    until("nothing is held for any of them", || {
        server.object_count().unwrap() == 0
    });
}
