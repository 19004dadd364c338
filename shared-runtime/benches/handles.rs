//! What handles cost, printed as measured: `cargo bench -p shared-runtime --bench handles`.
//!
//! No figure is asserted. Machines are shared and noisy: compare figures of one run only.
#![allow(
    clippy::unused_self,
    reason = "its type and tasks are written as users write theirs"
)]

use std::time::{Duration, Instant};

use shared_runtime::{ServerHandle, ServerProcess, Shared, shared};

#[derive(Debug, Default)]
struct Counter {
    n: u64,
}

#[shared]
impl Counter {
    pub(crate) fn new() -> Self {
        Self::default()
    }
    pub(crate) fn add(&mut self, n: u64) -> u64 {
        self.n += n;
        self.n
    }
    pub(crate) fn get(&self) -> u64 {
        self.n
    }
}

#[derive(Debug)]
struct Visitor;

#[shared]
impl Visitor {
    pub(crate) fn new() -> Self {
        Self
    }
    pub(crate) fn nothing(&self) {}
    pub(crate) fn take(&self, _handles: Vec<Shared<Counter>>) {}
    pub(crate) fn make(&self, n: usize) -> Vec<Shared<Counter>> {
        (0..n).map(|_| Shared::new(Counter::new())).collect()
    }
}

#[shared_runtime::main]
fn main() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let visitor = Visitor::new_in(&one).unwrap();
    passing(&visitor, &two);
    one_way(&one);
    live(&two);
    returned(&visitor, &one);
}

/// The median of `times` runs.
fn median(times: usize, mut run: impl FnMut()) -> Duration {
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    took.sort();
    took[times / 2]
}

fn passing(visitor: &Shared<Visitor>, elsewhere: &ServerHandle) {
    let there: Vec<_> = (0..100)
        .map(|_| Counter::new_in(elsewhere).unwrap())
        .collect();
    let plain = median(2000, || visitor.nothing().unwrap());
    println!("a call without a handle                     {plain:>10.1?}");
    for n in [1, 100] {
        let passed = median(500, || visitor.take(there[..n].to_vec()).unwrap());
        println!(
            "{n:>3} of them passed to another server          {passed:>10.1?}   {:.1} x the plain call",
            passed.as_secs_f64() / plain.as_secs_f64()
        );
    }
}

fn one_way(server: &ServerHandle) {
    const CALLS: u32 = 100_000;
    for (what, counter) in [
        ("another process", Counter::new_in(server).unwrap()),
        ("this process", Shared::new(Counter::new())),
    ] {
        let start = Instant::now();
        for _ in 0..CALLS {
            Shared::calls(&counter).add(1).detach().unwrap();
        }
        let sent = start.elapsed();
        assert_eq!(counter.get().unwrap(), u64::from(CALLS));
        println!(
            "{CALLS} one-way calls to {what:<15}  {:>10.1?} each to send, {:.1?} each until they had run",
            sent / CALLS,
            start.elapsed() / CALLS
        );
    }
}

fn live(server: &ServerHandle) {
    println!("live handles to as many objects, made one by one:");
    for n in [12_500, 25_000, 50_000, 100_000] {
        let before = (resident(std::process::id()), resident(server.pid()));
        let start = Instant::now();
        let all: Vec<_> = (0..n).map(|_| Counter::new_in(server).unwrap()).collect();
        let made = start.elapsed();
        let after = (resident(std::process::id()), resident(server.pid()));
        let start = Instant::now();
        drop(all);
        let dropped = start.elapsed();
        wait_for_empty(server);
        println!(
            "{n:>7}: made in {made:>8.1?} ({:.1?} each), {} + {} bytes each here and there, \
             dropped in {dropped:>8.1?}, freed after {:.1?}",
            made / n,
            (after.0.saturating_sub(before.0)) / u64::from(n),
            (after.1.saturating_sub(before.1)) / u64::from(n),
            start.elapsed()
        );
    }
}

fn returned(visitor: &Shared<Visitor>, server: &ServerHandle) {
    let others = server.object_count().unwrap();
    for n in [10_000, 100_000] {
        let start = Instant::now();
        let all = visitor.make(n).unwrap();
        println!("{n:>7} in one answer: {:.1?}", start.elapsed());
        drop(all);
        while server.object_count().unwrap() > others {
            std::thread::sleep(Duration::from_millis(1));
        }
    }
}

fn wait_for_empty(server: &ServerHandle) {
    while server.object_count().unwrap() > 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
}

/// What a process has in memory, in bytes.
fn resident(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kilobytes = line.unwrap().trim().trim_end_matches(" kB");
    kilobytes.parse::<u64>().unwrap() * 1024
}
