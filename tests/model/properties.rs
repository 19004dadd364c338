//! What must hold, in every state and at the end. How a state came about is not known here.

use super::state::{OneWayStage, Passing, Purpose, Stage, State, Who};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Property {
    /// What a living process has, uses or is about to get is not freed, nor what a committed one-way call is for.
    NothingInUseIsFreed,
    /// The server counts for a session what its client has, what is on its way to it, and what is on its way back.
    AccountsAgree,
    /// A process has one lease of an object, and its table knows it.
    OneLeaseForAProcess,
    /// A committed one-way call is run, whatever becomes of its client.
    NoCallIsLost,
    /// When nothing is on its way and nobody has a handle, the object is gone.
    NothingIsLeft,
}

impl Property {
    pub(crate) const ALL: [Self; 5] = [
        Self::NothingInUseIsFreed,
        Self::AccountsAgree,
        Self::OneLeaseForAProcess,
        Self::NoCallIsLost,
        Self::NothingIsLeft,
    ];

    /// How `state` breaks it, if it does. `is_quiet`: nothing is under way, and no handle is left to drop.
    pub(crate) fn fault(self, state: &State, is_quiet: bool) -> Option<String> {
        match self {
            Self::NothingInUseIsFreed => {
                let user = Some(state)
                    .filter(|state| state.server.freed)
                    .and_then(user)?;
                Some(format!("the object is freed while {user}"))
            }
            Self::AccountsAgree => Who::BOTH
                .into_iter()
                .find_map(|who| disagreement(state, who)),
            Self::OneLeaseForAProcess => Who::BOTH.into_iter().find_map(|who| unknown(state, who)),
            Self::NoCallIsLost => {
                let lost = state.server.lost_call
                    || is_quiet && Who::BOTH.iter().any(|who| has_waiting(state, *who));
                lost.then(|| "a committed one-way call is never run".to_owned())
            }
            Self::NothingIsLeft => (is_quiet && !state.server.freed)
                .then(|| "nobody has a handle, and the object is not freed".to_owned()),
        }
    }
}

/// Who needs the object.
fn user(state: &State) -> Option<String> {
    let passing = matches!(state.transfer.stage, Passing::Sent | Passing::Taking);
    if passing && state.of(Who::A).alive {
        return Some("a handle is on its way from A, which lives".to_owned());
    }
    Who::BOTH.into_iter().find_map(|who| {
        let client = state.of(who);
        let using = if has_waiting(state, who) {
            "a one-way call is committed"
        } else if !client.alive {
            return None;
        } else if client.leases.iter().any(|lease| lease.handles > 0) {
            "a handle is held"
        } else {
            exchange(state, who)?
        };
        Some(format!("{using} by {who:?}"))
    })
}

fn has_waiting(state: &State, who: Who) -> bool {
    let waits = |stage| state.of(who).first_one_way(stage).is_some();
    waits(OneWayStage::Sent) || waits(OneWayStage::Queued)
}

/// A call that is not through, or a reply that is about to give a handle. Who has given up an exchange needs neither.
fn exchange(state: &State, who: Who) -> Option<&'static str> {
    let connections = state.of(who).connections.iter();
    let mut awaited = connections.filter(|connection| !connection.abandoned);
    awaited.find_map(|connection| match (connection.purpose, connection.stage) {
        (Purpose::Call, Stage::Requested) => Some("a call is made"),
        (_, Stage::Returned | Stage::Dropped | Stage::Granted) => {
            Some("a reply that carries it is awaited")
        }
        _ => None,
    })
}

/// What a dead client had is not known; the end of its session gives all of it back.
fn disagreement(state: &State, who: Who) -> Option<String> {
    let client = state.of(who);
    let has: u8 = client.leases.iter().map(|lease| lease.count).sum();
    let granted = |stage: Stage| u8::from(stage == Stage::Granted);
    let coming: u8 = client
        .connections
        .iter()
        .map(|connection| granted(connection.stage))
        .sum();
    let going = client.control.sum();
    let counted = state.server.counts[who as usize];
    (client.alive && counted != has + coming + going).then(|| {
        format!("the server counts {counted} for {who:?}, which has {has}, is to get {coming} and has sent {going} back")
    })
}

fn unknown(state: &State, who: Who) -> Option<String> {
    let client = state.of(who);
    let mut slots = (0_u8..).zip(client.leases);
    let stray = slots.any(|(slot, lease)| lease.is_alive() && client.table != Some(slot));
    stray.then(|| format!("{who:?} has a living lease that its table does not know"))
}
