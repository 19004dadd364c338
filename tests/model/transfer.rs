//! The way of a handle from A to B: A keeps its own until B, which asks the server for a lease, has said that it is through. The
//! server knows nothing of it.

use super::client::request;
use super::rules::Rules;
use super::state::{Passing, Purpose, State, Who};
use super::step::{Next, Step};

pub(crate) fn steps(next: &mut Next<'_>) {
    match next.now.transfer.stage {
        Passing::Due => pass(next),
        Passing::Sent if next.now.of(Who::B).alive => arrive(next),
        Passing::Acknowledged => next.may(Step::HearAcknowledgement, end),
        Passing::None | Passing::Sent | Passing::Taking | Passing::Unanswered => {}
    }
    hear_of_end(next);
}

fn pass(next: &mut Next<'_>) {
    let rules = next.rules;
    for slot in next.now.of(Who::A).in_hand() {
        next.may(Step::Pass, |state| {
            let pin = state
                .of_mut(Who::A)
                .pin(slot, rules.sender_keeps_until_acknowledged);
            state.transfer.pin = pin;
            state.transfer.stage = Passing::Sent;
        });
    }
}

/// B asks for a lease only where it has none.
fn arrive(next: &mut Next<'_>) {
    let rules = next.rules;
    let receiver = next.now.of(Who::B);
    match receiver.live() {
        Some(slot) => {
            next.may(Step::Arrive, |state| {
                state.of_mut(Who::B).lease(slot).handles += 1;
                acknowledge(state);
            });
            if next.now.transfer.may_fail {
                next.may(Step::FailToDecode, |state| fail(state, None, rules));
            }
        }
        None if receiver.idle().is_some() => next.may(Step::Arrive, |state| {
            request(state.of_mut(Who::B), Purpose::Arrival, None);
            state.transfer.stage = Passing::Taking;
        }),
        None => {}
    }
}

/// B has its lease, or knows that it gets none.
pub(crate) fn acknowledge(state: &mut State) {
    state.transfer.stage = if state.of(Who::A).alive {
        Passing::Acknowledged
    } else {
        Passing::None
    };
}

/// B's lease is there, but nobody gets its handle.
pub(crate) fn fail(state: &mut State, slot: Option<u8>, rules: &Rules) {
    if let Some(slot) = slot {
        state.of_mut(Who::B).lease(slot).handles -= 1;
    }
    acknowledge(state);
    if !rules.acknowledged_even_if_decoding_fails {
        state.transfer.stage = Passing::Unanswered;
    }
}

/// The connection between them breaks with B, which is an answer too.
fn hear_of_end(next: &mut Next<'_>) {
    let unanswered = matches!(
        next.now.transfer.stage,
        Passing::Sent | Passing::Taking | Passing::Unanswered
    );
    if unanswered && next.now.of(Who::A).alive && !next.now.of(Who::B).alive {
        next.may(Step::HearOfEnd, end);
    }
}

fn end(state: &mut State) {
    state.transfer.stage = Passing::None;
    let pin = state.transfer.pin.take();
    state.of_mut(Who::A).unpin(pin);
}
