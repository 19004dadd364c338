//! What it costs to reach a method in this process, printed as measured: `cargo bench -p shared-runtime --bench dispatch`.
//!
//! No figure is asserted. Machines are shared and noisy: compare figures of one run only. The first two rows are such figures: what a
//! mutex and a look at the clock cost here.
#![allow(
    clippy::unused_self,
    reason = "its types are written as users write theirs"
)]

use std::hint::black_box;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use shared_runtime::{Shared, call, shared};

/// Has no lock.
#[derive(Debug)]
struct Free;

#[shared]
impl Free {
    pub(crate) fn nothing(&self) {}
    pub(crate) fn asks_who_calls(&self) -> u32 {
        call::current().pid()
    }
    pub(crate) fn calls(&self, other: &Shared<Locked>, times: u32) {
        for _ in 0..times {
            other.read().unwrap();
        }
    }
}

/// Has one.
#[derive(Debug)]
struct Locked(u64);

#[shared]
impl Locked {
    pub(crate) fn read(&self) -> u64 {
        self.0
    }
    pub(crate) fn write(&mut self) -> u64 {
        self.0 += 1;
        self.0
    }
}

/// How often a row is measured, and how many calls each time.
const ROUNDS: usize = 15;
const CALLS: u32 = 100_000;

fn main() {
    let mutex = Mutex::new(0u64);
    print("a mutex, locked and unlocked", 1, || {
        *black_box(&mutex).lock().unwrap() += 1;
    });
    print("a look at the clock", 1, || _ = black_box(Instant::now()));
    let (free, locked) = (Shared::new(Free), Shared::new(Locked(0)));
    print("&self, no lock", 1, || free.nothing().unwrap());
    print("&self", 1, || _ = locked.read().unwrap());
    print("&mut self", 1, || _ = locked.write().unwrap());
    print("a method that asks who calls", 1, || {
        free.asks_who_calls().unwrap();
    });
    print("from a method of another object", 100, || {
        free.calls(&locked, 100).unwrap();
    });
    side_by_side(&locked);
    many_objects();
}

/// The median of all rounds, for one of the `each` calls that `run` makes.
fn print(what: &str, each: u32, mut run: impl FnMut()) {
    let times = CALLS / each;
    let mut took: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..times).for_each(|_| run());
            start.elapsed()
        })
        .collect();
    took.sort();
    let nanos = took[ROUNDS / 2].as_nanos() / u128::from(CALLS);
    println!("{what:<44} {nanos:>6} ns");
}

/// Two threads that read one object.
fn side_by_side(locked: &Shared<Locked>) {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                locked.read().unwrap();
            }
        });
        print("&self, beside another thread", 1, || {
            _ = locked.read().unwrap();
        });
        done.store(true, Ordering::Relaxed);
    });
}

/// More than a thread remembers.
fn many_objects() {
    let objects: Vec<_> = (0..100).map(|n| Shared::new(Locked(n))).collect();
    print("&self, a hundred objects in turn", 100, || {
        for object in &objects {
            object.read().unwrap();
        }
    });
}
