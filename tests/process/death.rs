//! Processes that are killed: everybody who depends on them is told, and what they held is given back.

use std::time::Duration;

use shared_runtime::{ErrorKind, Executed, ServerProcess, Shared, task};

use super::leftovers::NothingLeft;
use super::support::{signal, until};
use super::tools::{Counter, end_of_server};

#[test]
fn a_killed_server_ends_a_hundred_pending_calls() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    std::thread::scope(|scope| {
        let callers: Vec<_> = (0..100)
            .map(|_| scope.spawn(|| counter.nap(Duration::from_secs(1000)).unwrap_err()))
            .collect();
        until("all calls run", || {
            server.inspect().unwrap().calls.len() == 100
        });
        signal("KILL", server.pid());
        for caller in callers {
            let error = caller.join().unwrap();
            assert_eq!(
                (error.kind(), error.executed()),
                (ErrorKind::Disconnected, Executed::Maybe)
            );
            let status = error.exit_status();
            let by_sigkill = status.is_none_or(|it| it.signal_name() == Some("SIGKILL"));
            assert!(by_sigkill, "{error}");
        }
    });
    let later = counter.get().unwrap_err();
    assert_eq!(
        (later.kind(), later.executed()),
        (ErrorKind::Disconnected, Executed::No)
    );
    assert_eq!(end_of_server(&counter).signal_name(), Some("SIGKILL"));
}

#[test]
fn a_killed_client_gives_back_what_it_held() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    let client = holds::spawn((*server).clone(), counter.clone()).unwrap();
    until("it holds ten objects and is in a call", || {
        let seen = server.inspect().unwrap();
        seen.objects.len() == 11
            && seen
                .calls
                .iter()
                .any(|call| call.method.ends_with("::stay"))
    });
    client.kill();
    until("they are gone", || server.object_count().unwrap() == 1);
    until("its session is gone", || {
        server.inspect().unwrap().sessions.len() == 1
    });
    client.join().unwrap_err();
    assert_eq!(
        counter.add(1).unwrap(),
        1,
        "its call holds no lock that is in the way"
    );
}

#[task]
fn holds(server: shared_runtime::ServerHandle, counter: Shared<Counter>) {
    let _held: Vec<_> = (0..10).map(|_| Counter::new_in(&server).unwrap()).collect();
    counter.stay().unwrap();
}

#[test]
fn a_server_ends_with_its_owner() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let owner = owns_a_server::spawn(counter.clone()).unwrap();
    until("the server runs", || counter.get().unwrap() > 0);
    let server = u32::try_from(counter.get().unwrap()).unwrap();
    assert!(super::tools::alive(server));
    owner.kill();
    until("the server is gone", || !super::tools::alive(server));
    owner.join().unwrap_err();
}

#[task]
fn owns_a_server(counter: Shared<Counter>) {
    let server = ServerProcess::start().unwrap();
    counter.add(u64::from(server.pid())).unwrap();
    std::thread::sleep(Duration::from_secs(1000));
}

/// No timer may stand in for the receiver: while it is stopped, the object lives; when it is killed, it goes.
#[test]
fn a_handle_passed_to_a_stopped_server_stays_alive() {
    let _nothing_left = NothingLeft::watch();
    let home = ServerProcess::start().unwrap();
    let receiver = ServerProcess::start().unwrap();
    let keeper = Keeper::new_in(&receiver).unwrap();
    keeper.len().unwrap();
    let pid = receiver.pid();
    signal("STOP", pid);
    let passed = Counter::new_in(&home).unwrap();
    let error = Shared::with_timeout(&keeper, Duration::from_millis(50))
        .keep(passed.clone())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    drop(passed);
    // A minute, where the environment asks for it: no timer may be involved, so this is long enough.
    let millis = std::env::var("STOPPED_MILLIS").map_or(300, |millis| millis.parse().unwrap());
    std::thread::sleep(Duration::from_millis(millis));
    assert_eq!(home.object_count().unwrap(), 1, "in flight");
    signal("CONT", pid);
    until("it has arrived", || keeper.len().unwrap() == 1);
    assert_eq!(keeper.sum().unwrap(), 0, "and is alive");
    assert_eq!(home.object_count().unwrap(), 1);
    signal("KILL", pid);
    until("it is gone with its holder", || {
        home.object_count().unwrap() == 0
    });
}

#[derive(Default)]
pub struct Keeper {
    kept: Vec<Shared<Counter>>,
}

#[shared_runtime::shared]
impl Keeper {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn keep(&mut self, counter: Shared<Counter>) {
        self.kept.push(counter);
    }
    pub fn len(&self) -> usize {
        self.kept.len()
    }
    pub fn sum(&self) -> u64 {
        self.kept.iter().map(|counter| counter.get().unwrap()).sum()
    }
}
