//! A shared type for the tests of this suite, and waiting.

use std::sync::mpsc::channel;
use std::time::Duration;

use shared_runtime::{ExitStatus, Shared, call, shared};

use super::support::until;

#[derive(Default)]
pub struct Counter {
    n: u64,
}

#[shared]
impl Counter {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn add(&mut self, n: u64) -> u64 {
        self.n += n;
        self.n
    }
    pub fn get(&self) -> u64 {
        self.n
    }
    pub fn nap(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
    /// Stays until the calling process has ended: no answer comes too late, where one after some time might come early enough for a caller
    /// that is held up.
    pub fn stay(&self) {
        let (has_caller, has_none) = channel::<()>();
        call::current().on_session_end(move || drop(has_caller));
        has_none.recv().unwrap_err();
    }
    pub fn fail(&self, code: u32) -> Result<u32, String> {
        Err(format!("failed with {code}"))
    }
    pub fn panic(&self) {
        panic!("as asked");
    }
    pub fn panic_alone(&mut self) {
        panic!("as asked, alone");
    }
    pub fn swallow(&self, bytes: &[u8]) -> usize {
        bytes.len()
    }
}

/// How the server of a counter ended, as soon as a call says so. That of a call which was under way says so only if the process can be collected
/// soon after its connections broke.
pub fn end_of_server(counter: &Shared<Counter>) -> ExitStatus {
    let mut status = None;
    until("a call says how the server ended", || {
        status = counter.get().unwrap_err().exit_status();
        status.is_some()
    });
    status.unwrap()
}

/// Whether a process of this number exists and is more than a zombie.
pub fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim_start().starts_with('Z'))
    })
}
