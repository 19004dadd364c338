//! Every state that can be reached, nearest first, so that the trace of a fault is a shortest one. No more is known here of the
//! protocol than its steps.

use std::collections::HashSet;
use std::fmt;

use super::properties::Property;
use super::rules::Rules;
use super::state::State;
use super::step::{Next, Step};
use super::{client, server, transfer};

/// A property that does not hold, and the way there.
#[derive(Debug)]
pub(crate) struct Fault {
    property: Property,
    pub(crate) what: String,
    trace: Vec<(Step, State)>,
}

/// A state, and how it was reached first: the number of the one before it.
struct Reached {
    state: State,
    by: Option<(usize, Step)>,
}

/// How many states there are.
///
/// # Errors
///
/// The first of `properties` that is broken, at the state that is nearest to `start`.
pub(crate) fn search(
    start: State,
    rules: &Rules,
    properties: &[Property],
) -> Result<usize, Box<Fault>> {
    let mut seen = HashSet::from([start]);
    let mut reached = vec![Reached {
        state: start,
        by: None,
    }];
    let mut found = Vec::new();
    let mut at = 0;
    while at < reached.len() {
        let state = reached[at].state;
        steps(&state, rules, &mut found);
        let is_quiet = found.iter().all(|(step, _)| step.is_optional());
        let faults = properties
            .iter()
            .find_map(|property| Some((*property, property.fault(&state, is_quiet)?)));
        if let Some((property, what)) = faults {
            let trace = trace(&reached, at);
            return Err(Box::new(Fault {
                property,
                what,
                trace,
            }));
        }
        for (step, state) in found.drain(..) {
            if seen.insert(state) {
                let by = Some((at, step));
                reached.push(Reached { state, by });
            }
        }
        at += 1;
    }
    Ok(reached.len())
}

fn steps(state: &State, rules: &Rules, found: &mut Vec<(Step, State)>) {
    let mut next = Next::new(state, rules, found);
    server::steps(&mut next);
    client::steps(&mut next);
    transfer::steps(&mut next);
}

fn trace(reached: &[Reached], mut at: usize) -> Vec<(Step, State)> {
    let mut trace = Vec::new();
    while let Some((before, step)) = reached[at].by {
        trace.push((step, reached[at].state));
        at = before;
    }
    trace.reverse();
    trace
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (step, state)) in (1..).zip(&self.trace) {
            writeln!(f, "{number:>3}. {step}  [{}]", Ledger(state))?;
        }
        write!(f, "{:?}: {}", self.property, self.what)
    }
}

/// What the server counts.
struct Ledger<'a>(&'a State);

impl fmt::Display for Ledger<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let server = &self.0.server;
        let [a, b] = server.counts;
        if server.freed {
            return write!(f, "freed");
        }
        write!(
            f,
            "leases: {} of the server, {a} of A, {b} of B",
            server.own
        )
    }
}
