//! The ways to a handle that no call brings: names at a server, tickets, weak handles.

use std::time::Duration;

use shared_runtime::{
    ErrorKind, ServerHandle, ServerProcess, Shared, Ticket, WeakShared, shared, task,
};

use super::calls::Counter;
use super::handles::Keeper;
use super::support::until;

const LONG: Duration = Duration::from_mins(10);

#[test]
fn a_published_handle_is_found_by_its_name() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    assert_eq!(server.lookup::<Counter>("votes").unwrap(), None);
    server.publish("votes", &counter).unwrap();
    drop(counter);
    let found = server.lookup::<Counter>("votes").unwrap().unwrap();
    assert_eq!(found.add(1).unwrap(), 1);
    let by_child = vote::spawn((*server).clone(), "votes".into());
    assert_eq!(by_child.unwrap().join().unwrap(), Some(2));
    let error = server.lookup::<Keeper>("votes").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    assert!(error.to_string().contains("calls::Counter"), "{error}");
    assert!(server.unpublish("votes").unwrap());
    assert!(!server.unpublish("votes").unwrap());
    assert_eq!(server.lookup::<Counter>("votes").unwrap(), None);
    assert_eq!(found.get().unwrap(), 2, "a handle is a handle");
    drop(found);
    until("nobody keeps it", || server.object_count().unwrap() == 0);
}

#[task]
fn vote(server: ServerHandle, name: String) -> Option<u64> {
    let votes = server.lookup::<Counter>(&name).unwrap()?;
    votes.add(1).ok()
}

#[test]
fn a_name_may_stand_for_an_object_of_another_process_and_change() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let (there, here) = (Counter::new_in(&two).unwrap(), Shared::new(Counter::new()));
    one.publish("it", &there).unwrap();
    assert_eq!(one.lookup("it").unwrap(), Some(there.clone()));
    one.publish("it", &here).unwrap();
    drop(there);
    until("the first is let go", || two.object_count().unwrap() == 0);
    let found = one.lookup::<Counter>("it").unwrap().unwrap();
    assert!(Shared::is_local(&found) && found == here);
    let own = ServerHandle::local();
    own.publish("mine", &here).unwrap();
    assert_eq!(own.lookup("mine").unwrap(), Some(here));
    assert!(own.unpublish("mine").unwrap());
}

#[test]
fn a_handle_to_nothing_is_not_published() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let counter = Counter::new_in(&two).unwrap();
    two.shutdown().unwrap();
    let error = one.publish("it", &counter).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(one.lookup::<Counter>("it").unwrap(), None);
}

#[task]
fn redeem(ticket: String) -> u64 {
    let ticket: Ticket = ticket.parse().unwrap();
    let counter = Shared::<Counter>::from_ticket(&ticket).unwrap();
    counter.add(1).unwrap()
}

#[test]
fn a_ticket_is_good_once_in_any_process() {
    let server = ServerProcess::start().unwrap();
    for counter in [
        Counter::new_in(&server).unwrap(),
        Shared::new(Counter::new()),
    ] {
        let ticket = Shared::ticket(&counter, LONG).unwrap();
        let child = redeem::spawn(ticket.to_string()).unwrap();
        assert_eq!(child.join().unwrap(), 1);
        let error = Shared::<Counter>::from_ticket(&ticket).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Gone);
        assert!(error.to_string().contains("used before"), "{error}");
    }
}

#[test]
fn a_ticket_keeps_its_object_until_its_time_is_over() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    let short = Shared::ticket(&counter, Duration::from_millis(100)).unwrap();
    let long = Shared::ticket(&counter, LONG).unwrap();
    drop(counter);
    until("the short one is of no use any more", || {
        let error = Shared::<Keeper>::from_ticket(&short).unwrap_err();
        error.kind() == ErrorKind::Gone
    });
    let error = Shared::<Keeper>::from_ticket(&long).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "it is for a counter");
    let counter = Shared::<Counter>::from_ticket(&long).unwrap();
    assert_eq!(counter.add(1).unwrap(), 1);
    let last = Shared::ticket(&counter, Duration::from_millis(20)).unwrap();
    drop(counter);
    until("the object goes with the last ticket", || {
        server.object_count().unwrap() == 0
    });
    assert!(Shared::<Counter>::from_ticket(&last).is_err());
}

#[test]
fn the_text_of_a_ticket_is_checked_and_its_secret_not_shown() {
    let counter = Shared::new(Counter::new());
    let ticket = Shared::ticket(&counter, LONG).unwrap();
    let text = ticket.to_string();
    assert_eq!(text.parse::<Ticket>().unwrap(), ticket);
    assert!(!format!("{ticket:?}").contains(&text[text.len() - 8..]));
    for wrong in [
        "",
        "shared-ticket-",
        "shared-ticket-0g",
        &text[1..],
        &text[..text.len() - 1],
    ] {
        let error = wrong.parse::<Ticket>().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Decode, "{wrong}");
    }
}

/// Knows who made it without keeping that alive.
pub struct Child {
    parent: WeakShared<Parent>,
}

#[derive(Default)]
pub struct Parent {
    children: Vec<Shared<Child>>,
}

#[shared]
impl Child {
    pub fn of(parent: WeakShared<Parent>) -> Self {
        Self { parent }
    }
    pub fn parent(&self) -> Option<Shared<Parent>> {
        self.parent.upgrade().unwrap()
    }
}

#[shared]
impl Parent {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn bear(&mut self) -> Shared<Child> {
        let child = Shared::new(Child::of(Shared::downgrade(&Shared::this())));
        self.children.push(child.clone());
        child
    }
    pub fn weak(&self) -> WeakShared<Parent> {
        Shared::downgrade(&Shared::this())
    }
    pub fn families(&self) -> usize {
        self.children.len()
    }
}

#[test]
fn a_weak_handle_keeps_nothing_alive() {
    let server = ServerProcess::start().unwrap();
    let parent = Parent::new_in(&server).unwrap();
    let child = parent.bear().unwrap();
    assert_eq!(child.parent().unwrap(), Some(parent.clone()));
    let weak = parent.weak().unwrap();
    assert_eq!(weak, Shared::downgrade(&parent));
    assert_eq!(weak.id(), Shared::id(&parent));
    assert_eq!(weak.upgrade().unwrap(), Some(parent.clone()));
    drop(parent);
    until("the parent is gone, for all its child could say", || {
        weak.upgrade().unwrap().is_none()
    });
    assert_eq!(child.parent().unwrap(), None);
    drop(child);
    until("nothing is left", || server.object_count().unwrap() == 0);
}

#[test]
fn a_weak_handle_is_plain_data_and_finds_its_object_again() {
    let server = ServerProcess::start().unwrap();
    let parent = Parent::new_in(&server).unwrap();
    let text = serde_json::to_string(&parent.weak().unwrap()).unwrap();
    let read: WeakShared<Parent> = serde_json::from_str(&text).unwrap();
    assert_eq!(read.upgrade().unwrap(), Some(parent.clone()));
    // After the last handle here it is asked for at its server.
    let keeper = Child::of(read.clone());
    server.publish("parent", &parent).unwrap();
    drop(parent);
    let again = keeper.parent().unwrap();
    assert_eq!(again.families().unwrap(), 0);
    assert!(serde_json::from_str::<WeakShared<Child>>(&text).is_err());
    server.shutdown().unwrap();
    drop(again);
    let error = read.upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
}
