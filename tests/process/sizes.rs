//! Kills under calls of every size and kind: in the slot, in the ring, streamed through it, started and one-way. Whoever waits is told, and
//! nothing is left, however far a frame had come.
//!
//! `SIZES_KILLS` says how many are killed, `SIZES_SEED` with which pauses: `SIZES_KILLS=1000 cargo test --test process every_size --
//! --nocapture` is the long run, and prints how long the last of a dead server's callers waited.

use std::time::{Duration, Instant};

use shared_runtime::{Error, ErrorKind, ServerProcess, Shared, shared, task};

use super::chaos::machine::{Random, Signals};
use super::chaos::number_in;
use super::leftovers::{Footprint, NothingLeft};
use super::support::until;

/// Gives back what it gets.
#[derive(Default)]
pub struct Mirror;

#[shared]
impl Mirror {
    pub fn new() -> Self {
        Self
    }
    pub fn show(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
    pub fn swallow(&self, bytes: &[u8]) -> usize {
        bytes.len()
    }
}

/// One of the ways to call it, again and again.
type Way = fn(&Shared<Mirror>) -> Result<(), Error>;

const WAYS: [Way; 6] = [
    |mirror| shows(mirror, 3),
    |mirror| shows(mirror, 4000),
    |mirror| shows(mirror, 200_000),
    |mirror| shows(mirror, 5 << 20),
    |mirror| {
        let started = [10, 1000, 500_000].map(|size| {
            let call = Shared::calls(mirror).show(vec![4; size]);
            (size, call.start())
        });
        for (size, started) in started {
            assert_eq!(started.wait()?, vec![4; size]);
        }
        Ok(())
    },
    |mirror| {
        for size in [10, 1000, 3 << 20] {
            Shared::calls(mirror).swallow(&vec![5; size]).detach()?;
        }
        shows(mirror, 1)
    },
];

fn shows(mirror: &Shared<Mirror>, size: usize) -> Result<(), Error> {
    assert!(mirror.show(vec![3; size])? == vec![3; size]);
    Ok(())
}

/// Calls in all ways at once until each fails; how, and when.
fn all_ways(mirror: &Shared<Mirror>) -> Vec<(Error, Instant)> {
    let until_it_fails = |way: Way| {
        loop {
            if let Err(error) = way(mirror) {
                return (error, Instant::now());
            }
        }
    };
    std::thread::scope(|scope| {
        let threads = WAYS.map(|way| scope.spawn(move || until_it_fails(way)));
        threads.map(|thread| thread.join().unwrap()).into()
    })
}

#[task]
fn calls_in_all_ways(mirror: Shared<Mirror>) {
    all_ways(&mirror);
}

fn random() -> Random {
    Random::new(number_in("SIZES_SEED").unwrap_or(1), 0)
}

/// How many processes of each kind are killed.
fn rounds() -> u64 {
    number_in("SIZES_KILLS").unwrap_or(20).div_ceil(2)
}

const PAUSE: Duration = Duration::from_millis(40);

#[test]
fn a_server_killed_under_calls_of_every_size_ends_them_all() {
    let _nothing_left = NothingLeft::watch();
    let (signals, mut random) = (Signals::start(), random());
    let mut longest = Duration::ZERO;
    for _ in 0..rounds() {
        let server = ServerProcess::start().unwrap();
        let mirror = Mirror::new_in(&server).unwrap();
        let (killed, ended) = std::thread::scope(|scope| {
            let calls = scope.spawn(|| all_ways(&mirror));
            std::thread::sleep(random.up_to(PAUSE));
            let killed = Instant::now();
            signals.send("KILL", server.pid());
            (killed, calls.join().unwrap())
        });
        for (error, at) in ended {
            assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
            longest = longest.max(at.saturating_duration_since(killed));
        }
        let error = server.shutdown().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Exited, "{error}");
    }
    println!("the last to be told waited {longest:?}");
}

#[test]
fn clients_killed_under_calls_of_every_size_leave_nothing_in_a_server() {
    let _nothing_left = NothingLeft::watch();
    let (signals, mut random) = (Signals::start(), random());
    let server = ServerProcess::start().unwrap();
    let mirror = Mirror::new_in(&server).unwrap();
    // What a server brings up for the first it keeps.
    let mut before = None;
    for _ in 0..=rounds() {
        let client = calls_in_all_ways::spawn(mirror.clone()).unwrap();
        until("it calls", || server.inspect().unwrap().sessions.len() == 2);
        std::thread::sleep(random.up_to(PAUSE));
        signals.send("KILL", client.pid());
        client.join().unwrap_err();
        until("nothing of it runs", || {
            let seen = server.inspect().unwrap();
            seen.sessions.len() == 1 && seen.calls.is_empty()
        });
        shows(&mirror, 100_000).unwrap();
        let before = before.get_or_insert_with(|| Footprint::settled(server.pid()));
        until("its connections are gone", || {
            Footprint::of(server.pid()).is_within(before)
        });
        assert_eq!(server.object_count().unwrap(), 1);
    }
}
