//! Keeps a server's thread off the CPU of its client. Where both share one, neither can look for what the other does, and each call costs
//! two switches. The scheduler puts them there by itself, above all where several clients call at once, and leaves them. Threads of users
//! are never moved.

use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// After so many frames in a row that came from the CPU of this thread, it leaves it.
const RUN: u32 = 16;

/// They must have come within this time: calls that come slowly are as well served there.
const HURRY: Duration = Duration::from_millis(2);

/// The frames in a row that came from the CPU of a thread.
#[derive(Debug, Default)]
pub(super) struct Apart {
    run: u32,
    /// When the first of them came.
    since: Option<Instant>,
}

impl Apart {
    /// Notes that a frame came from the CPU of this thread, which is that, or from another.
    #[inline]
    pub(super) fn note(&mut self, same_cpu: bool, cpu: u8) {
        if !same_cpu {
            self.run = 0;
        } else if self.is_enough() {
            leave(cpu);
        }
    }

    /// Whether one more from the same CPU makes it time to leave.
    #[cold]
    fn is_enough(&mut self) -> bool {
        if self.run == 0 {
            self.since = Some(Instant::now());
        }
        self.run += 1;
        if self.run < RUN {
            return false;
        }
        self.run = 0;
        self.since.is_some_and(|since| since.elapsed() < HURRY)
    }
}

/// Has this thread run somewhere else, if there is another place. It may come back whenever the scheduler likes: what a method starts on
/// this thread must not inherit that it may not.
fn leave(cpu: u8) {
    let Ok(allowed) = sched_getaffinity(None) else {
        return;
    };
    let mut elsewhere = allowed;
    // On more CPUs than a byte tells, all those that it may mean.
    let alike = (usize::from(cpu)..CpuSet::MAX_CPU).step_by(256);
    alike.for_each(|cpu| elsewhere.unset(cpu));
    if elsewhere.count() > 0 && sched_setaffinity(None, &elsewhere).is_ok() {
        // It is there now. That this fails where it was allowed before is not to be expected.
        let _ = sched_setaffinity(None, &allowed);
    }
}

#[cfg(test)]
mod tests {
    use rustix::thread::sched_getcpu;

    use super::*;

    /// A CPU, and whether there is another.
    fn allowed() -> (u8, bool) {
        let allowed = sched_getaffinity(None).unwrap();
        let first = (0..CpuSet::MAX_CPU).find(|cpu| allowed.is_set(*cpu));
        (u8::try_from(first.unwrap()).unwrap(), allowed.count() > 1)
    }

    /// How often this thread is elsewhere after it had been on a CPU and frames had come.
    fn leaves(cpu: u8, frames: impl Fn(&mut Apart)) -> usize {
        let all = sched_getaffinity(None).unwrap();
        let mut one = CpuSet::new();
        one.set(cpu.into());
        let rounds = 0..50;
        let left = rounds.filter(|_| {
            sched_setaffinity(None, &one).unwrap();
            sched_setaffinity(None, &all).unwrap();
            frames(&mut Apart::default());
            sched_getcpu() != usize::from(cpu)
        });
        let left = left.count();
        assert_eq!(sched_getaffinity(None).unwrap(), all, "it may run anywhere");
        left
    }

    #[test]
    fn a_thread_leaves_the_cpu_of_its_client() {
        let (cpu, is_other) = allowed();
        let left = leaves(cpu, |apart| (0..RUN).for_each(|_| apart.note(true, cpu)));
        // The scheduler has its say, too.
        assert_eq!(left > 25, is_other, "{left} of 50");
    }

    #[test]
    fn one_whose_client_is_elsewhere_or_in_no_hurry_stays() {
        let mut apart = Apart::default();
        for _ in 0..10 {
            assert!((1..RUN).all(|_| !apart.is_enough()));
            apart.note(false, 0);
        }
        // Unless something keeps this thread for as long as there is no hurry.
        while !(0..RUN).any(|_| apart.is_enough()) {}
        for _ in 0..2 * RUN {
            assert!(!apart.is_enough());
            std::thread::sleep(HURRY / (RUN - 2));
        }
    }
}
