//! Two processes that call each other all at once, with more than fits on the way: nobody waits for somebody who waits for them.

use std::sync::atomic::{AtomicUsize, Ordering};

use shared_runtime::{ServerProcess, Shared, shared};

use super::support::until;

/// Counts the bytes that came one-way.
#[derive(Default)]
pub struct Pump(AtomicUsize);

#[shared]
impl Pump {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn swallow(&self, bytes: &[u8]) {
        self.0.fetch_add(bytes.len(), Ordering::Relaxed);
    }
    pub fn swallowed(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }
    /// Sends the same to the other side, so many times more, one-way and started, before it gives it back.
    pub fn exchange(&self, other: &Shared<Self>, bytes: Vec<u8>, times: u32) -> Vec<u8> {
        Shared::calls(other).swallow(&bytes).detach().unwrap();
        if times > 0 {
            let this = Shared::this::<Self>();
            let calls = Shared::calls(other);
            let back = calls.exchange(&this, bytes.clone(), times - 1).start();
            assert!(back.wait().unwrap() == bytes);
        }
        bytes
    }
    /// Begins so many exchanges with the other side at once.
    pub fn begin(&self, other: &Shared<Self>, exchanges: u32) {
        let this = Shared::this::<Self>();
        exchange_all(&this, other, exchanges);
    }
}

/// Each with three megabytes, which is more than a ring holds, there, back, and there again.
const SIZE: usize = 3 << 20;
const TIMES: u32 = 2;

fn exchange_all(from: &Shared<Pump>, to: &Shared<Pump>, exchanges: u32) {
    let started: Vec<_> = (0..exchanges)
        .map(|n| {
            let bytes = vec![n.to_le_bytes()[0]; SIZE];
            let call = Shared::calls(to).exchange(from, bytes.clone(), TIMES);
            (bytes, call.start())
        })
        .collect();
    for (bytes, started) in started {
        assert!(started.wait().unwrap() == bytes);
    }
}

#[test]
fn rings_that_are_full_both_ways_hold_nobody_up() {
    const EXCHANGES: u32 = 3;
    let server = ServerProcess::start().unwrap();
    let (here, there) = (Shared::new(Pump::new()), Pump::new_in(&server).unwrap());
    std::thread::scope(|scope| {
        scope.spawn(|| there.begin(&here, EXCHANGES).unwrap());
        exchange_all(&here, &there, EXCHANGES);
    });
    // Each of an exchange's three calls swallows at its caller's: twice at the side that began, once at the other.
    let all = (EXCHANGES * (TIMES + 1)) as usize * SIZE;
    until("all has been swallowed", || {
        here.swallowed().unwrap() == all && there.swallowed().unwrap() == all
    });
}
