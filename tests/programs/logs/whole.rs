//! One record, and everything in it, from wherever it comes.

use std::time::SystemTime;

use log::{Level, LevelFilter};
use shared_runtime::{Process, ServerProcess, Shared, shared, task};

use super::{between, root, seen, texts, until};

/// The lines of the two records below.
const LINES: [u32; 2] = [line!() + 5, line!() + 7];

#[task]
fn speak() -> [SystemTime; 2] {
    let before = SystemTime::now();
    log::info!(target: "wood", tree = "oak", rings = 120; "it {}", "fell");
    let helper = std::thread::Builder::new().name("helper".into());
    let other = helper.spawn(|| log::error!("it {}", "broke"));
    other.unwrap().join().unwrap();
    [before, SystemTime::now()]
}

/// Level, target, text, module, file, line, thread, process, process id, original time, key-values; once; before `join` returns.
pub(crate) fn arrive() {
    root(LevelFilter::Info);
    log::warn!("of the root");
    let worker = Process::builder().name("lumberjack").spawn(speak::call());
    let worker = worker.unwrap();
    let pid = worker.pid();
    let [before, after] = worker.join().unwrap();

    let seen = seen().clone();
    let [own, fell, broke] = &seen[..] else {
        panic!("{seen:?}");
    };
    assert_eq!(own.origin.pid(), std::process::id());
    assert!(own.values.is_empty());
    assert_eq!((fell.level, broke.level), (Level::Info, Level::Error));
    assert_eq!((&*fell.target, &*broke.target), ("wood", module_path!()));
    assert_eq!((&*fell.text, &*broke.text), ("it fell", "it broke"));
    assert_eq!(
        (fell.origin.thread(), broke.origin.thread()),
        ("main", "helper")
    );
    assert_eq!([fell.line, broke.line], LINES.map(Some));
    for record in [fell, broke] {
        assert_eq!(record.module.as_deref(), Some(module_path!()));
        assert_eq!(record.file.as_deref(), Some(file!()));
        assert_eq!(record.origin.process(), "lumberjack");
        assert_eq!(record.origin.pid(), pid);
        assert!(between(before, record.origin.time(), after), "{record:?}");
        assert_eq!(record.values["process"], "lumberjack");
        assert_eq!(record.values["pid"], pid.to_string());
        assert_eq!(record.values["thread"], record.origin.thread());
        assert_eq!(record.values["time"], record.origin.timestamp().to_string());
    }
    assert_eq!(
        (&*fell.values["tree"], &*fell.values["rings"]),
        ("oak", "120")
    );
    assert_eq!((fell.values.len(), broke.values.len()), (6, 4));
    assert!(fell.origin.time() <= broke.origin.time());
    println!("checked");
}

#[task]
fn print() {
    log::info!("logged");
    println!("on its output");
    eprintln!("on its error");
}

/// What a child prints is where it always was, and what it logs is not among it.
pub(crate) fn streams() {
    if std::env::args().nth(2).is_none() {
        let again = std::process::Command::new(std::env::current_exe().unwrap())
            .args(["streams_are_left_alone", "again"])
            .output()
            .unwrap();
        assert!(again.status.success(), "{again:?}");
        assert_eq!(String::from_utf8_lossy(&again.stdout), "on its output\n");
        assert_eq!(String::from_utf8_lossy(&again.stderr), "on its error\n");
        println!("checked");
        return;
    }
    root(LevelFilter::Info);
    print::spawn().unwrap().join().unwrap();
    assert_eq!(texts(), ["logged"]);
}

#[task]
fn generation(depth: u32) -> Vec<u32> {
    log::info!("before {depth}");
    let mut pids = vec![std::process::id()];
    if depth > 0 {
        let child = Process::builder().name(format!("depth-{depth}"));
        pids.extend(
            child
                .spawn(generation::call(depth - 1))
                .unwrap()
                .join()
                .unwrap(),
        );
    }
    log::info!("after {depth}");
    pids
}

/// Each once, from the process that made it, in the order in which one thing followed from another.
pub(crate) fn grandchildren() {
    root(LevelFilter::Info);
    let pids = generation::spawn(3).unwrap().join().unwrap();
    let seen = seen().clone();
    let said: Vec<_> = seen
        .iter()
        .map(|record| (&*record.text, record.origin.process(), record.origin.pid()))
        .collect();
    let expected = [
        ("before 3", "generation", pids[0]),
        ("before 2", "depth-3", pids[1]),
        ("before 1", "depth-2", pids[2]),
        ("before 0", "depth-1", pids[3]),
        ("after 0", "depth-1", pids[3]),
        ("after 1", "depth-2", pids[2]),
        ("after 2", "depth-3", pids[1]),
        ("after 3", "generation", pids[0]),
    ];
    assert_eq!(said, expected);
    println!("checked");
}

#[derive(Debug)]
pub(crate) struct Clerk;

#[shared]
impl Clerk {
    pub(crate) fn new() -> Self {
        log::info!("hired");
        Self
    }

    pub(crate) fn note(&self, text: &str) {
        log::info!("{text}");
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        log::info!("let go");
    }
}

#[task]
fn visit(clerk: Shared<Clerk>) {
    clerk.note("of a client").unwrap();
}

/// While it serves, and up to its end; of whatever client the call was.
pub(crate) fn server() {
    root(LevelFilter::Info);
    let server = ServerProcess::builder().name("office").start().unwrap();
    let clerk = Clerk::new_in(&server).unwrap();
    clerk.note("first").unwrap();
    until(|| texts() == ["hired", "first"]);
    visit::spawn(clerk.clone()).unwrap().join().unwrap();
    // The client had its reply after the record was made, and was joined after that.
    assert_eq!(texts(), ["hired", "first", "of a client"]);
    clerk.note("last").unwrap();
    server.shutdown().unwrap();
    assert_eq!(texts()[3], "last");
    assert!(
        seen()
            .iter()
            .all(|record| record.origin.process() == "office")
    );
    println!("checked");
}
