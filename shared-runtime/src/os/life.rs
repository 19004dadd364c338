//! The lives of processes, as names in the file system can tell them: whose a name is, and whether its owner is gone.

use std::fs::{read_link, read_to_string};
use std::os::fd::AsFd;
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, pidfd_open};

use super::{Deadline, wait};

/// One process, told from all that have had its number before and will have it after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Life {
    pub(crate) pid: u32,
    /// When it started, in the kernel's ticks since the machine did.
    pub(crate) start: u64,
}

impl Life {
    /// That of this process; `None` where `/proc` does not tell.
    pub(crate) fn own() -> Option<Self> {
        let pid = std::process::id();
        start(pid).map(|start| Self { pid, start })
    }

    /// Whether the process has ended. `false` where that cannot be known: then it may be living.
    pub(crate) fn is_over(self) -> bool {
        is_over(self.pid, |start| start != self.start)
    }
}

/// Whether no process has this number, or one that `is_another` knows by its start. `false` where that cannot be known.
pub(super) fn is_over(pid: u32, is_another: impl FnOnce(u64) -> bool) -> bool {
    let Some(number) = i32::try_from(pid).ok().and_then(Pid::from_raw) else {
        return false;
    };
    match pidfd_open(number, PidfdFlags::empty()) {
        Err(Errno::SRCH) => return true,
        // Nobody has collected its end yet. A process whose first thread alone has ended is not taken for one.
        Ok(pidfd) if has_ended(&pidfd) => return true,
        // That number is a thread's by now, or no descriptor is left: its start will tell.
        Ok(_) | Err(_) => {}
    }
    start(pid).is_some_and(is_another)
}

fn has_ended(pidfd: impl AsFd) -> bool {
    let now = Deadline::after(Some(Duration::ZERO));
    matches!(wait(&[(pidfd.as_fd(), PollFlags::IN)], now), Ok(Some(_)))
}

fn start(pid: u32) -> Option<u64> {
    start_in(&read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// The start in a line of `/proc/<pid>/stat`: its 22nd field. The second is a name, which may have brackets and spaces of its own.
fn start_in(stat: &str) -> Option<u64> {
    let (_, from_third) = stat.rsplit_once(')')?;
    from_third.split_whitespace().nth(19)?.parse().ok()
}

/// Where numbers and starts of processes mean the same to everybody: one run of one machine, within one container. `None` where `/proc` does
/// not tell, or is that of another container. It has 40 bits: names with it are to be short.
pub(crate) fn realm() -> Option<u64> {
    let status = read_to_string("/proc/self/status").ok()?;
    if !numbers_in(&status).eq([std::process::id().to_string().as_str()]) {
        return None;
    }
    let boot = read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let pids = read_link("/proc/self/ns/pid").ok()?;
    // What starts are counted from differs between these. Kernels before 5.6 have but one.
    let times = read_link("/proc/self/ns/time").unwrap_or_default();
    let all = format!("{}{}{}", boot.trim(), pids.display(), times.display());
    Some(hash(&all) >> 24)
}

/// This process's numbers, from the container that `/proc` belongs to down to its own: one, if they are the same.
fn numbers_in(status: &str) -> impl Iterator<Item = &str> {
    let line = |name: &str| status.lines().find_map(|line| line.strip_prefix(name));
    let numbers = line("NSpid:").or_else(|| line("Pid:"));
    numbers.unwrap_or_default().split_whitespace()
}

/// FNV-1a: the same in every executable.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_it_has_ended_and_its_number_is_no_other_s() {
        let own = Life::own().unwrap();
        assert!(!own.is_over());
        let earlier = Life {
            start: own.start - 1,
            ..own
        };
        assert!(earlier.is_over(), "it had this number before");

        let mut child = std::process::Command::new("sleep")
            .arg("100")
            .spawn()
            .unwrap();
        let pid = child.id();
        let start = start(pid).unwrap();
        let life = Life { pid, start };
        assert!(!life.is_over());
        child.kill().unwrap();
        // It has ended when it can be waited for: until then nobody has collected it.
        while !life.is_over() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(life.is_over());
    }

    #[test]
    fn what_cannot_be_known_is_taken_for_living() {
        let start = 1;
        for pid in [0, u32::MAX] {
            assert!(!Life { pid, start }.is_over());
        }
    }

    #[test]
    fn what_the_kernel_says_is_understood() {
        let stat = "7 (a) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9 9";
        assert_eq!(start_in(stat), Some(4711));
        assert_eq!(start_in("7 (a) S 1"), None);
        let numbers = |status: &'static str| numbers_in(status).collect::<Vec<_>>();
        assert_eq!(numbers("Name:\tx\nPid:\t7\nNSpid:\t7\t3\n"), ["7", "3"]);
        assert_eq!(numbers("Pid:\t7\n"), ["7"]);
        assert!(numbers("").is_empty());
        assert_eq!(realm(), realm());
        assert!(realm().is_some());
    }
}
