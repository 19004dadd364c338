//! A server calls back into its client: the client hosts an object of its own and passes the handle.
//!
//! `cargo run --example callback`
#![forbid(unsafe_code)]

use std::sync::mpsc::{Sender, channel};
use std::thread;

use shared_runtime::{Error, ServerProcess, Shared, call, shared};

/// Told how far a job has come. It lives in the client: its values never leave that process, so it can hold a channel.
#[derive(Debug)]
pub struct Progress {
    display: Sender<String>,
}

#[shared]
impl Progress {
    /// So many of `all` steps are done.
    pub fn reached(&self, done: u64, all: u64) {
        let server = call::current().process().to_owned();
        // The display may have been closed.
        let _ = self.display.send(format!("{server}: {done} of {all}"));
    }
}

/// Searches for primes, in the server.
#[derive(Debug)]
pub struct Search {
    limit: u64,
}

#[shared]
impl Search {
    /// Among the numbers below `limit`.
    pub fn below(limit: u64) -> Self {
        Self { limit }
    }

    /// How many primes there are; says after each quarter how far it is.
    ///
    /// # Errors
    ///
    /// If nobody can be told any more.
    pub fn count(&self, progress: &Shared<Progress>) -> Result<usize, Error> {
        let mut found = 0;
        for quarter in 0..4 {
            let numbers = self.limit * quarter / 4..self.limit * (quarter + 1) / 4;
            found += numbers.filter(|n| is_prime(*n)).count();
            // Nobody needs to wait until it has been shown.
            Shared::calls(progress).reached(quarter + 1, 4).detach()?;
        }
        Ok(found)
    }
}

fn is_prime(n: u64) -> bool {
    n > 1 && (2..=n.isqrt()).all(|d| !n.is_multiple_of(d))
}

#[shared_runtime::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = ServerProcess::builder().name("searcher").start()?;
    let search = Search::below_in(&server, 200_000)?;

    let (display, lines) = channel();
    let show = thread::spawn(move || {
        for line in lines {
            println!("{line}");
        }
    });
    let progress = Shared::new(Progress { display });
    let found = search.count(&progress)?;
    drop(progress); // the last handle, once all four calls have run: the channel closes
    show.join().expect("it only prints");
    println!("{found} primes");
    Ok(())
}
