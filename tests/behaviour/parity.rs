//! What went wrong in systems like this one, and must not here: ids used twice, handles that reach the wrong server, servers that
//! keep what they sent last, constructors that block or lose their errors.

use std::collections::HashSet;
use std::time::Duration;

use shared_runtime::{
    CallError, ErrorKind, Executed, Report, ServerHandle, ServerProcess, Shared, shared,
};

use super::calls::Counter;
use super::errors::{Refusal, Shop};
use super::handles::Keeper;
use super::support::until;

#[test]
fn an_id_is_never_used_again_for_another_object() {
    let server = ServerProcess::start().unwrap();
    let mut ids = HashSet::new();
    let mut gone = Vec::new();
    for _ in 0..20 {
        let counter = Counter::new_in(&server).unwrap();
        assert!(ids.insert(Shared::id(&counter)), "{ids:?}");
        gone.push(Shared::downgrade(&counter));
        drop(counter);
        // The memory of the one is free for the next, which is what made ids equal elsewhere.
        until("it is gone", || server.object_count().unwrap() == 0);
    }
    let _last = Counter::new_in(&server).unwrap();
    for weak in gone {
        assert_eq!(weak.upgrade().unwrap(), None);
    }
}

#[test]
fn a_handle_to_an_ended_server_never_reaches_an_object_of_the_next() {
    let start = || ServerProcess::builder().name("store").start().unwrap();
    let first = start();
    let old = Counter::new_in(&first).unwrap();
    old.add(1).unwrap();
    first.shutdown().unwrap();
    let next = start();
    let new = Counter::new_in(&next).unwrap();
    assert_eq!(
        Shared::id(&new).number(),
        Shared::id(&old).number(),
        "as alike as they can be"
    );
    assert_ne!(new, old);
    assert_eq!(new.add(10).unwrap(), 10, "no old connection is in the way");
    let error = old.add(1).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Disconnected, Executed::No)
    );
    // Nor does it where the number would be found: inside the new server itself.
    let keeper = Keeper::new_in(&next).unwrap();
    keeper.keep("old", old.clone()).unwrap();
    assert!(!keeper.add_through("old", 1).unwrap());
    assert!(!keeper.is_direct(&old).unwrap());
    assert_eq!(new.get().unwrap(), 10);
}

/// Says when it is dropped, to an object that is elsewhere: its server need not be asked, which would be its next request.
pub struct Farewell {
    to: Shared<Counter>,
}

#[shared]
impl Farewell {
    pub fn new(to: Shared<Counter>) -> Self {
        Self { to }
    }
    pub fn poke(&self) {}
}

impl Drop for Farewell {
    fn drop(&mut self) {
        Shared::calls(&self.to).add(1).detach().unwrap();
    }
}

/// Answers with objects, and is given some.
pub struct Desk;

#[shared]
impl Desk {
    pub fn new() -> Self {
        Self
    }
    pub fn make(&self, to: Shared<Counter>) -> Vec<Shared<Farewell>> {
        vec![Shared::new(Farewell::new(to))]
    }
    pub fn make_on(&self, server: &ServerHandle, to: Shared<Counter>) -> Shared<Farewell> {
        Farewell::new_in(server, to).unwrap()
    }
    pub fn take(&self, given: &Shared<Farewell>) {
        given.poke().unwrap();
    }
    pub fn refuse(&self, to: Shared<Counter>) -> Result<(), Shared<Farewell>> {
        Err(Shared::new(Farewell::new(to)))
    }
}

#[test]
fn a_server_keeps_nothing_of_what_it_was_last_asked_or_answered() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let desk = Desk::new_in(&one).unwrap();
    let gone = Shared::new(Counter::new());
    // After each of these nothing is sent to the server that would push out the message before.
    let last_calls: [&dyn Fn(); 5] = [
        &|| drop(desk.make(gone.clone()).unwrap()),
        &|| drop(desk.make_on(&two, gone.clone()).unwrap()),
        &|| drop(desk.refuse(gone.clone()).unwrap_err()),
        &|| {
            desk.take(&Farewell::new_in(&two, gone.clone()).unwrap())
                .unwrap();
        },
        &|| {
            let own = Shared::new(Farewell::new(gone.clone()));
            desk.take(&own).unwrap();
        },
    ];
    for (n, last_call) in (1..).zip(last_calls) {
        last_call();
        until("the object is gone", || gone.get().unwrap() == n);
    }
}

/// Its constructors do what takes long, hosts, publishes, or fails.
pub struct Market {
    stalls: Vec<Shared<Counter>>,
}

#[shared]
impl Market {
    /// Makes objects on the server that runs this very constructor, as a client would.
    pub fn on(server: &ServerHandle, name: &str) -> Self {
        let stalls: Vec<_> = (0..3)
            .map(|_| Counter::slow_in(server, Duration::from_millis(5)).unwrap())
            .collect();
        server.publish(name, &stalls[0]).unwrap();
        let found = server.lookup::<Counter>(name).unwrap().unwrap();
        found.add(1).unwrap();
        assert!(server.unpublish(name).unwrap());
        Self { stalls }
    }
    pub fn of(stalls: usize) -> Result<Self, Refusal> {
        match stalls {
            0 => Err(Refusal::Empty),
            1..=9 => Ok(Self { stalls: Vec::new() }),
            _ => Err(Refusal::TooMany { allowed: 9 }),
        }
    }
    pub fn shared(stalls: usize) -> Result<Shared<Self>, Refusal> {
        Self::of(stalls).map(Shared::new)
    }
    /// An error of a constructor, seen by another server.
    pub fn branch(&self, server: &ServerHandle, stalls: usize) -> Result<Shared<Self>, Refusal> {
        Self::of_in(server, stalls).map_err(own)
    }
    pub fn sum(&self) -> u64 {
        self.stalls.iter().map(|stall| stall.get().unwrap()).sum()
    }
    /// An error of a method that is called through a handle: in this server, or wherever the shop is.
    pub fn sell(&self, shop: &Shared<Shop>, n: usize) -> Result<(usize, bool), Refusal> {
        let sold = shop.sell(n).map_err(own)?;
        Ok((sold, Shared::is_local(shop)))
    }
    pub fn open(&self) -> Result<(), Report> {
        Err(Outer(Middle("7b".parse::<u8>().unwrap_err())))?;
        Ok(())
    }
    /// The same report, one process further on.
    pub fn ask(&self, other: &Shared<Market>) -> Result<(), Report> {
        other.open().map_err(own)
    }
}

fn own<E: std::fmt::Debug>(error: CallError<E>) -> E {
    match error {
        CallError::Method(error) => error,
        CallError::Remote(error) => panic!("the method's own error, not {error}"),
    }
}

#[derive(Debug)]
struct Outer(Middle);

#[derive(Debug)]
struct Middle(std::num::ParseIntError);

impl std::fmt::Display for Outer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the market stays closed")
    }
}

impl std::fmt::Display for Middle {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("no such hour")
    }
}

impl std::error::Error for Outer {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

impl std::error::Error for Middle {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.0)
    }
}

#[test]
fn constructors_may_use_their_own_server_many_at_once() {
    let server = ServerProcess::start().unwrap();
    let markets: Vec<_> = std::thread::scope(|scope| {
        let makers: Vec<_> = (0..8)
            .map(|n| {
                let server = &server;
                scope.spawn(move || Market::on_in(server, server, &n.to_string()).unwrap())
            })
            .collect();
        makers
            .into_iter()
            .map(|maker| maker.join().unwrap())
            .collect()
    });
    assert_eq!(server.object_count().unwrap(), 8 + 24);
    for market in &markets {
        assert_eq!(market.sum().unwrap(), 1);
    }
    drop(markets);
    until("all are gone", || server.object_count().unwrap() == 0);
}

#[test]
fn an_error_of_a_constructor_keeps_its_type_over_any_number_of_servers() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let market = Market::of_in(&one, 1).unwrap();
    for (stalls, refusal) in [(0, Refusal::Empty), (10, Refusal::TooMany { allowed: 9 })] {
        let expected = Some(CallError::Method(refusal));
        assert_eq!(Market::of_in(&one, stalls).err(), expected);
        assert_eq!(Market::shared_in(&one, stalls).err(), expected);
        assert_eq!(market.branch(&one, stalls).err(), expected);
        assert_eq!(market.branch(&two, stalls).err(), expected);
    }
    assert_eq!(market.branch(&two, 1).unwrap().sum(), Ok(0));
}

#[test]
fn an_error_keeps_its_type_through_a_handle_inside_the_server() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let market = Market::of_in(&one, 1).unwrap();
    for (shop, direct) in [
        (Shop::new_in(&one).unwrap(), true),
        (Shop::new_in(&two).unwrap(), false),
        (Shared::new(Shop::new()), false),
    ] {
        assert_eq!(market.sell(&shop, 2), Ok((2, direct)));
        assert_eq!(
            market.sell(&shop, 0),
            Err(CallError::Method(Refusal::Empty))
        );
        assert_eq!(
            market.sell(&shop, 50),
            Err(CallError::Method(Refusal::TooMany { allowed: 9 }))
        );
    }
}

#[test]
fn a_report_keeps_its_causes_and_its_line_over_two_servers() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let (near, far) = (
        Market::of_in(&one, 1).unwrap(),
        Market::of_in(&two, 1).unwrap(),
    );
    let report = own(near.ask(&far).unwrap_err());
    let chain: Vec<&str> = report.chain().collect();
    assert_eq!(
        chain,
        [
            "the market stays closed",
            "no such hour",
            "invalid digit found in string"
        ]
    );
    assert!(report.type_name().ends_with("::Outer"), "{report:?}");
    assert!(format!("{report:?}").contains("parity.rs:"), "{report:?}");
    assert_eq!(report, own(far.open().unwrap_err()));
}
