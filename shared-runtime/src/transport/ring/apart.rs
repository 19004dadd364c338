//! Keeps a server's thread off the CPU of its client. Where both share one, neither can look for what the other does, and each call costs
//! two switches. The scheduler puts them there by itself, above all where several clients call at once, and leaves them. Threads of users
//! are never moved.

use std::time::{Duration, Instant};

use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

/// After so many frames in a row that came from the CPU of this thread, it leaves it.
const RUN: u32 = 16;

/// They must have come within this time: calls that come slowly are as well served there.
const HURRY: Duration = Duration::from_millis(2);

/// So many frames later it may run anywhere again: what else runs on the machine may have changed.
const STAY: u32 = 1 << 16;

/// One thread, as far as this goes.
#[derive(Debug, Default)]
pub(super) struct Apart {
    /// Frames in a row from the CPU of this thread, and when the first of them came.
    run: u32,
    since: Option<Instant>,
    moved: Option<Box<Moved>>,
}

/// Where a thread may run that was moved, and where it could before; the same if there is no other place.
#[derive(Debug)]
struct Moved {
    now: CpuSet,
    before: CpuSet,
    /// For so many more frames.
    left: u32,
}

impl Apart {
    /// Notes that a frame came from the CPU of this thread, which is that, or from another.
    #[inline]
    pub(super) fn note(&mut self, same_cpu: bool, cpu: u8) {
        if same_cpu || self.run > 0 || self.moved.is_some() {
            self.note_closely(same_cpu, cpu);
        }
    }

    #[cold]
    fn note_closely(&mut self, same_cpu: bool, cpu: u8) {
        if let Some(moved) = &mut self.moved {
            moved.left -= 1;
            if moved.left == 0 {
                self.come_back();
            }
        }
        if !same_cpu {
            self.run = 0;
            return;
        }
        if self.run == 0 {
            self.since = Some(Instant::now());
        }
        self.run += 1;
        if self.run >= RUN {
            self.run = 0;
            let may_leave = self
                .moved
                .as_ref()
                .is_none_or(|moved| moved.now != moved.before);
            if may_leave && self.since.is_some_and(|since| since.elapsed() < HURRY) {
                self.leave(cpu);
            }
        }
    }

    /// Has this thread run anywhere but there, if there is another place.
    fn leave(&mut self, cpu: u8) {
        self.come_back();
        let Ok(before) = sched_getaffinity(None) else {
            return;
        };
        let mut now = before;
        // On more CPUs than a byte tells, all those that it may mean.
        let alike = (usize::from(cpu)..CpuSet::MAX_CPU).step_by(256);
        alike.for_each(|cpu| now.unset(cpu));
        let moved = now.count() > 0 && sched_setaffinity(None, &now).is_ok();
        // Where there is no other place, that is found out no more often.
        let now = if moved { now } else { before };
        let left = STAY;
        self.moved = Some(Box::new(Moved { now, before, left }));
    }

    /// What somebody else has said meanwhile of where it may run stays as it is.
    fn come_back(&mut self) {
        if let Some(moved) = self.moved.take()
            && sched_getaffinity(None).is_ok_and(|now| now == moved.now)
        {
            // CPUs that are no more are none to come back to.
            let _ = sched_setaffinity(None, &moved.before);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn here() -> CpuSet {
        sched_getaffinity(None).unwrap()
    }

    #[test]
    fn a_thread_leaves_the_cpu_of_its_client_and_may_come_back() {
        let before = here();
        let first = (0..CpuSet::MAX_CPU).find(|cpu| before.is_set(*cpu));
        let (cpu, others) = (u8::try_from(first.unwrap()).unwrap(), before.count() > 1);
        let mut apart = Apart::default();
        for n in 0..3 * RUN {
            apart.note(!n.is_multiple_of(RUN / 2), cpu);
        }
        assert_eq!(here(), before, "they were not in a row");
        (0..RUN).for_each(|_| apart.note(true, cpu));
        assert_eq!(here() != before, others, "where there is another place");
        assert!(!others || !here().is_set(cpu.into()));
        (0..STAY).for_each(|_| apart.note(false, cpu));
        assert_eq!(here(), before);
    }

    #[test]
    fn one_that_is_called_slowly_stays() {
        let before = here();
        let mut apart = Apart::default();
        for _ in 0..2 * RUN {
            apart.note(true, 0);
            std::thread::sleep(HURRY / (RUN - 1));
        }
        assert_eq!(here(), before);
    }
}
