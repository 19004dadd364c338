//! Processes that are killed while calls are pending that nobody waits for on the spot.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use shared_runtime::{Error, ErrorKind, Executed, ServerProcess, Shared, shared, task};

use super::leftovers::{Footprint, NothingLeft};
use super::support::{signal, until};
use super::tools::{Counter, end_of_server};

/// Keeps those who come waiting until it is opened, and counts who has passed.
#[derive(Default)]
pub struct Door {
    open: Mutex<bool>,
    opened: Condvar,
    passed: Mutex<u32>,
}

#[shared]
impl Door {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn pass(&self, _ticket: &Shared<Counter>) -> Shared<Counter> {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
        *self.passed.lock().unwrap() += 1;
        Shared::new(Counter::new())
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
fn a_killed_server_ends_all_pending_calls_and_says_which_may_have_run() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    // Tasks of an executor with a single thread, each of which is woken.
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let errors = runtime.unwrap().block_on(async {
        let polled = Arc::new(AtomicU32::new(0));
        let naps: Vec<_> = (0..3000)
            .map(|_| {
                let nap = Shared::calls(&counter).nap(Duration::from_secs(1000));
                let polled = Arc::clone(&polled);
                tokio::spawn(async move {
                    polled.fetch_add(1, Ordering::Relaxed);
                    nap.await
                })
            })
            .collect();
        while polled.load(Ordering::Relaxed) < 3000 {
            tokio::task::yield_now().await;
        }
        let started = Shared::calls(&counter)
            .nap(Duration::from_secs(1000))
            .start();
        until("the server has some of them", || {
            server.inspect().unwrap().calls.len() >= 64
        });
        signal("KILL", server.pid());
        let mut errors = vec![started.wait().unwrap_err()];
        for nap in naps {
            errors.push(nap.await.unwrap().unwrap_err());
        }
        errors
    });
    for error in &errors {
        assert_eq!(error.kind(), ErrorKind::Disconnected);
        let status = error.exit_status();
        let by_sigkill = status.is_none_or(|it| it.signal_name() == Some("SIGKILL"));
        assert!(by_sigkill, "{error}");
        assert!(error.method().unwrap().contains("nap"));
    }
    // The one that was started went a way of its own.
    assert_eq!(errors[0].executed(), Executed::Maybe);
    let count = |executed| {
        let awaited = errors[1..].iter();
        awaited.filter(|error| error.executed() == executed).count()
    };
    assert!((64..=1024).contains(&count(Executed::Maybe)));
    assert!(count(Executed::No) >= 3000 - 1024);
    let later = Shared::calls(&counter).get().start().wait().unwrap_err();
    assert_eq!(
        (later.kind(), later.executed()),
        (ErrorKind::Disconnected, Executed::No)
    );
    assert_eq!(end_of_server(&counter).signal_name(), Some("SIGKILL"));
}

/// An awaited call whose server is killed.
async fn killed_under_way() -> Error {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    let nap = Shared::calls(&counter).nap(Duration::from_secs(1000));
    let nap = tokio::spawn(nap.into_future());
    tokio::task::yield_now().await;
    until("it runs", || server.inspect().unwrap().calls.len() == 1);
    signal("KILL", server.pid());
    nap.await.unwrap().unwrap_err()
}

#[test]
fn an_awaited_call_says_how_its_server_ended() {
    let _nothing_left = NothingLeft::watch();
    let runtime = tokio::runtime::Builder::new_current_thread().build();
    let runtime = runtime.unwrap();
    // If the process can be collected soon after its connections broke, which nobody promises.
    until("the error says so", || {
        let status = runtime.block_on(killed_under_way()).exit_status();
        assert!(status.is_none_or(|it| it.signal_name() == Some("SIGKILL")));
        status.is_some()
    });
}

/// Has more calls pending than its server runs at one time, each with a handle to an object of its own.
#[task]
fn awaits_for_ever(door: Shared<Door>) {
    let pending: Vec<_> = (0..200)
        .map(|_| {
            let ticket = Shared::new(Counter::new());
            Shared::calls(&door).pass(&ticket).into_future()
        })
        .collect();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    runtime.block_on(async {
        for pass in pending {
            tokio::spawn(pass);
        }
        std::future::pending::<()>().await;
    });
}

/// Has ten calls under way on one object, of which only the first runs.
#[task]
fn starts_for_ever(door: Shared<Door>) {
    let _pending: Vec<_> = (0..10)
        .map(|_| {
            let ticket = Shared::new(Counter::new());
            Shared::calls(&door).pass(&ticket).start()
        })
        .collect();
    loop {
        std::thread::park();
    }
}

#[test]
fn started_calls_of_a_killed_client_whose_turn_has_not_come_do_not_run() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let door = Door::new_in(&server).unwrap();
    let client = starts_for_ever::spawn(door.clone()).unwrap();
    until("the first runs", || {
        server.inspect().unwrap().calls.len() == 1
    });
    client.kill();
    client.join().unwrap_err();
    until("its session is gone", || {
        server.inspect().unwrap().sessions.len() == 1
    });
    door.open().unwrap();
    until("what it returned is gone", || {
        server.object_count().unwrap() == 1
    });
    until("it has ended", || {
        server.inspect().unwrap().calls.is_empty()
    });
    assert_eq!(door.passed().unwrap(), 1);
}

#[test]
fn a_killed_client_with_pending_calls_leaves_nothing() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    // The first visitor brings up what the server keeps.
    visit_once(&server);
    let before = Footprint::settled(server.pid());
    let door = Door::new_in(&server).unwrap();
    let client = awaits_for_ever::spawn(door.clone()).unwrap();
    until("the server runs as many as it will", || {
        server.inspect().unwrap().calls.len() == 64
    });
    client.kill();
    client.join().unwrap_err();
    until("its session is gone", || {
        server.inspect().unwrap().sessions.len() == 1
    });
    door.open().unwrap();
    until("what ran has ended", || {
        server.inspect().unwrap().calls.is_empty()
    });
    until("those that ran have passed, and no others", || {
        door.passed().unwrap() == 64
    });
    until("what they returned is gone", || {
        server.object_count().unwrap() == 1
    });
    drop(door);
    until("the server has no more than it had", || {
        Footprint::of(server.pid()).is_within(&before)
    });
}

fn visit_once(server: &ServerProcess) {
    let door = Door::new_in(server).unwrap();
    door.open().unwrap();
    let client = passes_once::spawn(door).unwrap();
    client.join().unwrap();
}

#[task]
fn passes_once(door: Shared<Door>) {
    let ticket = Shared::new(Counter::new());
    Shared::calls(&door).pass(&ticket).start().wait().unwrap();
}
