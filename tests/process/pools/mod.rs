//! Pools: jobs, their results, and every way in which a worker can end.

mod hosted;
mod jobs;
mod maps;
mod workers;

use std::time::Duration;

use shared_runtime::{Pool, Report, Shared, task};

use super::support::until;
use super::tools::Counter;

/// A pool of so many workers.
fn pool(size: usize) -> Pool {
    Pool::builder().size(size).start().unwrap()
}

#[task]
fn add(a: u64, b: u64) -> u64 {
    a + b
}

#[task]
fn parse(text: String) -> Result<u32, Report> {
    Ok(text.parse()?)
}

#[task]
fn panics(why: String) -> u32 {
    panic!("{why}")
}

/// Its worker's process.
#[task]
fn who() -> u32 {
    std::process::id()
}

/// Counts itself, and ends when so many have.
#[task]
fn meets(counter: Shared<Counter>, n: u64) -> u32 {
    counter.add(1).unwrap();
    until("all are there", || counter.get().unwrap() >= n);
    std::process::id()
}

#[task]
fn counts(counter: Shared<Counter>) -> u64 {
    counter.add(1).unwrap()
}

#[task]
fn sleeps(duration: Duration) {
    std::thread::sleep(duration);
}

/// Ends its worker in the way it is asked to, if any.
#[task]
fn ends(how: String) -> u32 {
    match how.as_str() {
        "abort" => std::process::abort(),
        "exit" => std::process::exit(3),
        "kill" => super::support::signal("KILL", std::process::id()),
        _ => return std::process::id(),
    }
    until("it has been killed", || false);
    0
}
