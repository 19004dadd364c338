//! What goes wrong without each of the rules: the fault that it is there against, by a shortest way, which is printed.

use super::properties::Property;
use super::rules::Rules;
use super::scenarios::{a_handle_is_passed_on, calls_outlive_handles, replies_cross_releases};
use super::search::search;
use super::state::{State, Who};

const ALL: Rules = Rules::ALL;

/// Expects a fault against `property` alone: the accounts may differ before it, but the harm is still to come then.
fn expect_fault(start: State, rules: Rules, property: Property, what: &str) {
    let searched = search(start, &rules, &[property]);
    let fault = searched.expect_err("nothing goes wrong without the rule");
    println!("{fault}");
    assert_eq!(fault.what, what, "\n{fault}");
}

/// The classic: a set of sessions cannot tell the release of an earlier lease from that of a later one.
#[test]
fn a_set_of_sessions_loses_the_lease_that_crosses_a_release() {
    let rules = Rules {
        counted: false,
        ..ALL
    };
    let property = Property::NothingInUseIsFreed;
    let what = "the object is freed while a reply that carries it is awaited by A";
    // A deadline that passes is a nearer way to the same fault.
    let mut start = replies_cross_releases();
    start.of_mut(Who::A).left.timeouts = 0;
    expect_fault(start, rules, property, what);
}

#[test]
fn a_release_of_one_lease_leaves_the_others() {
    let rules = Rules {
        release_carries_count: false,
        ..ALL
    };
    let property = Property::NothingIsLeft;
    let what = "nobody has a handle, and the object is not freed";
    expect_fault(replies_cross_releases(), rules, property, what);
}

#[test]
fn a_handle_dropped_before_its_lease_is_granted_may_be_the_last() {
    let rules = Rules {
        granted_before_drop: false,
        ..ALL
    };
    let property = Property::NothingInUseIsFreed;
    let what = "the object is freed while a reply that carries it is awaited by A";
    expect_fault(replies_cross_releases(), rules, property, what);
}

#[test]
fn a_destructor_that_clears_the_table_takes_out_its_successor() {
    let rules = Rules {
        entry_removed_only_if_own: false,
        ..ALL
    };
    let property = Property::OneLeaseForAProcess;
    let what = "A has a living lease that its table does not know";
    expect_fault(replies_cross_releases(), rules, property, what);
}

/// What the rule before is not needed for: each lease has its own count and gives back that, whoever is in the table.
#[test]
fn a_lease_that_its_table_does_not_know_loses_nothing() {
    let rules = Rules {
        entry_removed_only_if_own: false,
        ..ALL
    };
    let others = Property::ALL.map(|property| match property {
        Property::OneLeaseForAProcess => Property::AccountsAgree,
        other => other,
    });
    if let Err(fault) = search(replies_cross_releases(), &rules, &others) {
        panic!("{fault}");
    }
}

#[test]
fn a_late_reply_that_nobody_reads_leaks_its_lease() {
    let rules = Rules {
        abandoned_reply_given_back: false,
        ..ALL
    };
    let property = Property::NothingIsLeft;
    let what = "nobody has a handle, and the object is not freed";
    expect_fault(replies_cross_releases(), rules, property, what);
}

#[test]
fn a_call_that_keeps_no_handle_may_find_its_object_gone() {
    let rules = Rules {
        call_pins: false,
        ..ALL
    };
    let property = Property::NothingInUseIsFreed;
    let what = "the object is freed while a call is made by A";
    expect_fault(calls_outlive_handles(), rules, property, what);
}

#[test]
fn a_release_overtakes_a_one_way_call_that_keeps_no_handle() {
    let rules = Rules {
        one_way_pins: false,
        ..ALL
    };
    let property = Property::NoCallIsLost;
    let what = "a committed one-way call is never run";
    expect_fault(calls_outlive_handles(), rules, property, what);
}

#[test]
fn a_session_that_ends_before_its_lane_is_read_loses_calls() {
    let rules = Rules {
        one_way_read_before_session_ends: false,
        ..ALL
    };
    let property = Property::NoCallIsLost;
    let what = "a committed one-way call is never run";
    expect_fault(calls_outlive_handles(), rules, property, what);
}

#[test]
fn a_one_way_call_that_waits_without_a_lease_outlives_its_object() {
    let rules = Rules {
        queued_call_has_a_lease: false,
        ..ALL
    };
    let property = Property::NoCallIsLost;
    let what = "a committed one-way call is never run";
    expect_fault(calls_outlive_handles(), rules, property, what);
}

#[test]
fn a_sender_that_does_not_wait_loses_the_handle_on_its_way() {
    let rules = Rules {
        sender_keeps_until_acknowledged: false,
        ..ALL
    };
    let property = Property::NothingInUseIsFreed;
    let what = "the object is freed while a handle is on its way from A, which lives";
    expect_fault(a_handle_is_passed_on(), rules, property, what);
}

#[test]
fn a_message_that_is_never_acknowledged_keeps_its_handles_for_ever() {
    let rules = Rules {
        acknowledged_even_if_decoding_fails: false,
        ..ALL
    };
    let property = Property::NothingIsLeft;
    let what = "nobody has a handle, and the object is not freed";
    expect_fault(a_handle_is_passed_on(), rules, property, what);
}
