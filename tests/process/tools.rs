//! A shared type for the tests of this suite, and waiting.

use std::time::Duration;

use shared_runtime::shared;

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

/// Whether a process of this number exists and is more than a zombie.
pub fn alive(pid: u32) -> bool {
    std::fs::read_to_string(format!("/proc/{pid}/stat")).is_ok_and(|stat| {
        stat.rsplit(')')
            .next()
            .is_some_and(|rest| !rest.trim_start().starts_with('Z'))
    })
}
