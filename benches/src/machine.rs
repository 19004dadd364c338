//! What the figures were made on, and what the kernel says of a process.

use std::fs;
use std::process::Command;

use serde::Serialize;

use crate::contender::Result;

/// The machine and what was built, as reports name them.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    pub(crate) commit: String,
    pub(crate) kernel: String,
    pub(crate) cpu: String,
    pub(crate) cpus: usize,
    pub(crate) rustc: String,
}

impl Machine {
    pub(crate) fn this() -> Self {
        let cpus = std::thread::available_parallelism().map_or(1, usize::from);
        Self {
            commit: said(Command::new("git").args([
                "describe",
                "--always",
                "--dirty",
                "--abbrev=40",
            ])),
            kernel: read("/proc/sys/kernel/osrelease").trim().to_owned(),
            cpu: cpu_model(&read("/proc/cpuinfo")),
            cpus,
            rustc: said(Command::new("rustc").arg("--version")),
        }
    }
}

const UNKNOWN: &str = "unknown";

/// The first line of what a program says, where it is installed.
pub(crate) fn said(command: &mut Command) -> String {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success());
    let text = output.map(|output| String::from_utf8_lossy(&output.stdout).into_owned());
    let line = text.as_deref().and_then(|text| text.lines().next());
    line.unwrap_or(UNKNOWN).to_owned()
}

fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|_| UNKNOWN.to_owned())
}

fn cpu_model(cpuinfo: &str) -> String {
    let line = cpuinfo.lines().find(|line| line.starts_with("model name"));
    let model = line.and_then(|line| line.split_once(':'));
    model.map_or(UNKNOWN, |(_, model)| model.trim()).to_owned()
}

/// How many threads wanted a CPU, on average over the last minute.
pub(crate) fn load() -> f64 {
    let text = read("/proc/loadavg");
    let first = text.split_whitespace().next();
    first
        .and_then(|first| first.parse().ok())
        .unwrap_or(f64::NAN)
}

/// What a package was built from, as `Cargo.lock` says.
pub(crate) fn version(package: &str) -> String {
    version_in(include_str!("../../Cargo.lock"), package)
}

fn version_in(lock: &str, package: &str) -> String {
    let head = format!("name = \"{package}\"\nversion = \"");
    let rest = lock.split_once(&head).map(|(_, rest)| rest);
    let version = rest.and_then(|rest| rest.split('"').next());
    version.unwrap_or(UNKNOWN).to_owned()
}

/// The nanoseconds that all threads of a process have run.
pub(crate) fn cpu_time(pid: u32) -> Result<u64> {
    let mut sum = 0;
    for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
        // A thread may end while they are counted.
        let text = fs::read_to_string(thread?.path().join("schedstat")).unwrap_or_default();
        let ran = text.split_whitespace().next();
        sum += ran
            .and_then(|ran| ran.parse::<u64>().ok())
            .unwrap_or_default();
    }
    Ok(sum)
}

/// The bytes of a process's memory that are there, with those that it shares with others divided among them.
pub(crate) fn resident(pid: u32) -> Result<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup"))?;
    proportional(&text)
        .ok_or_else(|| "the kernel does not tell how much memory a process has".into())
}

fn proportional(smaps: &str) -> Option<u64> {
    let line = smaps.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    let kib = line.trim().strip_suffix("kB")?.trim();
    kib.parse::<u64>().ok().map(|kib| kib * 1024)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_kernel_says_is_read() {
        let smaps =
            "00-01 ---p 0 00:00 0 [rollup]\nRss:    2084 kB\nPss:     611 kB\nPss_Dirty: 1 kB\n";
        assert_eq!(proportional(smaps), Some(611 * 1024));
        assert_eq!(proportional("Rss: 1 kB"), None);
        assert_eq!(
            cpu_model("processor : 0\nmodel name\t: Some CPU\n"),
            "Some CPU"
        );
        assert_eq!(cpu_model(""), UNKNOWN);
    }

    #[test]
    fn this_process_has_memory_and_time() {
        let pid = std::process::id();
        assert!(resident(pid).unwrap() > 0);
        let before = cpu_time(pid).unwrap();
        while cpu_time(pid).unwrap() == before {}
    }

    #[test]
    fn versions_come_from_the_lock_file() {
        let lock = "name = \"ab\"\nversion = \"1.2.3\"\n\nname = \"b\"\nversion = \"4.5\"\n";
        assert_eq!(version_in(lock, "b"), "4.5");
        assert_eq!(version_in(lock, "c"), UNKNOWN);
        assert_eq!(version("shared-runtime"), env!("CARGO_PKG_VERSION"));
    }
}
