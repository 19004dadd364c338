//! What the users do, in a few budgets; with all rules nothing goes wrong in any of them.

use std::time::Instant;

use super::properties::Property;
use super::rules::Rules;
use super::search::search;
use super::state::{Budget, Passing, State, Transfer};

/// Nothing is done.
const NONE: Budget = Budget {
    gets: 0,
    clones: 0,
    calls: 0,
    one_way_calls: 0,
    upgrades: 0,
    timeouts: 0,
    kills: 0,
};

fn alone(left: Budget) -> State {
    State::new([left, NONE], Transfer::default())
}

fn passing(left: [Budget; 2], may_fail: bool) -> State {
    let transfer = Transfer {
        stage: Passing::Due,
        pin: None,
        may_fail,
    };
    State::new(left, transfer)
}

/// One client gets the object again and again, over two connections, while earlier leases of it are on their way back.
pub(crate) fn replies_cross_releases() -> State {
    alone(Budget {
        gets: 3,
        clones: 1,
        upgrades: 1,
        timeouts: 1,
        kills: 1,
        ..NONE
    })
}

/// One client calls both ways through its handle, drops it, and dies.
pub(crate) fn calls_outlive_handles() -> State {
    alone(Budget {
        gets: 2,
        calls: 2,
        one_way_calls: 2,
        timeouts: 1,
        kills: 1,
        ..NONE
    })
}

/// A passes its handle to B, which may be slow, may not understand, and may have a handle of its own already.
pub(crate) fn a_handle_is_passed_on() -> State {
    let sender = Budget {
        gets: 1,
        calls: 1,
        kills: 1,
        ..NONE
    };
    let receiver = Budget {
        calls: 1,
        upgrades: 1,
        timeouts: 1,
        kills: 1,
        ..NONE
    };
    passing([sender, receiver], true)
}

/// Both call one way, and either may be killed.
pub(crate) fn everything_in_small() -> State {
    let both = Budget {
        gets: 1,
        one_way_calls: 1,
        kills: 1,
        ..NONE
    };
    passing([both, both], false)
}

fn expect_no_fault(name: &str, start: State, rules: Rules) {
    let began = Instant::now();
    let searched = search(start, &rules, &Property::ALL);
    let states = searched.unwrap_or_else(|fault| panic!("{name}:\n{fault}"));
    println!("{name}: {states} states in {:?}", began.elapsed());
    assert!(
        states > 10_000,
        "{name} has {states} states: does it still move?"
    );
}

#[test]
fn a_reply_may_cross_a_release() {
    expect_no_fault(
        "replies cross releases",
        replies_cross_releases(),
        Rules::ALL,
    );
}

#[test]
fn a_call_may_outlive_its_handle() {
    expect_no_fault("calls outlive handles", calls_outlive_handles(), Rules::ALL);
}

#[test]
fn a_handle_may_be_passed_on_at_any_time() {
    expect_no_fault("a handle is passed on", a_handle_is_passed_on(), Rules::ALL);
}

#[test]
fn clients_may_do_a_little_of_everything() {
    expect_no_fault("everything in small", everything_in_small(), Rules::ALL);
}

/// The client need not keep its lease for longer: the server has one for each call that waits.
#[test]
fn a_one_way_call_may_be_done_when_it_is_read() {
    let rules = Rules {
        done_when_run: false,
        ..Rules::ALL
    };
    expect_no_fault("done when read", calls_outlive_handles(), rules);
}
