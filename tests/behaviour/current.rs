//! What a method knows of its call.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use shared_runtime::call;
use shared_runtime::{ServerProcess, Shared, shared, task};

use super::calls::Counter;
use super::support::until;

/// Answers with what it sees.
#[derive(Default)]
pub struct Witness {
    cancelled: Mutex<bool>,
    seen: Condvar,
}

#[shared]
impl Witness {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn caller(&self) -> (String, u32, String) {
        let call = call::current();
        let session = format!("{:?}", call.session());
        (call.process().to_owned(), call.pid(), session)
    }
    pub fn remaining(&self) -> Option<Duration> {
        call::current().remaining()
    }
    pub fn wait_until_cancelled(&self) {
        let call = call::current();
        while !call.cancelled() {
            std::thread::sleep(Duration::from_millis(1));
        }
        *self.cancelled.lock().unwrap() = true;
        self.seen.notify_all();
    }
    pub fn was_cancelled(&self) -> bool {
        *self.cancelled.lock().unwrap()
    }
    pub fn tell_at_end(&self, counter: Shared<Counter>) {
        call::current().on_session_end(move || drop(counter.add(1)));
    }
    pub fn me(&self) -> Shared<Witness> {
        Shared::this::<Self>()
    }
    pub fn not_me(&self) -> Shared<Counter> {
        Shared::this::<Counter>()
    }
}

#[task]
fn ask(witness: Shared<Witness>) -> (String, u32, String) {
    witness.caller().unwrap()
}

#[test]
fn a_method_sees_who_calls() {
    let server = ServerProcess::start().unwrap();
    let witness = Witness::new_in(&server).unwrap();
    let here = witness.caller().unwrap();
    assert_eq!(here.1, std::process::id());
    assert!(here.0.ends_with(&format!("(pid {})", here.1)), "{here:?}");
    assert_eq!(witness.caller().unwrap(), here, "one session for all calls");
    let child = ask::spawn(witness.clone()).unwrap();
    let pid = child.pid();
    let there = child.join().unwrap();
    assert_eq!((there.1, there.0), (pid, format!("ask (pid {pid})")));
    assert_ne!(there.2, here.2);
    let local = Shared::new(Witness::new());
    assert_eq!(local.caller().unwrap().1, std::process::id());
}

#[test]
fn a_method_sees_how_much_time_it_has() {
    let server = ServerProcess::start().unwrap();
    let witness = Witness::new_in(&server).unwrap();
    assert_eq!(witness.remaining().unwrap(), None);
    let given = Duration::from_secs(500);
    let left = Shared::with_timeout(&witness, given).remaining().unwrap();
    assert!(left.is_some_and(|left| left <= given && left > given / 2));
}

#[test]
fn a_method_sees_that_nobody_waits_any_more() {
    let server = ServerProcess::start().unwrap();
    let witness = Witness::new_in(&server).unwrap();
    // The method may notice, and answer, at the very last moment.
    let _ = Shared::with_timeout(&witness, Duration::from_millis(20)).wait_until_cancelled();
    until("the deadline is seen", || witness.was_cancelled().unwrap());
    let witness = Witness::new_in(&server).unwrap();
    let client = waits::spawn(witness.clone()).unwrap();
    until("it is asked", || {
        let calls = server.inspect().unwrap().calls;
        calls
            .iter()
            .any(|call| call.method.ends_with("wait_until_cancelled"))
    });
    client.kill();
    until("the end of the client is seen", || {
        witness.was_cancelled().unwrap()
    });
    client.join().unwrap_err();
}

#[task]
fn waits(witness: Shared<Witness>) {
    let _ended = witness.wait_until_cancelled();
}

#[task]
fn leaves_word(witness: Shared<Witness>, counter: Shared<Counter>) {
    for _ in 0..3 {
        witness.tell_at_end(counter.clone()).unwrap();
    }
}

#[test]
fn what_is_to_be_done_at_a_session_s_end_is_done() {
    let server = ServerProcess::start().unwrap();
    let witness = Witness::new_in(&server).unwrap();
    let counter = Shared::new(Counter::new());
    let client = leaves_word::spawn(witness.clone(), counter.clone()).unwrap();
    client.join().unwrap();
    until("it is done three times", || counter.get().unwrap() == 3);
}

#[test]
fn outside_of_methods_it_is_this_process_that_calls() {
    let call = call::current();
    assert_eq!(call.pid(), std::process::id());
    assert_eq!(call.remaining(), None);
    assert!(!call.cancelled());
    assert!(format!("{call:?}").contains("cancelled: false"));
}

#[test]
fn a_method_has_a_handle_to_its_own_object() {
    let server = ServerProcess::start().unwrap();
    for witness in [
        Witness::new_in(&server).unwrap(),
        Shared::new(Witness::new()),
    ] {
        assert_eq!(witness.me().unwrap(), witness);
        let error = witness.not_me().unwrap_err();
        let said = error.panic().unwrap();
        assert!(said.message().contains("no method of a"), "{said}");
        assert!(said.location().unwrap().contains("current.rs"), "{said}");
    }
}

/// Remembers every caller.
#[derive(Default)]
pub struct Guests {
    seen: Mutex<Vec<call::Current>>,
    value: Arc<()>,
}

#[shared]
impl Guests {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn enter(&self) -> usize {
        self.seen.lock().unwrap().push(call::current());
        Arc::strong_count(&self.value)
    }
}

#[test]
fn an_object_that_remembers_its_callers_is_dropped_like_any_other() {
    let server = ServerProcess::start().unwrap();
    let guests = Guests::new_in(&server).unwrap();
    guests.enter().unwrap();
    let value = Arc::new(());
    let here = Shared::new(Guests {
        value: Arc::clone(&value),
        ..Guests::new()
    });
    assert_eq!(here.enter().unwrap(), 2);
    drop((guests, here));
    until("both are dropped", || {
        server.object_count().unwrap() == 0 && Arc::strong_count(&value) == 1
    });
}
