//! Calls with deadlines: they end on time, say what is known, and do not get in the way of the next.

use std::sync::{Condvar, Mutex};
use std::time::Duration;

use shared_runtime::{ErrorKind, Executed, ServerProcess, Shared, shared};

use super::support::{signal, until};

const SOON: Duration = Duration::from_millis(50);

/// Lets a method run until it is told to stop, whoever has given up on it.
#[derive(Default)]
pub struct Gate {
    open: Mutex<bool>,
    opened: Condvar,
    passed: Mutex<u32>,
}

#[shared]
impl Gate {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn wait(&self) -> u32 {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
        let mut passed = self.passed.lock().unwrap();
        *passed += 1;
        *passed
    }
    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }
    pub fn passed(&self) -> u32 {
        *self.passed.lock().unwrap()
    }
}

#[test]
fn after_a_timeout_the_next_call_of_the_thread_is_answered() {
    let server = ServerProcess::start().unwrap();
    let gate = Gate::new_in(&server).unwrap();
    let error = Shared::with_timeout(&gate, SOON).wait().unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Timeout, Executed::Maybe)
    );
    assert_eq!(
        gate.passed().unwrap(),
        0,
        "answered while the first call still waits in its method"
    );
    gate.open().unwrap();
    until("the method that was given up on goes on", || {
        gate.passed().unwrap() == 1
    });
    assert_eq!(
        gate.wait().unwrap(),
        2,
        "a late answer is never taken for another call's"
    );
}

#[test]
fn many_timeouts_leave_room_for_calls() {
    let server = ServerProcess::start().unwrap();
    let gate = Gate::new_in(&server).unwrap();
    let hasty = Shared::with_timeout(&gate, Duration::from_millis(1));
    let mut under_way = 0;
    for _ in 0..100 {
        let error = hasty.wait().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        // On a busy machine the time may be over before the call is sent.
        under_way += u32::from(error.executed() == Executed::Maybe);
    }
    gate.open().unwrap();
    until("all have passed", || gate.passed().unwrap() == under_way);
    assert_eq!(gate.wait().unwrap(), under_way + 1);
}

pub struct Slow;

#[shared]
impl Slow {
    pub fn new() -> Self {
        Self
    }
    pub fn hold(&mut self, gate: Shared<Gate>) {
        gate.wait().unwrap();
    }
    pub fn touch(&mut self) {}
    pub fn ask(&self, gate: Shared<Gate>) -> bool {
        matches!(gate.wait(), Err(error) if error.kind() == ErrorKind::Timeout)
    }
}

#[test]
fn a_call_that_waits_for_a_lock_ends_on_time_and_names_the_holder() {
    let server = ServerProcess::start().unwrap();
    let gate = Gate::new_in(&server).unwrap();
    let slow = Slow::new_in(&server).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| slow.hold(gate.clone()).unwrap());
        until("the object is held", || {
            server
                .inspect()
                .unwrap()
                .calls
                .iter()
                .any(|call| call.method.ends_with("::wait"))
        });
        let error = Shared::with_timeout(&slow, SOON).touch().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        gate.open().unwrap();
    });
    slow.touch().unwrap();
}

#[test]
fn the_time_left_travels_into_nested_calls() {
    let server = ServerProcess::start().unwrap();
    let gate = Gate::new_in(&server).unwrap();
    let slow = Slow::new_in(&server).unwrap();
    // The inner call is between objects of one process, where only waiting for locks can time out; so the gate is elsewhere.
    let other = ServerProcess::start().unwrap();
    let far_gate = Gate::new_in(&other).unwrap();
    match Shared::with_timeout(&slow, SOON).ask(far_gate.clone()) {
        // Both end at the same moment: the inner one may still be told of in time.
        Ok(timed_out) => assert!(timed_out),
        Err(error) => assert_eq!(error.kind(), ErrorKind::Timeout),
    }
    until("the inner call has ended with the outer one", || {
        server.inspect().unwrap().calls.is_empty()
    });
    far_gate.open().unwrap();
    gate.open().unwrap();
}

#[test]
fn a_stopped_server_does_not_hold_a_deadline_up() {
    let server = ServerProcess::start().unwrap();
    let gate = Gate::new_in(&server).unwrap();
    gate.passed().unwrap();
    let pid = server.pid();
    signal("STOP", pid);
    let hasty = Shared::with_timeout(&gate, SOON);
    for _ in 0..3 {
        assert_eq!(hasty.passed().unwrap_err().kind(), ErrorKind::Timeout);
    }
    signal("CONT", pid);
    assert_eq!(gate.passed().unwrap(), 0);
}

/// Its answers travel in many pieces.
pub struct Bulk;

#[shared]
impl Bulk {
    pub fn new() -> Self {
        Self
    }
    pub fn make(&self, size: usize) -> String {
        "x".repeat(size)
    }
    pub fn make_handles(&self, count: usize) -> Vec<Shared<Gate>> {
        (0..count).map(|_| Shared::new(Gate::new())).collect()
    }
}

#[test]
fn an_answer_that_is_given_up_in_the_middle_leaves_nothing() {
    let server = ServerProcess::start().unwrap();
    let bulk = Bulk::new_in(&server).unwrap();
    let mut seen = (0, 0);
    for milliseconds in (0..40).cycle().take(120) {
        let hasty = Shared::with_timeout(&bulk, Duration::from_millis(milliseconds));
        let outcomes = [
            hasty
                .make(4_000_000)
                .map(|text| assert_eq!(text.len(), 4_000_000)),
            hasty
                .make_handles(10)
                .map(|gates| assert_eq!(gates.len(), 10)),
        ];
        for outcome in outcomes {
            match outcome {
                Ok(()) => seen.0 += 1,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Timeout, "{error:?}");
                    seen.1 += 1;
                }
            }
        }
    }
    assert!(seen.1 > 5, "{seen:?}");
    assert_eq!(bulk.make(3).unwrap(), "xxx");
    until("late handles are given back", || {
        server.object_count().unwrap() == 1
    });
    until("abandoned calls have ended", || {
        server.inspect().unwrap().calls.is_empty()
    });
}
