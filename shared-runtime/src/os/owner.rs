//! Processes as one word, so that a lock in shared memory can say who has it, and others see whether that process still lives.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use rustix::io::Errno;
use rustix::process::{Pid, test_kill_process};

use super::fork::OncePerProcess;

/// The kernel's process ids have no more bits.
const PID_BITS: u32 = 22;
const START_BITS: u32 = 20;
const START_AT: u32 = 32;
const PLACE_AT: u32 = START_AT + START_BITS;

/// A process: its id in the low 22 bits, from bit 32 on when it was started, so that a later process of the same id is another one, and above
/// that a tag of the namespaces in which the two mean something. Bits 22 to 31 are whoever's who stores the word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Owner(u64);

impl Owner {
    /// This process.
    #[inline]
    pub(crate) fn this() -> Self {
        static THIS: OncePerProcess = OncePerProcess::new();
        Self(THIS.get(this_process))
    }

    /// Out of a word that anybody may have written.
    pub(crate) fn in_word(word: u64) -> Self {
        Self(word & (low_bits(PID_BITS) | !low_bits(START_AT)))
    }

    #[inline]
    pub(crate) fn word(self) -> u64 {
        self.0
    }

    pub(crate) fn pid(self) -> u32 {
        u32::try_from(self.0 & low_bits(PID_BITS)).unwrap_or(0)
    }

    /// Whether the process is known to have ended; of one in other namespaces nothing is known.
    pub(crate) fn has_ended(self) -> bool {
        let place = self.0 >> PLACE_AT;
        if place == 0 || place != Self::this().0 >> PLACE_AT {
            return false;
        }
        match stat(self.pid()) {
            Ok(stat) => stat.is_over() || stat.start != (self.0 >> START_AT) & low_bits(START_BITS),
            Err(error) => is_missing(&error) && self.gets_no_signals(),
        }
    }

    /// Where `/proc` hides the processes of others, one that is not there may live.
    fn gets_no_signals(self) -> bool {
        let pid = i32::try_from(self.pid()).ok().and_then(Pid::from_raw);
        pid.is_none_or(|pid| test_kill_process(pid) == Err(Errno::SRCH))
    }
}

fn this_process() -> u64 {
    let pid = std::process::id();
    let known = stat(pid).ok().zip(place());
    let (start, place) = known.map_or((0, 0), |(stat, place)| (stat.start, place));
    u64::from(pid) & low_bits(PID_BITS) | start << START_AT | place << PLACE_AT
}

/// A tag of the namespaces of this process: those in which ids and times of start are counted. Zero is none.
fn place() -> Option<u64> {
    let pids = fs::metadata("/proc/self/ns/pid").ok()?.ino();
    // Old kernels have one time for all.
    let times = fs::metadata("/proc/self/ns/time").map_or(0, |times| times.ino());
    Some(((pids ^ times.rotate_left(6)) & low_bits(u64::BITS - PLACE_AT)).max(1))
}

/// What the kernel says about a process.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: char,
    threads: u64,
    /// In ticks since the machine was started, the low bits.
    start: u64,
}

impl Stat {
    /// Whether nothing of it runs any more. One that has not been waited for is still there; a first thread that has ended before the others looks
    /// the same, but for their number.
    fn is_over(&self) -> bool {
        "ZXx".contains(self.state) && self.threads <= 1
    }

    fn parse(text: &str) -> Option<Self> {
        // Behind the name of the program, which may hold anything: the third field and those after it.
        let (_, rest) = text.rsplit_once(") ")?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
        Some(Self {
            state: fields.first()?.chars().next()?,
            threads: number(20)?,
            start: number(22)? & low_bits(START_BITS),
        })
    }
}

fn stat(pid: u32) -> io::Result<Stat> {
    let text = fs::read(format!("/proc/{pid}/stat"))?;
    Stat::parse(&String::from_utf8_lossy(&text)).ok_or_else(|| io::ErrorKind::InvalidData.into())
}

/// It ended before its file was opened, or before that was read.
fn is_missing(error: &io::Error) -> bool {
    [Errno::NOENT, Errno::SRCH]
        .map(|errno| Some(errno.raw_os_error()))
        .contains(&error.raw_os_error())
}

const fn low_bits(bits: u32) -> u64 {
    (1 << bits) - 1
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    fn of_child(pid: u32) -> Owner {
        let stat = stat(pid).unwrap();
        let place = Owner::this().0 >> PLACE_AT << PLACE_AT;
        Owner(u64::from(pid) | stat.start << START_AT | place)
    }

    #[test]
    fn this_process_lives_and_is_always_the_same() {
        assert_eq!(Owner::this(), Owner::this());
        assert_eq!(Owner::this().pid(), std::process::id());
        assert!(!Owner::this().has_ended());
        assert_eq!(
            Owner::in_word(Owner::this().word() | 1 << 31),
            Owner::this()
        );
    }

    #[test]
    fn a_child_has_ended_when_it_is_killed_and_before_it_is_waited_for() {
        let mut child = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let owner = of_child(child.id());
        assert!(!owner.has_ended());
        child.kill().unwrap();
        while !owner.has_ended() {
            std::thread::yield_now();
        }
        child.wait().unwrap();
        assert!(owner.has_ended());
    }

    #[test]
    fn another_process_of_the_same_id_is_another_one() {
        let earlier = Owner(Owner::this().0 ^ 1 << START_AT);
        assert!(earlier.has_ended());
    }

    #[test]
    fn nothing_is_known_of_other_namespaces() {
        for elsewhere in [Owner(Owner::this().0 ^ 1 << PLACE_AT), Owner(7), Owner(0)] {
            assert!(!elsewhere.has_ended());
        }
    }

    #[test]
    fn what_the_kernel_says_is_understood() {
        let fields: Vec<String> = (4..=52).map(|n| n.to_string()).collect();
        let text = format!("7 (a) b (c) Z {}\n", fields.join(" "));
        let stat = Stat::parse(&text).unwrap();
        assert_eq!((stat.state, stat.threads, stat.start), ('Z', 20, 22));
        assert!(!stat.is_over(), "other threads run");
        for wrong in ["", "7 (a) ", "7 (a) S 1 2", "7 a"] {
            assert_eq!(Stat::parse(wrong), None, "{wrong}");
        }
    }
}
