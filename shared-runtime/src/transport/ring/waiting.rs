//! How a thread waits for the other side: looking, or asleep.
//!
//! Where both sides really run, an answer is there within a tenth of a microsecond, and a thread that looks for it has it at once. Where they
//! share a CPU, looking keeps the other side from answering. Waking a thread on another CPU takes about 20 µs. So a thread looks for a
//! while, longer than a wake-up takes, unless something says that it will be for nothing.

use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rustix::thread::sched_getaffinity;

use crate::carriage::Waiting;
use crate::os::Deadline;

/// How long a thread looks for an answer before it sleeps.
const SHORT: Duration = Duration::from_micros(50);

/// The same before and after large frames, which take their time, and where the short time was a little too short.
const LONG: Duration = Duration::from_micros(200);

/// Frames from this size on are large.
pub(super) const LARGE: usize = 64 << 10;

/// Waits that are shorter than this, all in all, are worth looking for: a few wake-ups of threads.
const NEAR: Duration = Duration::from_micros(250);

/// So long a thread may look without being counted among those that do.
const FREE: Duration = Duration::from_micros(2);

/// So many looks between two readings of the clock.
const LOOKS: u32 = 64;

/// So many looks, a few microseconds, go without one at the clock. Between two of them the processor pauses, here too: a line that is asked
/// for without a pause comes later, since whoever writes it has to get it back in between.
const EAGER: u32 = 256;

/// So many pauses go between two looks where many frames come at a time: each look takes the line from its sender.
const PAUSE: u32 = 8;

/// After so many times in a row for nothing, a thread stops looking for a while.
const PATIENCE: u32 = 3;

/// The longest while, counted in waits.
const LONGEST_REST: u32 = 1024;

/// The threads of this process that look, beyond the time that is free.
static LOOKING: AtomicUsize = AtomicUsize::new(0);

/// The CPUs that this process is bound to.
static BOUND: LazyLock<usize> =
    LazyLock::new(|| sched_getaffinity(None).map_or(1, |set| set.count() as usize));

/// How a thread waits that serves others of its process: with one CPU for all of them it would look at their expense.
pub(super) fn beside_others(waiting: Waiting) -> Waiting {
    if *BOUND > 1 { waiting } else { Waiting::Block }
}

/// The CPUs that this process and its peers may use at one time: those of the machine, or fewer where a quota says so. That this process is
/// bound to one of them does not count: its peer may have another.
static CPUS: LazyLock<usize> = LazyLock::new(|| {
    let bound = *BOUND;
    let usable = std::thread::available_parallelism().map_or(1, usize::from);
    if usable < bound {
        return usable;
    }
    // SAFETY: takes a number and gives one.
    let online = unsafe { libc::sysconf(libc::_SC_NPROCESSORS_ONLN) };
    usize::try_from(online).unwrap_or(1)
});

/// How one thread has fared with looking on one connection.
#[derive(Debug)]
pub(super) struct Look {
    waiting: Waiting,
    /// How long it looks.
    budget: Duration,
    /// How often in a row it was for nothing.
    failures: u32,
    /// So many waits go without looking.
    rest: u32,
    /// The length of the next rest.
    next_rest: u32,
}

impl Look {
    pub(super) fn new(waiting: Waiting) -> Self {
        Self {
            waiting,
            budget: SHORT,
            failures: 0,
            rest: 0,
            next_rest: 1,
        }
    }

    /// Waits for what `is_there` sees, or for nothing. `same_cpu`: the other side was last seen on the CPU of this thread.
    #[inline]
    pub(super) fn wait(
        &mut self,
        same_cpu: bool,
        large: bool,
        lazily: bool,
        deadline: Deadline,
        is_there: impl Fn() -> bool,
        sleep: impl FnOnce(),
    ) {
        // From how long it takes on one CPU nothing follows for two.
        if self.waiting == Waiting::Block || same_cpu {
            return sleep();
        }
        let looks = self.rest == 0;
        if looks {
            let pause = if lazily { PAUSE } else { 1 };
            for _ in 0..EAGER / pause {
                if is_there() {
                    self.failures = 0;
                    return;
                }
                (0..pause).for_each(|_| std::hint::spin_loop());
            }
        }
        self.wait_patiently(looks, large, deadline, is_there, sleep);
    }

    #[cold]
    fn wait_patiently(
        &mut self,
        looks: bool,
        large: bool,
        deadline: Deadline,
        is_there: impl Fn() -> bool,
        sleep: impl FnOnce(),
    ) {
        let start = Instant::now();
        let budget = if large { LONG } else { self.budget };
        if looks && *CPUS > 1 && look_out(start, budget, deadline, is_there) {
            self.budget = SHORT;
            return self.succeeded();
        }
        sleep();
        // A short wait speaks for looking, and for looking longer: what took its time was that both sides slept.
        if start.elapsed() < NEAR {
            self.budget = LONG;
            self.succeeded();
        } else if looks {
            self.failed();
        } else {
            self.rest = self.rest.saturating_sub(1);
        }
    }

    fn succeeded(&mut self) {
        self.failures = 0;
        self.rest = 0;
        self.next_rest = 1;
    }

    fn failed(&mut self) {
        self.failures += 1;
        if self.failures >= PATIENCE {
            self.rest = self.next_rest;
            self.next_rest = (2 * self.next_rest).min(LONGEST_REST);
        }
    }
}

/// Looks for a while. `false` if it was not there.
fn look_out(
    start: Instant,
    budget: Duration,
    deadline: Deadline,
    is_there: impl Fn() -> bool,
) -> bool {
    let mut counted = None;
    loop {
        for _ in 0..LOOKS {
            if is_there() {
                return true;
            }
            std::hint::spin_loop();
        }
        let looked = start.elapsed();
        if looked >= FREE && counted.is_none() {
            counted = Counted::one_more();
            if counted.is_none() {
                return false;
            }
        }
        if looked >= budget || deadline.passed() {
            return false;
        }
    }
}

/// One of the threads that may look at the same time.
struct Counted;

impl Counted {
    /// `None` if there are enough: one CPU is left to those who are looked for.
    fn one_more() -> Option<Self> {
        let most = (*CPUS - 1).max(1);
        if LOOKING.fetch_add(1, Ordering::Relaxed) < most {
            return Some(Self);
        }
        LOOKING.fetch_sub(1, Ordering::Relaxed);
        None
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        LOOKING.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The CPU on which this thread runs, as far as eight bits tell.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "eight bits are sent"
)]
#[inline]
pub(super) fn cpu() -> u8 {
    // SAFETY: takes nothing and touches nothing. The C library reads it from memory that the kernel keeps up to date.
    let cpu = unsafe { libc::sched_getcpu() };
    cpu as u8
}
