//! Shared traits: code written against one takes a value, a handle in this process, or a handle to another process, and cannot tell.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared_runtime::{
    CallError, Error, ErrorKind, Executed, ServerHandle, ServerProcess, Shared, call, shared, task,
};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum StoreError {
    Full { most: usize },
    Call(Error),
}

impl From<Error> for StoreError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

/// Above `Store`, and shared itself.
#[shared]
pub trait Named {
    fn name(&self) -> Result<String, Error>;
}

/// Between the two.
#[shared]
pub trait Located: Named + Send {
    fn pid(&self) -> Result<u32, Error>;
}

/// Keeps texts under keys.
#[shared]
pub trait Store: Located + Debug + Sync + 'static {
    fn get(&self, key: &str) -> Result<Option<String>, StoreError>;

    /// Returns what was there.
    fn put(&mut self, key: String, value: String) -> Result<Option<String>, StoreError>;

    fn keys(&self) -> Result<Vec<String>, StoreError>;

    /// By default, as many as there are keys.
    fn len(&self) -> Result<usize, StoreError> {
        Ok(self.keys()?.len())
    }

    /// By default where the store is.
    fn home(&self) -> Result<u32, StoreError> {
        Ok(std::process::id())
    }

    /// Where the caller is.
    #[shared(skip)]
    fn here(&self) -> u32 {
        std::process::id()
    }

    #[shared(skip)]
    fn boxed() -> Box<Self>
    where
        Self: Sized + Default,
    {
        Box::default()
    }

    fn add_all(
        &mut self,
        pairs: &[(String, String)],
        prefix: Option<&str>,
    ) -> Result<(), StoreError> {
        for (key, value) in pairs {
            let key = format!("{}{key}", prefix.unwrap_or_default());
            self.put(key, value.clone())?;
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
pub struct Memory(BTreeMap<String, String>);

#[shared]
impl Memory {
    pub fn new() -> Self {
        Self::default()
    }

    /// What no trait knows of.
    pub fn clear(&mut self) {
        self.0.clear();
    }
}

impl Named for Memory {
    fn name(&self) -> Result<String, Error> {
        Ok("memory".into())
    }
}

impl Located for Memory {
    fn pid(&self) -> Result<u32, Error> {
        Ok(std::process::id())
    }
}

#[shared]
impl Store for Memory {
    fn get(&self, key: &str) -> Result<Option<String>, StoreError> {
        Ok(self.0.get(key).cloned())
    }

    fn put(&mut self, key: String, value: String) -> Result<Option<String>, StoreError> {
        if self.0.len() >= 3 && !self.0.contains_key(&key) {
            return Err(StoreError::Full { most: 3 });
        }
        Ok(self.0.insert(key, value))
    }

    fn keys(&self) -> Result<Vec<String>, StoreError> {
        Ok(self.0.keys().cloned().collect())
    }
}

/// What holds of every store.
fn is_a_store<S: Store>(store: &mut S) {
    assert_eq!(store.get("oak"), Ok(None));
    assert_eq!(store.put("oak".into(), "tree".into()), Ok(None));
    assert_eq!(
        store.put("oak".into(), "door".into()),
        Ok(Some("tree".into()))
    );
    assert_eq!(store.get("oak"), Ok(Some("door".into())));
    let pairs = [
        ("a".to_owned(), "1".to_owned()),
        ("b".to_owned(), "2".to_owned()),
    ];
    assert_eq!(store.add_all(&pairs, Some("x-")), Ok(()));
    assert_eq!(
        store.keys(),
        Ok(vec!["oak".into(), "x-a".into(), "x-b".into()])
    );
    assert_eq!(store.len(), Ok(3));
    assert_eq!(
        store.put("ash".into(), String::new()),
        Err(StoreError::Full { most: 3 })
    );
    assert_eq!(store.name().unwrap(), "memory");
    assert_eq!(store.pid().unwrap(), store.home().unwrap());
    assert_eq!(store.here(), std::process::id());
    assert!(!format!("{store:?}").is_empty());
}

#[test]
fn a_value_is_a_store() {
    is_a_store(&mut *Memory::boxed());
}

#[test]
fn a_handle_in_this_process_is_a_store() {
    let mut store = Shared::<dyn Store>::new_dyn(Memory::new());
    assert!(Shared::is_local(&store));
    is_a_store(&mut store);
}

#[test]
fn a_handle_to_another_process_is_a_store() {
    let server = ServerProcess::start().unwrap();
    let memory = Memory::new_in(&server).unwrap();
    let mut store = Shared::cast::<dyn Store>(&memory);
    is_a_store(&mut store);
    assert_eq!(store.pid().unwrap(), server.pid());
    memory.clear().unwrap();
    assert_eq!(store.len().unwrap(), 0, "both mean one object");
}

/// A trait object as a server hands it out, of a type that nobody else knows.
#[derive(Debug)]
struct Fixed(u32);

impl Named for Fixed {
    fn name(&self) -> Result<String, Error> {
        Ok(format!("fixed {}", self.0))
    }
}

pub struct Cabinet;

#[shared]
impl Cabinet {
    pub fn new() -> Self {
        Self
    }

    pub fn named(&self, n: u32) -> Vec<Shared<dyn Named>> {
        (0..n)
            .map(|n| Shared::<dyn Named>::new_dyn(Fixed(n)))
            .collect()
    }

    /// Where `dyn Named` is the interface, but a `Memory` is behind it.
    pub fn memory(&self) -> Shared<dyn Named> {
        Shared::<dyn Named>::new_dyn(Memory::new())
    }

    pub fn names(&self, all: Vec<Shared<dyn Named>>) -> Result<Vec<String>, Error> {
        all.iter().map(Named::name).collect()
    }

    pub fn me(&self) -> Shared<Cabinet> {
        Shared::this::<Cabinet>()
    }
}

#[test]
fn handles_to_traits_travel_at_any_depth() {
    let server = ServerProcess::start().unwrap();
    let cabinet = Cabinet::new_in(&server).unwrap();
    let mut all = cabinet.named(2).unwrap();
    all.push(Shared::<dyn Named>::new_dyn(Fixed(7)));
    assert_eq!(
        cabinet.names(all).unwrap(),
        ["fixed 0", "fixed 1", "fixed 7"],
        "hosted there and here, called there"
    );
}

#[test]
fn an_object_is_of_a_type_or_not() {
    let server = ServerProcess::start().unwrap();
    let cabinet = Cabinet::new_in(&server).unwrap();
    let (memory, fixed) = (
        cabinet.memory().unwrap(),
        cabinet.named(1).unwrap().remove(0),
    );
    let found = Shared::downcast::<Memory>(&memory).unwrap().unwrap();
    found.clear().unwrap();
    assert_eq!(Shared::id(&found), Shared::id(&memory));
    assert_eq!(Shared::downcast::<Memory>(&fixed).unwrap(), None);
    let store = Shared::downcast::<dyn Store>(&memory).unwrap().unwrap();
    assert_eq!(store.len().unwrap(), 0);
    assert_eq!(Shared::downcast::<dyn Store>(&fixed).unwrap(), None);

    let here = Shared::<dyn Named>::new_dyn(Memory::new());
    assert!(Shared::downcast::<Memory>(&here).unwrap().is_some());
    assert!(Shared::downcast::<Cabinet>(&here).unwrap().is_none());
}

#[test]
fn a_trait_is_cast_to_those_above_it() {
    let server = ServerProcess::start().unwrap();
    let store = Shared::cast::<dyn Store>(&Memory::new_in(&server).unwrap());
    let located = Shared::cast::<dyn Located>(&store);
    let named = Shared::cast::<dyn Named>(&located);
    assert_eq!(located.pid().unwrap(), server.pid());
    assert_eq!(named.name().unwrap(), "memory");
    let back = Shared::downcast::<dyn Store>(&named).unwrap();
    assert_eq!(back, Some(store));
}

/// Implements `Store`, but was never said to: its `#[shared]` impl is missing on purpose.
#[derive(Debug)]
pub struct Silent;

#[shared]
impl Silent {
    pub fn new() -> Self {
        Self
    }
}

#[test]
fn what_an_object_cannot_do_is_said() {
    let silent = Shared::new(Silent::new());
    assert_eq!(Shared::downcast::<dyn Named>(&silent).unwrap(), None);
}

#[task]
fn fill(mut store: Shared<dyn Store>, n: u32) -> Result<u32, StoreError> {
    for n in 0..n {
        store.put(n.to_string(), String::new())?;
    }
    store.home()
}

#[test]
fn a_task_is_given_a_trait() {
    let server = ServerProcess::start().unwrap();
    let store = Shared::cast::<dyn Store>(&Memory::new_in(&server).unwrap());
    let home = fill::spawn(store.clone(), 3).unwrap().join().unwrap();
    assert_eq!(home, server.pid());
    let full = fill::spawn(store, 4).unwrap().join().unwrap_err();
    assert!(
        matches!(full, CallError::Method(StoreError::Full { most: 3 })),
        "{full:?}"
    );
}

#[shared]
pub trait Slow {
    #[shared(timeout = "20ms")]
    fn nap(&self, millis: u64) -> Result<(), StoreError>;

    fn fall(&mut self) -> Result<(), StoreError>;

    fn left(&self) -> Result<Option<Duration>, StoreError>;
}

struct Sleeper;

impl Slow for Sleeper {
    fn nap(&self, millis: u64) -> Result<(), StoreError> {
        std::thread::sleep(Duration::from_millis(millis));
        Ok(())
    }

    fn fall(&mut self) -> Result<(), StoreError> {
        panic!("fell")
    }

    fn left(&self) -> Result<Option<Duration>, StoreError> {
        Ok(call::current().remaining())
    }
}

pub struct Beds;

#[shared]
impl Beds {
    pub fn new() -> Self {
        Self
    }

    pub fn sleeper(&self) -> Shared<dyn Slow> {
        Shared::<dyn Slow>::new_dyn(Sleeper)
    }
}

fn kind(error: &StoreError) -> Option<(ErrorKind, Executed)> {
    match error {
        StoreError::Call(error) => Some((error.kind(), error.executed())),
        StoreError::Full { .. } => None,
    }
}

#[test]
fn failures_of_a_call_are_the_trait_s_own_errors() {
    let server = ServerProcess::start().unwrap();
    let mut slow = Beds::new_in(&server).unwrap().sleeper().unwrap();
    let late = slow.nap(2000).unwrap_err();
    assert_eq!(kind(&late), Some((ErrorKind::Timeout, Executed::Maybe)));
    let fell = slow.fall().unwrap_err();
    assert_eq!(kind(&fell), Some((ErrorKind::Panicked, Executed::Yes)));
    let StoreError::Call(error) = &fell else {
        panic!("{fell:?}")
    };
    assert_eq!(error.method(), Some("fall"));
    assert!(
        error
            .object()
            .unwrap()
            .ends_with("dyn behaviour::traits::Slow"),
        "{error:?}"
    );
    let poisoned = slow.left().unwrap_err();
    assert_eq!(kind(&poisoned), Some((ErrorKind::Poisoned, Executed::No)));
    Shared::clear_poison(&slow).unwrap();
    assert_eq!(slow.left().unwrap(), None);
    server.shutdown().unwrap();
    let gone = slow.left().unwrap_err();
    assert_eq!(
        kind(&gone).map(|kind| kind.0),
        Some(ErrorKind::Disconnected)
    );
}

#[test]
fn calls_of_a_trait_are_values_too() {
    let server = ServerProcess::start().unwrap();
    let store = Shared::cast::<dyn Store>(&Memory::new_in(&server).unwrap());
    let calls = Shared::calls(&store);
    calls.put("a".into(), "b".into()).detach().unwrap();
    let found = calls.get("a").timeout(Duration::from_secs(20)).wait();
    assert_eq!(found, Ok(Some("b".into())));
}

#[test]
fn a_trait_object_is_published_and_ticketed_as_what_it_is() {
    let server = ServerProcess::start().unwrap();
    let store = Shared::cast::<dyn Store>(&Memory::new_in(&server).unwrap());
    server.publish("store", &store).unwrap();
    let found: Option<Shared<dyn Store>> = server.lookup("store").unwrap();
    assert_eq!(found, Some(store.clone()));
    let ticket = Shared::ticket(&store, Duration::from_secs(20)).unwrap();
    let redeemed: Shared<dyn Store> = Shared::from_ticket(&ticket).unwrap();
    assert_eq!(redeemed, store);
    let weak = Shared::downgrade(&store);
    assert_eq!(weak.upgrade().unwrap(), Some(store));
}

/// The methods of a trait need the object alone although those of its type do not.
#[derive(Debug)]
pub struct Readable;

#[shared]
impl Readable {
    pub fn new() -> Self {
        Self
    }

    pub fn read(&self) -> u32 {
        1
    }
}

#[shared]
impl Slow for Readable {
    fn nap(&self, _millis: u64) -> Result<(), StoreError> {
        Ok(())
    }

    fn fall(&mut self) -> Result<(), StoreError> {
        panic!("fell")
    }

    fn left(&self) -> Result<Option<Duration>, StoreError> {
        Ok(None)
    }
}

#[test]
fn an_object_is_locked_as_its_traits_need_it() {
    let readable = Readable::new_in(&ServerHandle::local()).unwrap();
    let mut slow = Shared::cast::<dyn Slow>(&readable);
    assert_eq!(readable.read().unwrap(), 1);
    assert!(slow.fall().is_err());
    assert_eq!(readable.read().unwrap_err().kind(), ErrorKind::Poisoned);
}

/// Below every auto trait.
#[shared]
pub trait Settled:
    Send + Sync + Unpin + std::panic::UnwindSafe + std::panic::RefUnwindSafe
{
    fn settled(&self) -> Result<bool, Error>;
}

struct Stone;

impl Settled for Stone {
    fn settled(&self) -> Result<bool, Error> {
        Ok(true)
    }
}

#[test]
fn auto_traits_stand_above_a_shared_trait() {
    let stone = Shared::<dyn Settled>::new_dyn(Stone);
    let settled = std::panic::catch_unwind(|| stone.settled());
    assert!(settled.unwrap().unwrap());
}
