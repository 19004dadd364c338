//! What the server does: it reads its lanes, dispatches, replies, runs what waits, and ends the sessions of the dead. It knows of
//! a client only what has been sent, and that its process has ended.

use super::rules::Rules;
use super::state::{Connection, OneWayStage, Purpose, Server, Stage, State, Who};
use super::step::{Next, Step};

pub(crate) fn steps(next: &mut Next<'_>) {
    if next.now.server.keeps {
        next.may(Step::Forget, |state| {
            state.server.keeps = false;
            state.server.drop_own();
        });
    }
    for who in Who::BOTH {
        control(next, who);
        for place in 0..2 {
            connection(next, who, place);
        }
        one_way(next, who);
        end_session(next, who);
    }
}

fn control(next: &mut Next<'_>, who: Who) {
    if next.now.of(who).control.is_empty() {
        return;
    }
    let rules = next.rules;
    next.may(Step::ReadRelease(who), |state| {
        if let Some(count) = state.of_mut(who).control.pop() {
            state.server.release(who, count, rules);
        }
    });
}

fn connection(next: &mut Next<'_>, who: Who, place: usize) {
    let rules = next.rules;
    let Connection {
        stage,
        purpose,
        abandoned,
        ..
    } = next.now.of(who).connections[place];
    match stage {
        Stage::Requested => next.may(Step::Dispatch(who, purpose), |state| {
            let stage = dispatched(&mut state.server, purpose);
            state.of_mut(who).connections[place].stage = stage;
        }),
        Stage::Returned => {
            if rules.granted_before_drop {
                next.may(Step::Grant(who, purpose), |state| {
                    grant(state, who, place, rules);
                    state.server.drop_own();
                });
            } else {
                next.may(Step::DropBeforeGrant(who, purpose), |state| {
                    state.server.drop_own();
                    state.of_mut(who).connections[place].stage = Stage::Dropped;
                });
            }
            if abandoned {
                next.may(Step::BreakOff(who, purpose), |state| {
                    state.server.drop_own();
                    state.of_mut(who).connections[place] = Connection::default();
                });
            }
        }
        Stage::Dropped => next.may(Step::Grant(who, purpose), |state| {
            grant(state, who, place, rules);
        }),
        Stage::Idle | Stage::Granted | Stage::Answered => {}
    }
}

/// How far a request has come when its method has returned.
fn dispatched(server: &mut Server, purpose: Purpose) -> Stage {
    let returns_handle = match purpose {
        Purpose::Get => server.keeps && server.take_own(),
        Purpose::Upgrade | Purpose::Arrival => server.take_own(),
        Purpose::Call => false,
    };
    if returns_handle {
        Stage::Returned
    } else {
        Stage::Answered
    }
}

/// A session that has ended gets no lease: nobody would give it back. And what a dead client is sent, nobody reads; its lease
/// goes with the session.
fn grant(state: &mut State, who: Who, place: usize, rules: &Rules) {
    let granted = state.server.grant(who, rules);
    let client = state.of_mut(who);
    let connection = &mut client.connections[place];
    if client.alive {
        connection.stage = if granted {
            Stage::Granted
        } else {
            Stage::Answered
        };
    } else {
        *connection = Connection::default();
    }
}

/// The reader of the lane runs no user code, so it is never behind for long; what it has read waits for a worker.
fn one_way(next: &mut Next<'_>, who: Who) {
    let client = next.now.of(who);
    let rules = next.rules;
    let sent = client.first_one_way(OneWayStage::Sent);
    if let Some(call) = sent.filter(|_| next.now.server.open[who as usize]) {
        next.may(Step::ReadOneWay(who), |state| {
            let leased = rules.queued_call_has_a_lease && state.server.take_own();
            let client = state.of_mut(who);
            let call = &mut client.one_way[call];
            call.leased = leased;
            call.stage = OneWayStage::Queued;
            call.told = client.alive && !rules.done_when_run;
        });
    }
    if let Some(call) = client.first_one_way(OneWayStage::Queued) {
        next.may(Step::RunOneWay(who), |state| run(state, who, call, rules));
    }
}

fn run(state: &mut State, who: Who, call: usize, rules: &Rules) {
    state.server.lost_call |= state.server.freed;
    let client = state.of_mut(who);
    let call = &mut client.one_way[call];
    call.stage = OneWayStage::Run;
    call.told |= client.alive && rules.done_when_run;
    if std::mem::take(&mut call.leased) {
        state.server.drop_own();
    }
}

/// The end of a client shows at any time after it; requests that are not dispatched by then never are, and one-way calls that are
/// not read by then are lost.
fn end_session(next: &mut Next<'_>, who: Who) {
    let client = next.now.of(who);
    let unread = client.first_one_way(OneWayStage::Sent).is_some();
    if client.alive || !next.now.server.open[who as usize] {
        return;
    }
    if unread && next.rules.one_way_read_before_session_ends {
        return;
    }
    next.may(Step::EndSession(who), |state| {
        let client = state.of_mut(who);
        while client.control.pop().is_some() {}
        for connection in &mut client.connections {
            if connection.stage == Stage::Requested {
                *connection = Connection::default();
            }
        }
        state.server.lost_call |= unread;
        state.server.end_session(who);
    });
}
