//! What the suites share.

use std::time::Duration;

/// Waits for a condition. It has no upper limit that a slow machine could reach; a test that hangs names it.
pub fn until(what: &str, mut condition: impl FnMut() -> bool) {
    for round in 0.. {
        if condition() {
            return;
        }
        if round == 500 {
            eprintln!("still waiting until {what}");
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}
