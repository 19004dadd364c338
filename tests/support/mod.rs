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

/// A CPU that this process may run on: where there are few, or it is kept to some, others are refused.
pub fn own_cpu() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mut lines = status.lines();
    let allowed = lines.find_map(|line| line.strip_prefix("Cpus_allowed_list:"));
    // Numbers and ranges of numbers, in order.
    let last = allowed.unwrap().trim().rsplit([',', '-']).next();
    last.unwrap().parse().unwrap()
}

/// Sends a signal. With `STOP`, returns when the process has stopped: its threads do so one after the other.
pub fn signal(signal: &str, pid: u32) {
    let status = std::process::Command::new("kill")
        .arg(format!("-{signal}"))
        .arg(pid.to_string())
        .status();
    assert!(status.unwrap().success(), "kill -{signal} {pid}");
    if signal == "STOP" {
        until("it has stopped", || {
            let mut threads = std::fs::read_dir(format!("/proc/{pid}/task")).unwrap();
            threads.all(|thread| has_stopped(&thread.unwrap().path()))
        });
    }
}

/// One that has ended meanwhile does nothing either.
fn has_stopped(thread: &std::path::Path) -> bool {
    let stat = std::fs::read_to_string(thread.join("stat")).unwrap_or_default();
    let state = stat
        .rsplit(") ")
        .next()
        .and_then(|rest| rest.chars().next());
    state.is_none_or(|state| "TtZX".contains(state))
}
