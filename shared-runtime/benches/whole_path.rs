//! What the whole path costs, printed as measured: `cargo bench -p shared-runtime --bench whole_path`.
//!
//! No figure is asserted. Machines are shared and noisy: compare figures of one run only.
#![allow(
    clippy::unused_self,
    reason = "its type and tasks are written as users write theirs"
)]

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::Thread;
use std::time::{Duration, Instant};

use shared_runtime::{ErrorKind, ServerProcess, Shared, shared, task};

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
    pub(crate) fn nap(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
    pub(crate) fn echo(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
}

#[task]
fn increment(counter: Shared<Counter>, times: u32) {
    for _ in 0..times {
        counter.add(1).unwrap();
    }
}

#[task]
fn nothing() {}

#[shared_runtime::main]
fn main() {
    starting();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    small_calls(&counter);
    payloads(&counter);
    objects(&server);
    sleepers(&counter);
    awaited_sleepers(&counter);
    awaited_and_started(&counter);
    increments(&counter);
    death(server, &counter);
}

/// The median and the 99th percentile of `times` runs.
fn print(what: &str, times: usize, mut run: impl FnMut()) {
    let mut took: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    took.sort();
    println!(
        "{what:<44} p50 {:>10.1?}   p99 {:>10.1?}",
        took[times / 2],
        took[times * 99 / 100]
    );
}

fn starting() {
    print("start and end a server", 50, || {
        drop(ServerProcess::start().unwrap());
    });
    print("spawn and join a task", 50, || {
        nothing::spawn().unwrap().join().unwrap();
    });
}

fn small_calls(counter: &Shared<Counter>) {
    print("a small call, &mut self", 20_000, || {
        counter.add(1).unwrap();
    });
    let here = Shared::new(Counter::new());
    print("the same in this process", 20_000, || {
        here.add(1).unwrap();
    });
}

fn payloads(counter: &Shared<Counter>) {
    for (name, size) in [("1 KiB", 1 << 10), ("64 KiB", 1 << 16), ("1 MiB", 1 << 20)] {
        let bytes = vec![7; size];
        print(&format!("echo of {name}"), 200, || {
            drop(counter.echo(&bytes).unwrap());
        });
    }
}

fn objects(server: &ServerProcess) {
    print("create and drop an object", 2_000, || {
        drop(Counter::new_in(server).unwrap());
    });
}

fn sleepers(counter: &Shared<Counter>) {
    let start = Instant::now();
    std::thread::scope(|scope| {
        for _ in 0..50 {
            scope.spawn(|| counter.nap(Duration::from_millis(500)).unwrap());
        }
    });
    println!(
        "50 threads in a method that sleeps 0.5 s      {:>10.1?} in all",
        start.elapsed()
    );
}

/// Wakes a thread that waits in [`block_on`].
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

/// The least that can be called an executor.
fn block_on<F: Future>(future: F) -> F::Output {
    let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => std::thread::park(),
        }
    }
}

fn awaited_sleepers(counter: &Shared<Counter>) {
    let start = Instant::now();
    let mut naps: Vec<_> = (0..50)
        .map(|_| {
            Shared::calls(counter)
                .nap(Duration::from_millis(500))
                .into_future()
        })
        .collect();
    for nap in &mut naps {
        let polled = Pin::new(nap).poll(&mut Context::from_waker(Waker::noop()));
        assert!(polled.is_pending());
    }
    for nap in naps {
        block_on(nap).unwrap();
    }
    println!(
        "50 awaited calls that sleep 0.5 s, one thread {:>10.1?} in all",
        start.elapsed()
    );
}

fn awaited_and_started(counter: &Shared<Counter>) {
    print("a small call, awaited", 10_000, || {
        block_on(Shared::calls(counter).add(1).into_future()).unwrap();
    });
    let start = Instant::now();
    let pending: Vec<_> = (0..10_000)
        .map(|_| Shared::calls(counter).add(1).start())
        .collect();
    let started = start.elapsed();
    for sum in pending {
        sum.wait().unwrap();
    }
    println!(
        "10,000 started calls                          {:>10.1?} each to start, {:.1?} each until answered",
        started / 10_000,
        start.elapsed() / 10_000
    );
}

fn increments(counter: &Shared<Counter>) {
    let before = counter.get().unwrap();
    let start = Instant::now();
    let tasks: Vec<_> = (0..4)
        .map(|_| increment::spawn(counter.clone(), 10_000).unwrap())
        .collect();
    for task in tasks {
        task.join().unwrap();
    }
    let lost = before + 40_000 - counter.get().unwrap();
    println!(
        "4 processes, 10,000 increments each           {:>10.1?} in all, {lost} lost",
        start.elapsed()
    );
}

fn death(server: ServerProcess, counter: &Shared<Counter>) {
    let (ended, killed) = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..100)
            .map(|_| {
                scope.spawn(|| {
                    let error = counter.nap(Duration::from_secs(1000)).unwrap_err();
                    assert_eq!(error.kind(), ErrorKind::Disconnected);
                    Instant::now()
                })
            })
            .collect();
        while server.inspect().unwrap().calls.len() < 100 {
            std::thread::sleep(Duration::from_millis(1));
        }
        let pid = rustix::process::Pid::from_raw(server.pid().cast_signed()).unwrap();
        let killed = Instant::now();
        rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
        (
            callers
                .into_iter()
                .map(|caller| caller.join().unwrap())
                .max()
                .unwrap(),
            killed,
        )
    });
    println!(
        "100 pending calls after the server was killed {:>10.1?} until the last had ended",
        ended - killed
    );
    drop(server);
}
