//! What may happen, in words; and the gathering of it. How each changes the state is written where its doer is.

use std::fmt;

use super::rules::Rules;
use super::state::{Purpose, State, Who};

#[derive(Clone, Copy, Debug)]
pub(crate) enum Step {
    Forget,
    ReadRelease(Who),
    Dispatch(Who, Purpose),
    Grant(Who, Purpose),
    DropBeforeGrant(Who, Purpose),
    BreakOff(Who, Purpose),
    ReadOneWay(Who),
    RunOneWay(Who),
    EndSession(Who),
    Get(Who),
    Call(Who),
    OneWay(Who),
    Upgrade(Who),
    Receive(Who, Purpose),
    GiveUp(Who, Purpose),
    Drain(Who, Purpose),
    Clone(Who),
    Drop(Who),
    Destroy(Who),
    HearDone(Who),
    Kill(Who),
    Pass,
    Arrive,
    FailToDecode,
    HearAcknowledgement,
    HearOfEnd,
}

impl Step {
    /// Whether nothing waits for it: what has begun goes on without it, and handles are dropped without it. An object that is
    /// still there when only such steps are left stays for ever.
    pub(crate) fn is_optional(self) -> bool {
        matches!(self, Self::Kill(_) | Self::Get(_) | Self::Upgrade(_))
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Forget => write!(f, "the server drops the handle it keeps"),
            Self::ReadRelease(who) => write!(f, "the server reads a release of {who:?}"),
            Self::Dispatch(who, what) => write!(f, "the server dispatches {who:?}'s {what}"),
            Self::Grant(who, what) => {
                write!(
                    f,
                    "the server grants a lease and sends the reply to {who:?}'s {what}"
                )
            }
            Self::DropBeforeGrant(who, what) => {
                write!(
                    f,
                    "the server drops the handle that {who:?}'s {what} returns"
                )
            }
            Self::BreakOff(who, what) => {
                write!(
                    f,
                    "the server finds that nobody waits for {who:?}'s {what}, and takes the lease back"
                )
            }
            Self::ReadOneWay(who) => write!(f, "the server reads a one-way call of {who:?}"),
            Self::RunOneWay(who) => write!(f, "the server runs a one-way call of {who:?}"),
            Self::EndSession(who) => write!(f, "the server ends the session of {who:?}"),
            Self::Get(who) => write!(f, "{who:?} asks for the object"),
            Self::Call(who) => write!(f, "{who:?} sends a call through its handle"),
            Self::OneWay(who) => write!(f, "{who:?} sends a one-way call through its handle"),
            Self::Upgrade(who) => write!(f, "{who:?} upgrades a weak handle"),
            Self::Receive(who, what) => write!(f, "{who:?} receives the reply to its {what}"),
            Self::GiveUp(who, what) => write!(f, "{who:?} gives up its {what} at the deadline"),
            Self::Drain(who, what) => {
                write!(f, "{who:?} drains the late reply to the {what} it gave up")
            }
            Self::Clone(who) => write!(f, "{who:?} clones its handle"),
            Self::Drop(who) => write!(f, "{who:?} drops a handle"),
            Self::Destroy(who) => {
                write!(
                    f,
                    "the destructor of {who:?}'s lease tidies the table and sends the release"
                )
            }
            Self::HearDone(who) => write!(f, "{who:?} hears that a one-way call is done"),
            Self::Kill(who) => write!(f, "{who:?} is killed"),
            Self::Pass => write!(f, "A sends B a message with its handle"),
            Self::Arrive => write!(f, "the message arrives at B"),
            Self::FailToDecode => write!(f, "B has a lease for the message and cannot decode it"),
            Self::HearAcknowledgement => write!(f, "A hears that B has the handle"),
            Self::HearOfEnd => write!(f, "A hears that B has ended"),
        }
    }
}

impl fmt::Display for Purpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Get => "request for the object",
            Self::Call => "call",
            Self::Upgrade => "take for a weak handle",
            Self::Arrival => "take for the message",
        })
    }
}

/// All that may happen next.
pub(crate) struct Next<'a> {
    pub(crate) now: &'a State,
    pub(crate) rules: &'a Rules,
    found: &'a mut Vec<(Step, State)>,
}

impl<'a> Next<'a> {
    pub(crate) fn new(now: &'a State, rules: &'a Rules, found: &'a mut Vec<(Step, State)>) -> Self {
        found.clear();
        Self { now, rules, found }
    }

    pub(crate) fn may(&mut self, step: Step, change: impl FnOnce(&mut State)) {
        let mut then = *self.now;
        change(&mut then);
        then.put_in_order();
        self.found.push((step, then));
    }
}
