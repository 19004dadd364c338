//! Handles inside of data: at any depth, in arguments, answers and errors, between any processes, and through values that are
//! read twice, not at all, or only in part.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use shared_runtime::{
    CallError, Error, ErrorKind, Executed, ServerHandle, ServerProcess, Shared, shared, task,
};

use super::calls::Counter;
use super::handles::Keeper;
use super::support::{signal, until};

type Handle = Shared<Counter>;

/// A module as `#[serde(with = "…")]` asks for: writes a handle as a pair.
mod in_a_pair {
    use super::{Deserialize, Deserializer, Handle, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(it: &Handle, serializer: S) -> Result<S::Ok, S::Error> {
        (7u8, it).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Handle, D::Error> {
        <(u8, Handle)>::deserialize(from).map(|(_, it)| it)
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Branch {
    Leaf,
    One(Handle),
    Named { left: Handle, right: Option<Handle> },
    Deep(Box<Branch>, Vec<Branch>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Everything {
    #[serde(with = "in_a_pair")]
    odd: Handle,
    maybe: Option<Handle>,
    none: Option<Handle>,
    tuple: (u8, Handle, (Handle,)),
    list: Vec<Vec<Handle>>,
    map: HashMap<String, Handle>,
    sorted: BTreeMap<u8, Option<Handle>>,
    array: [Handle; 2],
    branch: Branch,
    result: Result<Handle, Branch>,
}

/// A value with `handles` in every place.
fn everything(handles: &[Handle]) -> Everything {
    let mut all = handles.iter().cycle().cloned();
    let mut next = || all.next().unwrap();
    Everything {
        odd: next(),
        maybe: Some(next()),
        none: None,
        tuple: (1, next(), (next(),)),
        list: vec![vec![next(), next()], Vec::new(), vec![next()]],
        map: [("a".into(), next()), ("b".into(), next())].into(),
        sorted: [(1, Some(next())), (2, None)].into(),
        array: [next(), next()],
        branch: Branch::Deep(
            Box::new(Branch::Named {
                left: next(),
                right: Some(next()),
            }),
            vec![Branch::Leaf, Branch::One(next())],
        ),
        result: Err(Branch::One(next())),
    }
}

/// A failure that says where to go instead.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Refusal {
    instead: Vec<Handle>,
}

/// Gives back what it is given, at once or later.
#[derive(Default)]
pub struct Mirror {
    kept: Option<Everything>,
}

#[shared]
impl Mirror {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn echo(&self, value: Everything) -> Everything {
        value
    }
    pub fn keep(&mut self, value: Everything) {
        self.kept = Some(value);
    }
    pub fn kept(&self) -> Option<&Everything> {
        self.kept.as_ref()
    }
    pub fn forget(&mut self) {
        self.kept = None;
    }
    pub fn touch_all(&self, value: &Everything) {
        for handle in &value.list[0] {
            handle.add(1).unwrap();
        }
    }
    pub fn refuse(&self, instead: Vec<Handle>) -> Result<u8, Refusal> {
        Err(Refusal { instead })
    }
    pub fn many(&self, handles: Vec<Handle>) -> usize {
        handles.len()
    }
    pub fn make(&self, n: usize) -> Vec<Handle> {
        (0..n).map(|_| Shared::new(Counter::new())).collect()
    }
    pub fn greedy(&self, _first: Once) {}
    pub fn twice(&self, value: Twice) -> bool {
        value.0 == value.1
    }
    pub fn skipping(&self, _value: Skipping) {}
    pub fn broken(&self, handle: &Handle) -> Result<u64, Error> {
        handle.get()
    }
    pub fn trapped(&self, _value: Trapped) {}
    pub fn trap(&self, handle: Handle, at: usize) -> Trapped {
        Trapped {
            handles: vec![handle; 4],
            writing: Some(at),
            reading: None,
        }
    }
    pub fn trap_reader(&self, handle: Handle, at: usize) -> Trapped {
        Trapped {
            handles: vec![handle; 4],
            writing: None,
            reading: Some(at),
        }
    }
}

/// One object in each of two servers and one here: every way a handle can go.
fn three(one: &ServerHandle, two: &ServerHandle) -> [Handle; 3] {
    [
        Counter::new_in(one).unwrap(),
        Counter::new_in(two).unwrap(),
        Shared::new(Counter::new()),
    ]
}

#[test]
fn handles_go_there_and_back_at_any_depth() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let handles = three(&one, &two);
    let value = everything(&handles);
    let mirror = Mirror::new_in(&one).unwrap();
    assert_eq!(mirror.echo(value.clone()).unwrap(), value);
    mirror.touch_all(&value).unwrap();
    mirror.keep(value).unwrap();
    let touched: Vec<u64> = handles.iter().map(|it| it.get().unwrap()).collect();
    assert_eq!(touched.iter().sum::<u64>(), 2);
    drop(handles);
    let back = mirror.kept().unwrap().unwrap();
    let again: u64 = back.array.iter().map(|it| it.get().unwrap()).sum();
    assert!(again <= 2);
    mirror.forget().unwrap();
    drop(back);
    until("all are gone", || {
        one.object_count().unwrap() == 1 && two.object_count().unwrap() == 0
    });
}

#[task]
fn through_a_task(value: Everything, how: u8) -> Result<Everything, Refusal> {
    match how {
        0 => Ok(value),
        _ => Err(Refusal {
            instead: value.list.concat(),
        }),
    }
}

#[task]
fn makes(server: ServerHandle) -> (Handle, ServerHandle) {
    let made = Counter::new_in(&server).unwrap();
    made.add(7).unwrap();
    (made, server)
}

#[test]
fn handles_go_through_tasks_their_results_and_their_errors() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let value = everything(&three(&one, &two));
    let there = through_a_task::spawn(value.clone(), 0).unwrap();
    assert_eq!(there.join().unwrap(), value);
    let Err(CallError::Method(refusal)) = through_a_task::spawn(value.clone(), 1).unwrap().join()
    else {
        panic!("it refuses");
    };
    assert_eq!(refusal.instead, value.list.concat());
    let (made, server) = makes::spawn((*one).clone()).unwrap().join().unwrap();
    assert_eq!((made.get().unwrap(), server.pid()), (7, one.pid()));
    drop((value, refusal, made));
    until("all are gone", || {
        one.object_count().unwrap() + two.object_count().unwrap() == 0
    });
}

#[test]
fn an_error_of_a_method_carries_live_handles() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let mirror = Mirror::new_in(&one).unwrap();
    let handles = three(&one, &two).to_vec();
    let Err(CallError::Method(refusal)) = mirror.refuse(handles.clone()) else {
        panic!("it refuses");
    };
    assert_eq!(refusal.instead, handles);
    drop(handles);
    for handle in &refusal.instead {
        assert_eq!(handle.add(1).unwrap(), 1);
    }
}

/// Where Python's proxies answer that `'NoneType' object has no attribute '_registry'`.
#[test]
fn what_a_passed_handle_returns_is_passed_on_again() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let maker = Keeper::new_in(&one).unwrap();
    let passed = go_between::spawn(maker.clone(), (*two).clone());
    let (made, keeper) = passed.unwrap().join().unwrap();
    assert_eq!(made.add(1).unwrap(), 2);
    let stored = keeper.get("made").unwrap().unwrap();
    assert_eq!(stored, made);
    assert!(keeper.add_through("made", 1).unwrap());
    assert_eq!(made.get().unwrap(), 3);
}

#[task]
fn go_between(maker: Shared<Keeper>, other: ServerHandle) -> (Handle, Shared<Keeper>) {
    let made = maker.make().unwrap();
    made.add(1).unwrap();
    let keeper = Keeper::new_in(&other).unwrap();
    keeper.keep("made", made.clone()).unwrap();
    (made, keeper)
}

/// Reads itself only in part.
#[derive(Debug, Serialize)]
pub struct Skipping(Vec<Handle>);

impl<'de> Deserialize<'de> for Skipping {
    fn deserialize<D: Deserializer<'de>>(_deserializer: D) -> Result<Self, D::Error> {
        Err(serde::de::Error::custom("not today"))
    }
}

/// Writes a handle, and reads nothing of it.
#[derive(Debug)]
pub struct Once(Handle);

impl Serialize for Once {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Once {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // The three numbers that stand for a handle, as plain numbers.
        <(u64, u64, u64)>::deserialize(deserializer)?;
        Ok(Self(Shared::new(Counter::new())))
    }
}

/// Writes one handle twice, as formats that look ahead read it twice.
#[derive(Debug)]
pub struct Twice(Handle, Handle);

impl Serialize for Twice {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        (&self.0, &self.0).serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Twice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <(Handle, Handle)>::deserialize(deserializer).map(|(a, b)| Self(a, b))
    }
}

#[test]
fn a_handle_that_is_never_read_or_read_twice_is_counted_right() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let mirror = Mirror::new_in(&one).unwrap();
    let handles = three(&one, &two);
    for handle in &handles {
        mirror.greedy(Once(handle.clone())).unwrap();
        let error = mirror.skipping(Skipping(vec![handle.clone()])).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode);
        assert!(mirror.twice(Twice(handle.clone(), handle.clone())).unwrap());
        assert_eq!(handle.add(1).unwrap(), 1);
    }
    drop(handles);
    until("all are gone", || {
        one.object_count().unwrap() == 1 && two.object_count().unwrap() == 0
    });
}

#[test]
fn a_handle_that_could_not_be_taken_says_why_and_fails_nothing_else() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let mirror = Mirror::new_in(&one).unwrap();
    let (lost, kept) = (
        Counter::new_in(&two).unwrap(),
        Counter::new_in(&one).unwrap(),
    );
    two.shutdown().unwrap();
    let passed = mirror.many(vec![lost.clone(), kept.clone()]);
    assert_eq!(passed, Ok(2));
    let Err(CallError::Method(cause)) = mirror.broken(&lost) else {
        panic!("it leads nowhere");
    };
    assert_eq!(cause.kind(), ErrorKind::Disconnected);
    let Err(CallError::Method(refusal)) = mirror.refuse(vec![lost, kept]) else {
        panic!("it refuses");
    };
    let [lost, kept] = refusal.instead.as_slice() else {
        panic!("both came back");
    };
    assert_eq!(kept.add(1), Ok(1));
    let error = lost.add(1).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Disconnected, Executed::No)
    );
    assert!(Shared::server(lost).is_err() && Shared::ping(lost).is_err());
    assert_eq!(lost, &lost.clone());
}

/// Panics while it is written or read, at the handle of that number.
#[derive(Debug)]
pub struct Trapped {
    handles: Vec<Handle>,
    writing: Option<usize>,
    reading: Option<usize>,
}

impl Serialize for Trapped {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeTuple;
        let mut tuple = serializer.serialize_tuple(self.handles.len() * 2)?;
        for (at, handle) in self.handles.iter().enumerate() {
            assert!(self.writing != Some(at), "while writing {at}");
            tuple.serialize_element(&(self.reading == Some(at)))?;
            tuple.serialize_element(handle)?;
        }
        tuple.end()
    }
}

impl<'de> Deserialize<'de> for Trapped {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;
        impl<'de> serde::de::Visitor<'de> for Reader {
            type Value = Trapped;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("four handles")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut of: A,
            ) -> Result<Trapped, A::Error> {
                let mut handles = Vec::new();
                while let Some(trap) = of.next_element::<bool>()? {
                    assert!(!trap, "while reading {}", handles.len());
                    handles.extend(of.next_element::<Handle>()?);
                }
                Ok(Trapped {
                    handles,
                    writing: None,
                    reading: None,
                })
            }
        }
        deserializer.deserialize_tuple(8, Reader)
    }
}

#[test]
fn a_panic_at_any_place_of_a_value_leaves_the_next_message_whole() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let mirror = Mirror::new_in(&one).unwrap();
    let handles = three(&one, &two);
    let whole = everything(&handles);
    let here = |call: &(dyn Fn() + Sync)| {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(call));
        assert!(outcome.is_err(), "it panics on the caller's own thread");
    };
    for (at, handle) in (0..4).flat_map(|at| handles.iter().map(move |handle| (at, handle))) {
        let trapped = |writing, reading| Trapped {
            handles: vec![handle.clone(); 4],
            writing,
            reading,
        };
        here(&|| drop(mirror.trapped(trapped(Some(at), None))));
        here(&|| drop(Shared::calls(&mirror).trapped(trapped(Some(at), None))));
        here(&|| drop(mirror.trap_reader(handle.clone(), at)));
        let read = mirror.trapped(trapped(None, Some(at))).unwrap_err();
        let written = mirror.trap(handle.clone(), at).unwrap_err();
        for error in [read, written] {
            assert_eq!(error.kind(), ErrorKind::Panicked);
        }
        assert_eq!(mirror.echo(whole.clone()).unwrap(), whole);
    }
    drop((handles, whole));
    until("all are gone", || {
        one.object_count().unwrap() == 1 && two.object_count().unwrap() == 0
    });
}

/// Frames are counted for the whole process, so this runs in one of its own: a task.
#[task]
fn count_frames() -> [u64; 3] {
    let frames = shared_runtime::__private::frames;
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let mirror = Mirror::new_in(&one).unwrap();
    let maker = Mirror::new_in(&two).unwrap();
    let made = maker.make(100).unwrap();
    mirror.many(made.clone()).unwrap();

    let before = frames();
    mirror.many(made.clone()).unwrap();
    let passed = frames() - before;

    // All come back from a server that is not theirs, to a process that has let them go.
    let keeper = Keeper::new_in(&one).unwrap();
    for (n, counter) in made.iter().enumerate() {
        keeper.keep(&n.to_string(), counter.clone()).unwrap();
    }
    let before = frames();
    let back = keeper.all().unwrap();
    let held = frames() - before;
    drop((made, back));
    until("the handles here are given back", || {
        let holders = two.inspect().unwrap().objects.into_iter();
        holders.skip(1).all(|object| object.holders.len() == 1)
    });
    let before = frames();
    let again = keeper.all().unwrap();
    let taken = frames() - before;
    assert_eq!(again.len(), 100);
    drop(maker);
    [passed, held, taken]
}

#[test]
fn passing_handles_costs_two_round_trips_at_most() {
    let [passed, held, taken] = count_frames::spawn().unwrap().join().unwrap();
    assert_eq!(passed, 2, "a call, and what the receiver asks is its own");
    assert_eq!(held, 3, "a call, and the word that they have arrived");
    assert_eq!(
        taken, 5,
        "a call, one question for all hundred, and that word"
    );
}

#[test]
fn handles_to_one_object_are_equal_wherever_they_have_been() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let (mirror, keeper) = (Mirror::new_in(&one).unwrap(), Keeper::new_in(&two).unwrap());
    for handle in three(&one, &two) {
        keeper.keep("it", handle.clone()).unwrap();
        let value = everything(&[keeper.get("it").unwrap().unwrap()]);
        let back = mirror.echo(value).unwrap();
        assert_eq!(Shared::id(&back.odd), Shared::id(&handle));
        assert_eq!(back.tuple.1, handle);
        let server = Shared::server(&back.odd).unwrap();
        assert_eq!(server.pid(), Shared::server(&handle).unwrap().pid());
        Shared::ping(&back.odd).unwrap();
    }
}

#[test]
fn a_stopped_server_breaks_the_handles_to_its_own_objects_alone() {
    let receiver = ServerProcess::start().unwrap();
    let mirror = Mirror::new_in(&receiver).unwrap();
    let servers: Vec<_> = (0..5).map(|_| ServerProcess::start().unwrap()).collect();
    let handles: Vec<_> = servers
        .iter()
        .map(|server| Counter::new_in(server).unwrap())
        .collect();
    let pid = servers[0].pid();
    signal("STOP", pid);
    // The receiver gives up asking in good time, and runs the call.
    mirror.keep(everything(&handles)).unwrap();
    signal("CONT", pid);
    let kept = mirror.kept().unwrap().unwrap();
    let all: Vec<&Handle> = kept.list.iter().flatten().chain(&kept.array).collect();
    let reached = all.iter().filter(|handle| handle.get().is_ok()).count();
    let broken = all.iter().filter(|handle| Shared::server(handle).is_err());
    assert_eq!(
        (reached, broken.count()),
        (3, 2),
        "the first handle is in two of the five places"
    );
}
