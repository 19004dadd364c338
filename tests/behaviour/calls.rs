//! Calls as such: in parallel, in order, counted in frames.

use std::time::Duration;

use shared_runtime::{ServerProcess, Shared, shared};

use super::support::until;

#[derive(Default)]
pub struct Counter {
    n: u64,
}

#[shared]
impl Counter {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn slow(delay: Duration) -> Self {
        std::thread::sleep(delay);
        Self::default()
    }
    /// Hosts other objects while it runs.
    pub fn nested(depth: u32) -> Self {
        let inner: Vec<Shared<Counter>> = (0..depth)
            .map(|_| Shared::new(Counter::default()))
            .collect();
        let n = inner.iter().map(|counter| counter.add(1).unwrap()).sum();
        Self { n }
    }
    pub fn add(&mut self, n: u64) -> u64 {
        self.n += n;
        self.n
    }
    pub fn get(&self) -> u64 {
        self.n
    }
    pub fn nap(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

/// Shown by what overlaps, not by the clock: each caller sees all the others inside the method at once.
pub struct Meeting {
    expected: usize,
    present: std::sync::Mutex<usize>,
    all_here: std::sync::Condvar,
}

#[shared]
impl Meeting {
    pub fn new(expected: usize) -> Self {
        Self {
            expected,
            present: 0.into(),
            all_here: std::sync::Condvar::new(),
        }
    }
    pub fn attend(&self) -> usize {
        let mut present = self.present.lock().unwrap();
        *present += 1;
        self.all_here.notify_all();
        while *present < self.expected {
            present = self.all_here.wait(present).unwrap();
        }
        *present
    }
    /// Makes it an object with a lock.
    pub fn expect(&mut self, n: usize) {
        self.expected = n;
    }
}

#[test]
fn fifty_threads_are_inside_one_shared_method_at_once() {
    let server = ServerProcess::start().unwrap();
    let meeting = Meeting::new_in(&server, 50).unwrap();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..50)
            .map(|_| scope.spawn(|| meeting.attend().unwrap()))
            .collect();
        for thread in threads {
            assert_eq!(thread.join().unwrap(), 50);
        }
    });
}

#[test]
fn exclusive_calls_from_many_threads_lose_nothing() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..250 {
                    counter.add(1).unwrap();
                }
            });
        }
    });
    assert_eq!(counter.get().unwrap(), 1000);
}

#[test]
fn a_slow_constructor_delays_no_other_call() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    std::thread::scope(|scope| {
        let slow = scope.spawn(|| Counter::slow_in(&server, Duration::from_secs(2)).unwrap());
        while !server
            .inspect()
            .unwrap()
            .calls
            .iter()
            .any(|call| call.method.ends_with("::slow"))
        {
            std::thread::yield_now();
        }
        for _ in 0..20 {
            counter.add(1).unwrap();
            Counter::new_in(&server).unwrap();
        }
        let still = server.inspect().unwrap();
        assert!(
            still
                .calls
                .iter()
                .any(|call| call.method.ends_with("::slow")),
            "the others did not wait for it"
        );
        drop(slow.join().unwrap());
    });
}

#[test]
fn a_constructor_may_host_objects_itself() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::nested_in(&server, 5).unwrap();
    assert_eq!(counter.get().unwrap(), 5);
    until("the inner objects are gone", || {
        server.object_count().unwrap() == 1
    });
}

/// Frames are counted for the whole process, so the test runs in one of its own: a task.
#[shared_runtime::task]
fn count_frames() -> (u64, u64, u64) {
    let frames = shared_runtime::__private::frames;
    let server = ServerProcess::start().unwrap();
    drop(Counter::new_in(&server).unwrap());
    until("the first object is gone", || {
        server.object_count().unwrap() == 0
    });
    let counter = Counter::new_in(&server).unwrap();
    let before = frames();
    let clones: Vec<_> = (0..100).map(|_| counter.clone()).collect();
    drop(clones);
    let for_clones = frames() - before;

    let before = frames();
    counter.add(1).unwrap();
    let called = frames() - before;

    let before = frames();
    drop(Counter::new_in(&server).unwrap());
    // The release is sent by another thread; what is counted while waiting for it is subtracted.
    let mut asked = 2;
    while server.object_count().unwrap() != 1 {
        asked += 2;
    }
    (for_clones, called, frames() - before - asked)
}

#[test]
fn cloning_sends_nothing_and_an_object_costs_two_round_trips_at_most() {
    let (cloned, called, object) = count_frames::spawn().unwrap().join().unwrap();
    assert_eq!(cloned, 0);
    assert_eq!(called, 2);
    assert!(object <= 4, "{object} frames");
}

#[test]
fn too_many_calls_at_once_are_refused_and_the_others_are_answered() {
    let server = ServerProcess::start().unwrap();
    let meeting = Meeting::new_in(&server, 250).unwrap();
    let refused = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..300).map(|_| scope.spawn(|| meeting.attend())).collect();
        let outcomes = threads.into_iter().map(|thread| thread.join().unwrap());
        let errors: Vec<_> = outcomes.filter_map(Result::err).collect();
        for error in &errors {
            assert_eq!(error.kind(), shared_runtime::ErrorKind::Overloaded);
            assert_eq!(error.executed(), shared_runtime::Executed::No);
        }
        errors.len()
    });
    assert!(refused <= 50, "{refused}");
    assert!(meeting.attend().unwrap() > 250);
}
