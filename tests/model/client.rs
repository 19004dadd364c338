//! What a client process does with its own session: it asks, calls, receives, gives up, drops, and is killed. Of the server it
//! knows what has arrived.

use super::rules::Rules;
use super::state::{
    Budget, Client, Connection, Lease, OneWayStage, Passing, Purpose, SLOTS, Stage, State, Who,
};
use super::step::{Next, Step};
use super::transfer;

pub(crate) fn steps(next: &mut Next<'_>) {
    for who in Who::BOTH {
        if next.now.of(who).alive {
            asks(next, who);
            calls(next, who);
            for place in 0..2 {
                connection(next, who, place);
            }
            handles(next, who);
            hears(next, who);
            is_killed(next, who);
        }
    }
}

/// Sends a request on a connection that is free.
pub(crate) fn request(client: &mut Client, purpose: Purpose, pin: Option<u8>) {
    let place = client
        .idle()
        .expect("requests are sent where a connection is free");
    client.connections[place] = Connection {
        stage: Stage::Requested,
        purpose,
        pin,
        abandoned: false,
    };
}

fn asks(next: &mut Next<'_>, who: Who) {
    let client = next.now.of(who);
    let connects = client.idle().is_some();
    if client.left.gets > 0 && connects {
        next.may(Step::Get(who), |state| {
            let client = state.of_mut(who);
            client.left.gets -= 1;
            request(client, Purpose::Get, None);
        });
    }
    if client.left.upgrades == 0 {
        return;
    }
    match client.live() {
        Some(slot) => next.may(Step::Upgrade(who), |state| {
            let client = state.of_mut(who);
            client.left.upgrades -= 1;
            client.lease(slot).handles += 1;
        }),
        None if connects => next.may(Step::Upgrade(who), |state| {
            let client = state.of_mut(who);
            client.left.upgrades -= 1;
            request(client, Purpose::Upgrade, None);
        }),
        None => {}
    }
}

fn calls(next: &mut Next<'_>, who: Who) {
    let client = next.now.of(who);
    let rules = next.rules;
    for slot in client.in_hand() {
        if client.left.calls > 0 && client.idle().is_some() {
            next.may(Step::Call(who), |state| {
                let client = state.of_mut(who);
                client.left.calls -= 1;
                let pin = client.pin(slot, rules.call_pins);
                request(client, Purpose::Call, pin);
            });
        }
        let unsent = client.first_one_way(OneWayStage::Unsent);
        if let Some(call) = unsent.filter(|_| client.left.one_way_calls > 0) {
            next.may(Step::OneWay(who), |state| {
                let client = state.of_mut(who);
                client.left.one_way_calls -= 1;
                client.one_way[call].pin = client.pin(slot, rules.one_way_pins);
                client.one_way[call].stage = OneWayStage::Sent;
            });
        }
    }
}

fn connection(next: &mut Next<'_>, who: Who, place: usize) {
    let rules = next.rules;
    let client = next.now.of(who);
    let Connection {
        stage,
        purpose,
        abandoned,
        ..
    } = client.connections[place];
    if stage == Stage::Idle {
        return;
    }
    let replied = matches!(stage, Stage::Granted | Stage::Answered);
    if abandoned {
        if replied {
            next.may(Step::Drain(who, purpose), |state| {
                drain(state.of_mut(who), place, rules);
            });
        }
        return;
    }
    if client.left.timeouts > 0 {
        next.may(Step::GiveUp(who, purpose), |state| {
            give_up(state, who, place);
        });
    }
    if replied {
        next.may(Step::Receive(who, purpose), |state| {
            receive(state, who, place);
        });
        if purpose == Purpose::Arrival && next.now.transfer.may_fail {
            next.may(Step::FailToDecode, |state| {
                let slot = receive_unread(state.of_mut(who), place);
                transfer::fail(state, slot, rules);
            });
        }
    }
}

/// Takes a reply off its connection; the lease that came with it, with a handle, if there was one.
fn receive_unread(client: &mut Client, place: usize) -> Option<u8> {
    let connection = std::mem::take(&mut client.connections[place]);
    client.unpin(connection.pin);
    (connection.stage == Stage::Granted).then(|| client.receive_grant())
}

fn receive(state: &mut State, who: Who, place: usize) {
    let arrival = state.of(who).connections[place].purpose == Purpose::Arrival;
    receive_unread(state.of_mut(who), place);
    if arrival {
        transfer::acknowledge(state);
    }
}

/// A take that comes to nothing leaves a broken handle, and the message is acknowledged with that.
fn give_up(state: &mut State, who: Who, place: usize) {
    let client = state.of_mut(who);
    client.left.timeouts -= 1;
    let connection = &mut client.connections[place];
    connection.abandoned = true;
    let (pin, purpose) = (connection.pin.take(), connection.purpose);
    client.unpin(pin);
    if purpose == Purpose::Arrival {
        transfer::acknowledge(state);
    }
}

fn drain(client: &mut Client, place: usize, rules: &Rules) {
    let connection = std::mem::take(&mut client.connections[place]);
    if connection.stage == Stage::Granted && rules.abandoned_reply_given_back {
        client.give_back(1);
    }
}

fn handles(next: &mut Next<'_>, who: Who) {
    let client = next.now.of(who);
    let rules = next.rules;
    for slot in client.in_hand() {
        next.may(Step::Drop(who), |state| {
            state.of_mut(who).lease(slot).handles -= 1;
        });
        if client.left.clones > 0 {
            next.may(Step::Clone(who), |state| {
                let client = state.of_mut(who);
                client.left.clones -= 1;
                client.lease(slot).handles += 1;
            });
        }
    }
    for slot in client.dying() {
        next.may(Step::Destroy(who), |state| {
            state.of_mut(who).destroy(slot, rules);
        });
    }
}

fn hears(next: &mut Next<'_>, who: Who) {
    let calls = next.now.of(who).one_way;
    if let Some(call) = calls.iter().position(|call| call.told) {
        next.may(Step::HearDone(who), |state| {
            let client = state.of_mut(who);
            let call = &mut client.one_way[call];
            call.told = false;
            let pin = call.pin.take();
            client.unpin(pin);
        });
    }
}

/// What the process has sent stays on its way; what it knew is gone, and what it was sent nobody reads.
fn is_killed(next: &mut Next<'_>, who: Who) {
    if next.now.of(who).left.kills == 0 {
        return;
    }
    next.may(Step::Kill(who), |state| {
        let client = state.of_mut(who);
        client.alive = false;
        client.table = None;
        client.leases = [Lease::default(); SLOTS];
        client.left = Budget::default();
        for connection in &mut client.connections {
            connection.pin = None;
            if matches!(connection.stage, Stage::Granted | Stage::Answered) {
                *connection = Connection::default();
            }
        }
        for call in &mut client.one_way {
            call.pin = None;
            call.told = false;
        }
        if who == Who::A {
            state.transfer.pin = None;
            if state.transfer.stage == Passing::Acknowledged {
                state.transfer.stage = Passing::None;
            }
        }
    });
}
