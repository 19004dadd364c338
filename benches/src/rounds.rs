//! Rounds: each measures every contender once in every case, side by side, in an order that rotates. None is dropped.

use std::process::{Command, Stdio};
use std::time::Duration;

use crate::arguments::Options;
use crate::cases::Case;
use crate::child::this_executable;
use crate::contender::{Contender, Result};
use crate::contenders::is_ours;
use crate::measure::{Effort, Sample};

/// What is to be measured.
pub(crate) struct Plan<'a> {
    pub(crate) cases: Vec<&'static Case>,
    pub(crate) contenders: Vec<&'a dyn Contender>,
    pub(crate) rounds: usize,
    pub(crate) effort: Effort,
    /// How many calls are timed one by one in all rounds together, of our default transport's smallest call.
    pub(crate) timed: usize,
    /// In how many rounds the cases are measured that take a second to see what happens when nothing does.
    pub(crate) quiet_rounds: usize,
}

impl<'a> Plan<'a> {
    /// Of the mode, as far as people did not ask for something else.
    ///
    /// # Errors
    ///
    /// If there is no case of a name, or if there are not the CPUs for one.
    pub(crate) fn of(options: &Options, contenders: Vec<&'a dyn Contender>) -> Result<Self> {
        let (rounds, time, timed) = if options.quick {
            (3, Duration::from_millis(100), 0)
        } else {
            (6, Duration::from_millis(400), 1_000_000)
        };
        let rounds = options.rounds.unwrap_or(rounds);
        let cases = options.cases()?;
        for case in &cases {
            case.setup()?;
        }
        Ok(Self {
            cases,
            contenders,
            rounds,
            effort: Effort { time, timed: 0 },
            timed,
            quiet_rounds: if options.quick { 1 } else { rounds },
        })
    }

    fn has(&self, case: &Case, round: usize) -> bool {
        case.unit().is_none() || round < self.quiet_rounds
    }
}

/// One sample, and what it is of.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) round: usize,
    pub(crate) case: &'static str,
    pub(crate) contender: &'static str,
    pub(crate) sample: Sample,
}

/// What came of it: a contender that failed has no figures, and is named.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) records: Vec<Record>,
    pub(crate) failures: Vec<String>,
}

impl Outcome {
    fn add(&mut self, round: usize, case: &Case, who: &dyn Contender, sample: Result<Sample>) {
        let (case, contender) = (case.name, who.name());
        match sample {
            Ok(sample) => self.records.push(Record {
                round,
                case,
                contender,
                sample,
            }),
            Err(fault) => {
                let failure = format!("round {}, {case}, {contender}: {fault}", round + 1);
                eprintln!("failed: {failure}");
                self.failures.push(failure);
            }
        }
    }
}

pub(crate) fn run(plan: &Plan) -> Outcome {
    let mut outcome = Outcome::default();
    for round in 0..plan.rounds {
        let cases = plan.cases.iter().enumerate();
        for (number, case) in cases.filter(|(_, case)| plan.has(case, round)) {
            eprintln!("round {} of {}: {}", round + 1, plan.rounds, case.name);
            for contender in order(&entrants(plan, case), round + number) {
                outcome.add(round, case, contender, one(plan, case, contender));
            }
        }
    }
    outcome
}

fn entrants<'a>(plan: &Plan<'a>, case: &Case) -> Vec<&'a dyn Contender> {
    let all = plan.contenders.iter().copied();
    all.filter(|contender| case.includes(*contender, is_ours(contender.name())))
        .collect()
}

/// All of them, another one first each time.
fn order<T: Copy>(all: &[T], turn: usize) -> Vec<T> {
    let mut order = all.to_vec();
    if !order.is_empty() {
        order.rotate_left(turn % all.len());
    }
    order
}

/// Measures in a process of its own, so that nobody finds what another has left.
fn one(plan: &Plan, case: &Case, contender: &dyn Contender) -> Result<Sample> {
    let mut effort = plan.effort;
    if case.name == "tiny_call" && contender.name() == crate::contenders::DEFAULT {
        effort.timed = plan.timed.div_ceil(plan.rounds);
    }
    let mut command = command(case, contender, effort)?;
    let output = command.stderr(Stdio::inherit()).output()?;
    if !output.status.success() {
        return Err(format!("its process ended with {}", output.status).into());
    }
    Ok(serde_json::from_slice(&output.stdout)?)
}

fn command(case: &Case, contender: &dyn Contender, effort: Effort) -> Result<Command> {
    let mut command = this_executable()?;
    let millis = effort.time.as_millis().to_string();
    command.args(["--measure", contender.name(), case.name, &millis]);
    command.arg(effort.timed.to_string());
    command.envs(contender.environment().iter().copied());
    Ok(command)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everybody_is_first_once() {
        let firsts: Vec<char> = (0..3)
            .map(|turn| order(&['a', 'b', 'c'], turn)[0])
            .collect();
        assert_eq!(firsts, ['a', 'b', 'c']);
        assert_eq!(order(&['a', 'b', 'c'], 4), ['b', 'c', 'a']);
        assert!(order::<char>(&[], 1).is_empty());
    }
}
