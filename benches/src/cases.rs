//! What is measured, under which conditions, and against whom.

use crate::child::usable_cpus;
use crate::contender::{Contender, Result, Setup, Work};

/// Where client and server run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Place {
    /// Each on a CPU of its own.
    Apart,
    /// Both on one.
    Together,
    /// Where the kernel puts them.
    Anywhere,
    /// As apart, and each CPU is wanted by a process that does nothing else.
    Busy,
}

/// What a case is to find out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Measure {
    /// The time of a call.
    Calls(Work),
    /// The CPU time of both processes in a second without calls.
    IdleCpu,
    /// The memory of both processes for each connection that is not used.
    Memory,
}

#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) name: &'static str,
    pub(crate) measure: Measure,
    pub(crate) place: Place,
    pub(crate) threads: usize,
    /// Contenders other than ours that are measured; empty is all that can.
    against: &'static [&'static str],
}

const TINY: Case = Case {
    name: "tiny_call",
    measure: Measure::Calls(Work::Add),
    place: Place::Apart,
    threads: 1,
    against: &[],
};

const fn calls(name: &'static str, work: Work) -> Case {
    let measure = Measure::Calls(work);
    Case {
        name,
        measure,
        ..TINY
    }
}

const fn threads(name: &'static str, threads: usize) -> Case {
    let place = Place::Anywhere;
    Case {
        name,
        place,
        threads,
        ..TINY
    }
}

/// Where a spinning contender would only show how long a time slice is.
const fn crowded(name: &'static str, place: Place) -> Case {
    let against = &["futex"];
    Case {
        name,
        place,
        against,
        ..TINY
    }
}

const fn quiet(name: &'static str, measure: Measure) -> Case {
    let against = &["unix"];
    Case {
        name,
        measure,
        against,
        ..TINY
    }
}

/// All cases, in the order in which a round measures them.
pub(crate) const CASES: [Case; 16] = [
    TINY,
    calls("tiny_call_mut", Work::AddMut),
    threads("tiny_call_unpinned", 1),
    threads("tiny_call_2_threads", 2),
    threads("tiny_call_8_threads", 8),
    crowded("tiny_call_same_cpu", Place::Together),
    crowded("tiny_call_busy", Place::Busy),
    calls("pipelined", Work::Pipelined),
    calls("echo_1k", Work::Echo(1 << 10)),
    calls("echo_64k", Work::Echo(64 << 10)),
    calls("echo_1m", Work::Echo(1 << 20)),
    calls("echo_16m", Work::Echo(16 << 20)),
    calls("create_drop", Work::Create),
    calls("pass_handle", Work::Pass),
    quiet("idle_cpu", Measure::IdleCpu),
    quiet("memory_per_connection", Measure::Memory),
];

impl Case {
    pub(crate) fn named(name: &str) -> Option<&'static Self> {
        CASES.iter().find(|case| case.name == name)
    }

    /// Whether a contender is measured in it.
    pub(crate) fn includes(&self, contender: &dyn Contender, ours: bool) -> bool {
        let invited = ours || self.against.is_empty() || self.against.contains(&contender.name());
        invited && contender.does(self.work(), self.threads)
    }

    /// What its calls do.
    pub(crate) fn work(&self) -> Work {
        match self.measure {
            Measure::Calls(work) => work,
            Measure::IdleCpu | Measure::Memory => Work::Add,
        }
    }

    /// In which unit its figure is, other than nanoseconds for each call.
    pub(crate) fn unit(&self) -> Option<&'static str> {
        match self.measure {
            Measure::Calls(_) => None,
            Measure::IdleCpu => Some("ns of CPU in 1 s"),
            Measure::Memory => Some("bytes"),
        }
    }

    /// Where its processes run on this machine.
    ///
    /// # Errors
    ///
    /// If there are not the CPUs for it.
    pub(crate) fn setup(&self) -> Result<Setup> {
        let cpus = usable_cpus()?;
        let &[first, second, ..] = cpus.as_slice() else {
            return Err("two CPUs are needed: one for a client, one for a server".into());
        };
        let (client_cpu, server_cpu) = match self.place {
            Place::Apart | Place::Busy => (Some(first), Some(second)),
            Place::Together => (Some(first), Some(first)),
            Place::Anywhere => (None, None),
        };
        Ok(Setup {
            client_cpu,
            server_cpu,
            work: self.work(),
        })
    }
}
