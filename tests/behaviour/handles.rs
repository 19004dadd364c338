//! Handles as arguments and results, and how long the objects behind them live.

use std::collections::{HashMap, HashSet};

use shared_runtime::{ErrorKind, Executed, ServerHandle, ServerProcess, Shared, shared};

use super::calls::Counter;
use super::support::until;

/// Keeps whatever handles it is given.
#[derive(Default)]
pub struct Keeper {
    kept: HashMap<String, Shared<Counter>>,
}

#[shared]
impl Keeper {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn keep(&mut self, name: &str, counter: Shared<Counter>) {
        self.kept.insert(name.to_owned(), counter);
    }
    pub fn get(&self, name: &str) -> Option<Shared<Counter>> {
        self.kept.get(name).cloned()
    }
    pub fn all(&self) -> Vec<(String, Shared<Counter>)> {
        self.kept
            .iter()
            .map(|(name, counter)| (name.clone(), counter.clone()))
            .collect()
    }
    pub fn forget(&mut self) {
        self.kept.clear();
    }
    pub fn make(&self) -> Shared<Counter> {
        Shared::new(Counter::new())
    }
    pub fn add_through(&self, name: &str, n: u64) -> bool {
        self.kept[name].add(n).is_ok()
    }
    pub fn make_on(&self, server: &ServerHandle) -> Shared<Counter> {
        Counter::new_in(server).unwrap()
    }
    pub fn is_direct(&self, counter: &Shared<Counter>) -> bool {
        Shared::is_local(counter)
    }
    pub fn thread(&self) -> String {
        format!("{:?}", std::thread::current().id())
    }
    /// Whether a call through the handle of an object of the same process runs on the very thread that makes it.
    pub fn calls_directly(&self) -> bool {
        let other = Shared::new(Keeper::new());
        other.thread().unwrap() == self.thread()
    }
}

#[test]
fn an_object_lives_exactly_as_long_as_its_handles() {
    let server = ServerProcess::start().unwrap();
    let keeper = Keeper::new_in(&server).unwrap();
    let counter = Counter::new_in(&server).unwrap();
    keeper.keep("mine", counter.clone()).unwrap();
    drop(counter);
    let again = keeper.get("mine").unwrap().unwrap();
    assert_eq!(again.add(1).unwrap(), 1);
    keeper.forget().unwrap();
    assert_eq!(again.add(1).unwrap(), 2, "the handle here still holds it");
    drop(again);
    until("only the keeper is left", || {
        server.object_count().unwrap() == 1
    });
}

#[test]
fn a_method_returns_live_objects_and_the_same_one_twice() {
    let server = ServerProcess::start().unwrap();
    let keeper = Keeper::new_in(&server).unwrap();
    let made = keeper.make().unwrap();
    keeper.keep("a", made.clone()).unwrap();
    keeper.keep("b", made.clone()).unwrap();
    keeper.keep("c", keeper.make().unwrap()).unwrap();
    let all = keeper.all().unwrap();
    assert_eq!(
        all.iter().filter(|(_, counter)| *counter == made).count(),
        2
    );
    let distinct: HashSet<_> = all.iter().map(|(_, counter)| counter.clone()).collect();
    assert_eq!(distinct.len(), 2);
    made.add(5).unwrap();
    let a = all.iter().find(|(name, _)| name == "a").unwrap();
    assert_eq!(a.1.get().unwrap(), 5);
}

#[test]
fn handles_that_cross_their_release_lose_nothing() {
    let server = ServerProcess::start().unwrap();
    let keeper = Keeper::new_in(&server).unwrap();
    keeper
        .keep("it", Counter::new_in(&server).unwrap())
        .unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for _ in 0..200 {
                    keeper.get("it").unwrap().unwrap().add(1).unwrap();
                }
            });
        }
    });
    assert_eq!(keeper.get("it").unwrap().unwrap().get().unwrap(), 800);
    keeper.forget().unwrap();
    until("only the keeper is left", || {
        server.object_count().unwrap() == 1
    });
}

#[test]
fn a_handle_to_an_object_of_one_server_works_inside_another() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let keeper = Keeper::new_in(&one).unwrap();
    let counter = Counter::new_in(&two).unwrap();
    assert!(!keeper.is_direct(&counter).unwrap());
    keeper.keep("far", counter.clone()).unwrap();
    assert!(keeper.add_through("far", 3).unwrap());
    drop(counter);
    let back = keeper.get("far").unwrap().unwrap();
    assert_eq!(
        back.get().unwrap(),
        3,
        "held by the other server alone for a while"
    );
    drop(back);
    keeper.forget().unwrap();
    until("the second server is empty", || {
        two.object_count().unwrap() == 0
    });
}

#[test]
fn a_handle_that_comes_home_is_direct() {
    let server = ServerProcess::start().unwrap();
    let keeper = Keeper::new_in(&server).unwrap();
    let counter = Counter::new_in(&server).unwrap();
    assert!(keeper.is_direct(&counter).unwrap());
    assert!(!Shared::is_local(&counter));
    assert!(keeper.calls_directly().unwrap());
    let here = Shared::new(Keeper::new());
    assert!(here.calls_directly().unwrap());
}

#[test]
fn an_object_of_this_process_is_called_back() {
    let server = ServerProcess::start().unwrap();
    let keeper = Keeper::new_in(&server).unwrap();
    let mine = Shared::new(Counter::new());
    keeper.keep("mine", mine.clone()).unwrap();
    assert!(keeper.add_through("mine", 4).unwrap());
    assert_eq!(mine.get().unwrap(), 4);
    let back = keeper.get("mine").unwrap().unwrap();
    assert!(Shared::is_local(&back));
    assert_eq!(back, mine);
}

#[test]
fn a_server_handle_is_an_argument_and_makes_objects_elsewhere() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let keeper = Keeper::new_in(&one).unwrap();
    let there = keeper.make_on(&two).unwrap();
    assert_eq!(
        (one.object_count().unwrap(), two.object_count().unwrap()),
        (1, 1)
    );
    assert_eq!(there.add(2).unwrap(), 2);
    drop(there);
    until("the object is gone with its last handle", || {
        two.object_count().unwrap() == 0
    });
}

#[test]
fn a_handle_whose_server_is_gone_says_so() {
    let keeper_server = ServerProcess::start().unwrap();
    let keeper = Keeper::new_in(&keeper_server).unwrap();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    server.shutdown().unwrap();
    let error = counter.add(1).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Disconnected, Executed::No)
    );
    // It still travels; whoever gets it learns the same.
    keeper.keep("dead", counter).unwrap();
    assert!(!keeper.add_through("dead", 1).unwrap());
}

#[test]
fn debug_says_what_and_where() {
    let server = ServerProcess::builder().name("models").start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    let text = format!("{counter:?}");
    assert!(
        text.contains("Counter") && text.contains("models"),
        "{text}"
    );
}
