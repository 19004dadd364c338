//! What a process has, compared before and after: children, threads, descriptors, and everything a name could be left in.

use std::cell::LazyCell;
use std::collections::{BTreeMap, HashSet};
use std::fs::read_to_string;
use std::path::Path;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};
use std::time::Duration;

use shared_runtime::memory::SharedMemory;
use shared_runtime::{ServerProcess, Shared};

use super::support::until;
use super::tools::Counter;

static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());

/// What there was when the test began. Dropping it waits until there is no more again, and fails the test if that does not come. Less is as
/// well: what an earlier test left to the background may have been there when this one began.
pub struct NothingLeft {
    before: Footprint,
    _alone: MutexGuard<'static, ()>,
}

impl NothingLeft {
    pub fn watch() -> Self {
        let alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
        warm_up();
        Self {
            before: Footprint::settled(std::process::id()),
            _alone: alone,
        }
    }
}

impl Drop for NothingLeft {
    fn drop(&mut self) {
        if std::thread::panicking() {
            return;
        }
        let me = std::process::id();
        let left = || Footprint::of(me).more_than(&self.before);
        for _ in 0..1000 {
            if left().is_empty() {
                return;
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        panic!("left behind:\n{}", left());
    }
}

/// Brings up what a process keeps once it has it: the background thread, the listener, the reaper, the lanes of the bridge.
fn warm_up() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let server = ServerProcess::start().unwrap();
        let counter = Counter::new_in(&server).unwrap();
        counter.add(1).unwrap();
        counter.panic().unwrap_err();
        // It ends with the server.
        Shared::with_timeout(&counter, Duration::from_millis(1))
            .nap(Duration::from_secs(1000))
            .unwrap_err();
        let here = Shared::new(Counter::new());
        Shared::calls(&here).add(1).detach().unwrap();
        here.get().unwrap();
        drop(here);
        drop(
            super::tasks::visit::spawn(Shared::new(Counter::new()))
                .unwrap()
                .join(),
        );
    });
}

/// Counts by kind and target: socket numbers differ from one moment to the next, how many there are must not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Footprint(BTreeMap<String, usize>);

impl Footprint {
    pub fn of(pid: u32) -> Self {
        let mut found = BTreeMap::new();
        let mut count = |what: String| *found.entry(what).or_insert(0) += 1;
        let process = format!("/proc/{pid}");
        for name in threads_of(pid) {
            count(format!("thread {name}"));
        }
        for thread in names(&format!("{process}/task")) {
            let children =
                read_to_string(format!("{process}/task/{thread}/children")).unwrap_or_default();
            children
                .split_whitespace()
                .for_each(|_| count("child process".into()));
        }
        for descriptor in names(&format!("{process}/fd")) {
            if let Ok(target) = std::fs::read_link(format!("{process}/fd/{descriptor}")) {
                count(format!("descriptor of {}", kind(&target)));
            }
        }
        for folder in folders() {
            for name in names(&folder) {
                count(format!("{folder}/{name}"));
            }
        }
        Self(found)
    }

    /// Taken when two looks in a row agree: what an earlier test left to the background thread is gone then.
    pub fn settled(pid: u32) -> Self {
        let mut last = Self::of(pid);
        loop {
            std::thread::sleep(Duration::from_millis(30));
            let next = Self::of(pid);
            if next == last {
                return next;
            }
            last = next;
        }
    }

    /// Whether the process has no more of anything than it had. Names in folders, which could be anybody's, are not looked at.
    pub fn is_within(&self, before: &Self) -> bool {
        self.grown(before).all(|(what, ..)| what.starts_with('/'))
    }

    /// What there is more of than before, a line each.
    pub fn more_than(&self, before: &Self) -> String {
        let line = |(what, before, now)| format!("  {what}: {before} before, {now} after");
        let lines: Vec<_> = self.grown(before).map(line).collect();
        lines.join("\n")
    }

    fn grown(&self, before: &Self) -> impl Iterator<Item = (&str, usize, usize)> {
        let pairs = self.0.iter().map(|(what, now)| {
            let before = before.0.get(what).copied().unwrap_or(0);
            (what.as_str(), before, *now)
        });
        pairs.filter(|(_, before, now)| now > before)
    }
}

/// What the threads of the runtime are called in a process. Others, as those of the test harness, come and go as they like.
pub fn threads_of(pid: u32) -> Vec<String> {
    let tasks = format!("/proc/{pid}/task");
    let threads = names(&tasks).into_iter();
    // One may have ended meanwhile.
    let names = threads.filter_map(|it| read_to_string(format!("{tasks}/{it}/comm")).ok());
    let names = names.map(|name| name.trim().to_owned());
    names.filter(|name| name.starts_with("shared-")).collect()
}

fn kind(target: &Path) -> String {
    let target = target.display().to_string();
    match target.split_once(":[") {
        Some((kind, _)) => kind.to_owned(),
        // The look itself opens these.
        None if target.starts_with("/proc/") => "proc".to_owned(),
        None => target,
    }
}

/// Where names can be left.
fn folders() -> Vec<String> {
    let mut folders = vec![
        "/dev/shm".to_owned(),
        std::env::temp_dir().display().to_string(),
    ];
    folders.extend(std::env::var("XDG_RUNTIME_DIR"));
    folders
}

/// What is in a folder. Outside `/proc` other programs leave names, too, and other runs of these tests: only those count that this process, or
/// the libraries it is built on, could have left.
fn names(folder: &str) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let names = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned());
    let of_others = LazyCell::new(|| blocks_beyond(std::process::id()));
    let ours = |name: &String| {
        let one_shot_server = || Path::new(folder).join(name).join("socket").exists();
        folder.starts_with("/proc")
            || name.starts_with("shared-") && has_our_tag(name)
            || name.starts_with("psm_") && !of_others.contains(name)
            || one_shot_server()
    };
    names.filter(ours).collect()
}

/// The names of blocks that are mapped by processes which neither are nor descend from this one: other programs give such names, too.
fn blocks_beyond(root: u32) -> HashSet<String> {
    let processes = names("/proc").into_iter().filter_map(|it| it.parse().ok());
    let others = processes.filter(|pid| !descends(*pid, root));
    let maps = others.filter_map(|pid: u32| read_to_string(format!("/proc/{pid}/maps")).ok());
    let blocks = |maps: String| -> Vec<_> {
        let names = maps.lines().filter_map(|line| line.split_once("/dev/shm/"));
        names.map(|(_, name)| name.to_owned()).collect()
    };
    maps.flat_map(blocks).collect()
}

fn descends(pid: u32, root: u32) -> bool {
    let parent = |pid: &u32| {
        let stat = read_to_string(format!("/proc/{pid}/stat")).ok()?;
        stat.rsplit_once(") ")?.1.split(' ').nth(1)?.parse().ok()
    };
    std::iter::successors(Some(pid), parent).any(|pid| pid == root)
}

#[test]
fn blocks_of_other_programs_are_told_from_ours() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let block = SharedMemory::create(1).unwrap();
    let name = block.name().unwrap();
    let mut child = std::process::Command::new("sleep")
        .arg("100")
        .spawn()
        .unwrap();
    let (me, below) = (std::process::id(), child.id());
    let is_ours = descends(below, me) && !blocks_beyond(me).contains(name);
    let is_of_another = !descends(me, below) && blocks_beyond(below).contains(name);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(
        is_ours && is_of_another,
        "{name}: {is_ours}, {is_of_another}"
    );
}

/// Names of this project have the number of the process that made them.
fn has_our_tag(name: &str) -> bool {
    let me = std::process::id().to_string();
    name.split(['-', '.']).any(|part| part == me)
}

#[test]
fn the_comparison_sees_what_is_left() {
    let _alone = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let me = std::process::id();
    let before = Footprint::settled(me);
    let name = std::env::temp_dir().join(format!("shared-leftover-{me}"));
    let file = std::fs::File::create(&name).unwrap();
    let of_others = std::env::temp_dir().join(format!("shared-others-{me}0"));
    std::fs::write(&of_others, "").unwrap();
    let mut child = std::process::Command::new("sleep")
        .arg("100")
        .spawn()
        .unwrap();
    let left = Footprint::of(me).more_than(&before);
    child.kill().unwrap();
    child.wait().unwrap();
    drop(file);
    std::fs::remove_file(&name).unwrap();
    std::fs::remove_file(&of_others).unwrap();
    assert!(left.contains("child process: 0 before, 1 after"), "{left}");
    assert_eq!(
        left.matches("shared-leftover").count(),
        2,
        "the name and the descriptor: {left}"
    );
    assert!(!left.contains("shared-others"), "{left}");
}

#[test]
fn nothing_is_left_in_a_server_that_clients_have_left() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let pid = server.pid();
    // The first visitor brings up what the server keeps.
    let kept = Counter::new_in(&server).unwrap();
    super::tasks::crowd::spawn((*server).clone(), kept.clone())
        .unwrap()
        .join()
        .unwrap();
    // What it had may still be there, and would make room for as much.
    until("the server is done with it", || {
        let seen = server.inspect().unwrap();
        seen.calls.is_empty() && seen.sessions.len() == 1
    });
    let before = Footprint::settled(pid);
    for _ in 0..5 {
        super::tasks::crowd::spawn((*server).clone(), kept.clone())
            .unwrap()
            .join()
            .unwrap();
    }
    until("the server has no more than it had", || {
        Footprint::of(pid).is_within(&before)
    });
    assert_eq!(server.object_count().unwrap(), 1);
}
