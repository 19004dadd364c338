//! Handles under load and in odd places: storms of drops and upgrades, thread-locals, one-way calls of processes that end.

use std::cell::RefCell;
use std::sync::Mutex;
use std::time::Duration;

use shared_runtime::{ErrorKind, ServerHandle, ServerProcess, Shared, WeakShared, shared, task};

use super::leftovers::NothingLeft;
use super::support::{signal, until};
use super::tools::Counter;

/// Hands out what it keeps, now and then.
#[derive(Default)]
pub struct Shelf {
    kept: Mutex<Vec<Option<Shared<Counter>>>>,
}

#[shared]
impl Shelf {
    pub fn new() -> Self {
        Self::default()
    }
    /// Puts a counter on a place and gives back the one that was there.
    pub fn swap(&self, place: usize, counter: Option<Shared<Counter>>) -> Option<Shared<Counter>> {
        let mut kept = self.kept.lock().unwrap();
        let places = kept.len().max(place + 1);
        kept.resize_with(places, || None);
        std::mem::replace(&mut kept[place], counter)
    }
    pub fn get(&self, place: usize) -> Option<Shared<Counter>> {
        self.kept.lock().unwrap().get(place).cloned().flatten()
    }
    pub fn weak(&self, place: usize) -> Option<WeakShared<Counter>> {
        self.get(place).as_ref().map(Shared::downgrade)
    }
    pub fn clear(&self) {
        self.kept.lock().unwrap().clear();
    }
}

/// Threads that take, drop, upgrade and exchange handles to the same few objects: the table of leases, the count at the server
/// and the releases on their way meet in every order.
fn storm(server: &ServerHandle, shelves: &[Shared<Shelf>], seed: u64, rounds: u32) {
    let mut random = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    let mut own: Vec<Shared<Counter>> = Vec::new();
    let mut weak: Vec<WeakShared<Counter>> = Vec::new();
    for _ in 0..rounds {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        let place = usize::try_from(random >> 8).unwrap() % 4;
        let shelf = &shelves[usize::try_from(random >> 16).unwrap() % shelves.len()];
        match random % 8 {
            0 => own.push(Counter::new_in(server).unwrap()),
            1 => own.push(Shared::new(Counter::new())),
            2 => {
                let given = own.pop();
                own.extend(shelf.swap(place, given).unwrap());
            }
            3 => own.extend(shelf.get(place).unwrap()),
            4 => weak.extend(shelf.weak(place).unwrap()),
            5 => own.extend(weak.pop().and_then(|weak| weak.upgrade().unwrap())),
            6 => drop(own.pop()),
            _ => {
                if let Some(counter) = own.last() {
                    Shared::calls(counter).add(1).detach().unwrap();
                    counter.get().unwrap();
                }
            }
        }
        own.truncate(4);
        weak.truncate(4);
    }
}

#[test]
fn a_storm_of_drops_arrivals_and_upgrades_loses_nothing_and_leaves_nothing() {
    let _nothing_left = NothingLeft::watch();
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let shelves = [
        Shelf::new_in(&one).unwrap(),
        Shelf::new_in(&two).unwrap(),
        Shared::new(Shelf::new()),
    ];
    std::thread::scope(|scope| {
        for seed in 0..8 {
            let (shelves, server) = (&shelves, if seed % 2 == 0 { &one } else { &two });
            scope.spawn(move || storm(server, shelves, seed, 300));
        }
    });
    for shelf in &shelves {
        shelf.clear().unwrap();
    }
    until("only the shelves are left", || {
        one.object_count().unwrap() == 1
            && two.object_count().unwrap() == 1
            && ServerHandle::local().object_count().unwrap() == 1
    });
}

thread_local! {
    static KEPT: RefCell<Vec<Shared<Counter>>> = const { RefCell::new(Vec::new()) };
}

#[test]
fn two_thousand_threads_end_with_handles_in_thread_locals() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    for _ in 0..100 {
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    let own = Counter::new_in(&server).unwrap();
                    own.add(1).unwrap();
                    Shared::calls(&counter).add(1).detach().unwrap();
                    KEPT.with_borrow_mut(|kept| {
                        kept.extend([own, counter.clone(), Shared::new(Counter::new())]);
                    });
                });
            }
        });
    }
    until("all have counted", || counter.get().unwrap() == 2000);
    until("what they kept is gone", || {
        server.object_count().unwrap() == 1 && ServerHandle::local().object_count().unwrap() == 0
    });
}

/// Calls once more when its thread ends.
struct LastWords(Shared<Counter>);

impl Drop for LastWords {
    fn drop(&mut self) {
        // What is not possible any more is an error, and no panic: that would end the process.
        let _ = Shared::calls(&self.0).add(1).detach();
        let _ = self.0.add(1);
        let _ = Counter::new_in(&ServerHandle::local());
    }
}

thread_local! {
    static LAST_WORDS: RefCell<Option<LastWords>> = const { RefCell::new(None) };
}

#[test]
fn a_destructor_of_a_thread_local_may_call() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    for counter in [
        Counter::new_in(&server).unwrap(),
        Shared::new(Counter::new()),
    ] {
        for early in [true, false] {
            let own = counter.clone();
            let thread = std::thread::spawn(move || {
                if early {
                    own.add(1).unwrap();
                }
                LAST_WORDS.set(Some(LastWords(own.clone())));
                Shared::calls(&own).add(1).detach().unwrap();
                own.add(1).unwrap();
            });
            thread.join().unwrap();
        }
        assert!(counter.get().unwrap() >= 5);
    }
}

#[task]
fn sends_and_aborts(counter: Shared<Counter>, other: Shared<Counter>) {
    for _ in 0..100 {
        Shared::calls(&counter).add(1).detach().unwrap();
    }
    Shared::calls(&other)
        .nap(Duration::from_millis(50))
        .detach()
        .unwrap();
    Shared::calls(&other).add(1).detach().unwrap();
    std::process::abort();
}

#[test]
fn one_way_calls_of_a_process_that_is_gone_run_to_the_last() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let (counter, other) = (
        Counter::new_in(&server).unwrap(),
        Counter::new_in(&server).unwrap(),
    );
    let client = sends_and_aborts::spawn(counter.clone(), other.clone()).unwrap();
    assert_eq!(
        client.join().unwrap_err().remote().unwrap().kind(),
        ErrorKind::Exited
    );
    until("all have run", || {
        (counter.get().unwrap(), other.get().unwrap()) == (100, 1)
    });
    until("its session is over", || {
        server.inspect().unwrap().sessions.len() == 1
    });
}

#[test]
fn a_stopped_server_takes_one_way_calls_until_there_is_no_room_and_runs_them_later() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    Shared::calls(&counter).add(1).detach().unwrap();
    signal("STOP", server.pid());
    let mut sent = 1;
    let error = loop {
        let call = Shared::calls(&counter).add(1);
        match call.timeout(Duration::from_millis(50)).detach() {
            Ok(()) => sent += 1,
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::Timeout);
    signal("CONT", server.pid());
    assert_eq!(
        counter.get().unwrap(),
        sent,
        "those that were taken, and in order"
    );
}

#[test]
fn a_killed_server_ends_those_who_wait_behind_one_way_calls() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    Shared::calls(&counter)
        .nap(Duration::from_secs(1000))
        .detach()
        .unwrap();
    until("it runs", || server.inspect().unwrap().calls.len() == 1);
    let pid = server.pid();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            std::thread::sleep(Duration::from_millis(30));
            signal("KILL", pid);
        });
        // On this thread, so that it waits for the nap.
        let error = counter.get().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Disconnected);
    });
}

/// Sends a handle that only it has to a receiver that has been stopped in the meantime.
#[task]
fn sends_to_a_stopped_receiver(shelf: Shared<Shelf>, third: ServerHandle, step: Shared<Counter>) {
    Shared::calls(&shelf).clear().detach().unwrap();
    shelf.clear().unwrap();
    step.add(1).unwrap();
    while step.get().unwrap() < 2 {
        std::thread::sleep(Duration::from_millis(2));
    }
    let own = Counter::new_in(&third).unwrap();
    Shared::calls(&shelf).swap(0, Some(own)).detach().unwrap();
}

#[test]
fn a_task_stays_until_what_it_sent_is_held_or_its_receiver_is_gone() {
    let _nothing_left = NothingLeft::watch();
    for killed in [false, true] {
        let (receiver, third) = (
            ServerProcess::start().unwrap(),
            ServerProcess::start().unwrap(),
        );
        let (shelf, step) = (
            Shelf::new_in(&receiver).unwrap(),
            Shared::new(Counter::new()),
        );
        let mut task =
            sends_to_a_stopped_receiver::spawn(shelf.clone(), (*third).clone(), step.clone())
                .unwrap();
        until("its lane is open", || step.get() == Ok(1));
        signal("STOP", receiver.pid());
        step.add(1).unwrap();
        until("it has made what it sends", || {
            third.object_count() == Ok(1)
        });
        assert!(task.join_timeout(Duration::from_millis(300)).is_none());
        assert_eq!(third.object_count(), Ok(1), "held by the task");
        signal(if killed { "KILL" } else { "CONT" }, receiver.pid());
        task.join().unwrap();
        if killed {
            until("nobody holds it", || third.object_count() == Ok(0));
        } else {
            until("it has arrived", || shelf.get(0).unwrap().is_some());
            assert_eq!(shelf.get(0).unwrap().unwrap().add(1), Ok(1), "alive");
        }
    }
}
