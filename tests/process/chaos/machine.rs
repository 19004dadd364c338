//! What drives the chaos: random numbers out of a seed, signals, a watchdog for hangs, and the count of what was done.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::thread::Scope;
use std::time::{Duration, Instant};

use super::work::Class;

/// Numbers that depend on a seed alone (splitmix64).
pub struct Random(u64);

impl Random {
    /// Streams of the same seed differ.
    pub fn new(seed: u64, stream: u64) -> Self {
        let mut mixed = Self(seed ^ stream.wrapping_mul(0xD6E8_FEB8_6659_FD93));
        mixed.next();
        mixed
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    pub fn one_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    pub fn up_to(&mut self, longest: Duration) -> Duration {
        let end = u64::try_from(longest.as_nanos()).unwrap() + 1;
        Duration::from_nanos(self.below(end))
    }

    pub fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[usize::try_from(self.below(from.len() as u64)).unwrap()]
    }
}

/// Sends signals, thousands of them, without a program for each: a shell that has `kill` built in.
pub struct Signals {
    shell: Child,
    pipes: Mutex<(ChildStdin, BufReader<ChildStdout>)>,
}

impl Signals {
    pub fn start() -> Self {
        let mut shell = Command::new("sh")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (stdin, stdout) = (shell.stdin.take().unwrap(), shell.stdout.take().unwrap());
        Self {
            shell,
            pipes: Mutex::new((stdin, BufReader::new(stdout))),
        }
    }

    /// Returns when the signal has been sent. Whoever is meant must not have been waited for, or its number could be another's.
    pub fn send(&self, signal: &str, pid: u32) {
        let mut pipes = lock(&self.pipes);
        writeln!(pipes.0, "kill -{signal} {pid}; echo $?").unwrap();
        let mut answer = String::new();
        pipes.1.read_line(&mut answer).unwrap();
        drop(pipes);
        assert_eq!(answer, "0\n", "kill -{signal} {pid}");
    }

    pub fn stop(&self, pid: u32) -> Stopped<'_> {
        self.send("STOP", pid);
        Stopped { signals: self, pid }
    }
}

impl Drop for Signals {
    fn drop(&mut self) {
        // Ends with its input, but that closes only after this.
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

/// A stopped process, which continues when this is dropped: also when an assertion fails meanwhile, or others would wait for it.
pub struct Stopped<'a> {
    signals: &'a Signals,
    pid: u32,
}

impl Stopped<'_> {
    /// Its number may be another's by now.
    pub fn was_killed(self) {
        std::mem::forget(self);
    }
}

impl Drop for Stopped<'_> {
    fn drop(&mut self) {
        self.signals.send("CONT", self.pid);
    }
}

/// Ends the whole test, with a report, when nothing has gone on for a minute.
#[derive(Default)]
pub struct Watchdog {
    steps: AtomicU64,
    /// What each lane does.
    doing: Mutex<BTreeMap<String, String>>,
}

impl Watchdog {
    const PATIENCE: Duration = Duration::from_mins(1);

    /// Notes that there was progress, and what comes next.
    pub fn step(&self, lane: &str, doing: String) {
        self.steps.fetch_add(1, Ordering::Relaxed);
        self.note(lane, doing);
    }

    /// For the report alone: this was no progress.
    pub fn note(&self, lane: &str, doing: String) {
        lock(&self.doing).insert(lane.to_owned(), doing);
    }

    /// Watches until what is returned is dropped. `report` may itself hang.
    pub fn watch<'scope>(
        &'scope self,
        scope: &'scope Scope<'scope, '_>,
        report: impl Fn() -> String + Send + 'scope,
    ) -> Sender<()> {
        let (alive, dropped) = channel();
        scope.spawn(move || {
            let (mut seen, mut since) = (0, Instant::now());
            while dropped.recv_timeout(Duration::from_millis(500)) == Err(RecvTimeoutError::Timeout)
            {
                let steps = self.steps.load(Ordering::Relaxed);
                if steps != seen {
                    (seen, since) = (steps, Instant::now());
                }
                if since.elapsed() > Self::PATIENCE {
                    self.abort(scope, report);
                    return;
                }
            }
        });
        alive
    }

    fn abort<'scope>(
        &self,
        scope: &'scope Scope<'scope, '_>,
        report: impl Fn() -> String + Send + 'scope,
    ) {
        eprintln!("chaos: no progress for {:?}", Self::PATIENCE);
        for (lane, doing) in lock(&self.doing).iter() {
            eprintln!("  {lane}: {doing}");
        }
        scope.spawn(move || eprintln!("{}", report()));
        std::thread::sleep(Duration::from_secs(5));
        std::process::abort();
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    Client,
    Server,
    Grandchild,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Deed {
    Kill,
    Stop,
}

/// Everything that was done to anybody.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Vec<(Deed, Victim, Class)>>);

impl Tally {
    pub fn add(&self, deed: Deed, victim: Victim, class: Class) {
        lock(&self.0).push((deed, victim, class));
    }

    fn count(&self, matches: impl Fn(Deed, Victim, Class) -> bool) -> usize {
        let all = lock(&self.0);
        all.iter()
            .filter(|(deed, victim, class)| matches(*deed, *victim, *class))
            .count()
    }

    pub fn all(&self) -> usize {
        self.count(|_, _, _| true)
    }

    pub fn of(&self, deed: Deed) -> usize {
        self.count(|d, _, _| d == deed)
    }

    pub fn of_class(&self, class: Class) -> usize {
        self.count(|_, _, c| c == class)
    }

    /// One deed, by class and by victim.
    pub fn describe(&self, deed: Deed) -> String {
        let class = |class| self.count(|d, _, c| d == deed && c == class);
        let victim = |victim| self.count(|d, v, _| d == deed && v == victim);
        format!(
            "(idle {}, in a call {}, passing a handle {}; client tasks {}, servers {}, grandchildren {})",
            class(Class::Idle),
            class(Class::InACall),
            class(Class::Passing),
            victim(Victim::Client),
            victim(Victim::Server),
            victim(Victim::Grandchild),
        )
    }
}

pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
