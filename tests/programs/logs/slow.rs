//! Loggers that wait for something, and roots that do not run.

use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Condvar, Mutex};
use std::time::Duration;

use log::{LevelFilter, Log, Metadata, Record};
use shared_runtime::{ServerProcess, shared, task};

use super::{root, seen, texts, until};

#[task]
fn say(records: usize, size: usize) {
    let text = "x".repeat(size);
    for _ in 0..records {
        log::info!("{text}");
    }
}

static PRINTED: AtomicUsize = AtomicUsize::new(0);

struct Print;

impl Log for Print {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        println!("{}", record.args());
        PRINTED.fetch_add(1, Ordering::Relaxed);
    }

    fn flush(&self) {}
}

/// `join` and the end of a server do not wait for a logger that waits for what their caller holds.
pub(crate) fn prints() {
    shared_runtime::init();
    log::set_logger(&Print).unwrap();
    log::set_max_level(LevelFilter::Info);
    let server = ServerProcess::start().unwrap();
    let talker = Talker::new_in(&server).unwrap();
    let mut locked = std::io::stdout().lock();
    writeln!(locked, "before").unwrap();
    let first = say::spawn(3_000, 10).unwrap();
    first.join().unwrap();
    say::spawn(10, 10).unwrap().join().unwrap();
    talker.talk(10, 10).unwrap();
    drop(server);
    assert_eq!(PRINTED.load(Ordering::Relaxed), 0);
    drop(locked);
    until(|| PRINTED.load(Ordering::Relaxed) == 3_020);
    println!("checked");
}

struct Panics;

impl Log for Panics {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        assert_ne!(record.line(), Some(PANICS), "on purpose");
        super::Keep.log(record);
    }

    fn flush(&self) {}
}

/// The line of the record that the logger cannot stand.
const PANICS: u32 = line!() + 5;

#[task]
fn provoke() {
    log::info!("before");
    log::info!("the worst");
    log::info!("after");
}

/// One record is lost to it, and nothing else.
pub(crate) fn panics() {
    shared_runtime::init();
    log::set_logger(&Panics).unwrap();
    log::set_max_level(LevelFilter::Info);
    provoke::spawn().unwrap().join().unwrap();
    assert_eq!(texts(), ["before", "after"]);
    println!("checked");
}

/// A logger that starts processes itself, and waits for them.
struct Joins;

impl Log for Joins {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        if record.args().to_string() == "before" {
            say::spawn(1, 3).unwrap().join().unwrap();
        }
        super::Keep.log(record);
    }

    fn flush(&self) {}
}

/// It cannot wait for what it has to do itself.
pub(crate) fn joins() {
    shared_runtime::init();
    log::set_logger(&Joins).unwrap();
    log::set_max_level(LevelFilter::Info);
    provoke::spawn().unwrap().join().unwrap();
    until(|| texts().len() == 4);
    let mut texts = texts();
    texts.sort();
    assert_eq!(texts, ["after", "before", "the worst", "xxx"]);
    println!("checked");
}

/// Lets nothing through while it is closed.
static GATE: (Mutex<bool>, Condvar) = (Mutex::new(false), Condvar::new());

struct Gated;

impl Log for Gated {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let open = GATE.0.lock().unwrap();
        drop(GATE.1.wait_while(open, |open| !*open).unwrap());
        super::Keep.log(record);
    }

    fn flush(&self) {}
}

fn dropped(text: &str) -> Option<usize> {
    let (number, _) = text.split_once(" log records ")?;
    text.contains("were dropped")
        .then(|| number.parse().unwrap())
}

/// More than all buffers hold: the process ends all the same, and what nobody will see is counted.
pub(crate) fn stands_still() {
    shared_runtime::init();
    log::set_logger(&Gated).unwrap();
    log::set_max_level(LevelFilter::Info);
    let records = 50_000;
    say::spawn(records, 1_000).unwrap().join().unwrap();
    assert!(seen().is_empty());
    *GATE.0.lock().unwrap() = true;
    GATE.1.notify_all();
    // Whoever is joined now is waited for again.
    until(|| texts().iter().any(|text| dropped(text).is_some()));
    say::spawn(1, 3).unwrap().join().unwrap();
    let texts = texts();
    assert_eq!(texts.last().unwrap(), "xxx");
    let lost: usize = texts.iter().filter_map(|text| dropped(text)).sum();
    let notices = texts.iter().filter(|text| dropped(text).is_some()).count();
    assert!(lost > 0);
    assert_eq!(texts.len() - notices - 1 + lost, records);
    println!("checked");
}

#[derive(Debug)]
pub(crate) struct Talker;

#[shared]
impl Talker {
    pub(crate) fn new() -> Self {
        Self
    }

    pub(crate) fn talk(&self, records: usize, size: usize) {
        say(records, size);
    }
}

fn signal(name: &str, pid: u32) {
    let status = Command::new("kill").args([name, &pid.to_string()]).status();
    assert!(status.unwrap().success());
}

const MANY: usize = 40;
const LARGE: usize = 1 << 20;

/// With the root stopped, a server goes on and a task waits.
#[task]
fn stop_the_root(root: u32) {
    // A part of this is for what the server has kept, which is much.
    let server = ServerProcess::builder()
        .name("talker")
        .shutdown_timeout(Duration::from_secs(1000))
        .start()
        .unwrap();
    let talker = Talker::new_in(&server).unwrap();
    signal("-STOP", root);
    // Returns, though nobody takes what it says.
    talker.talk(MANY, LARGE).unwrap();
    let waiting = std::thread::spawn(|| say(MANY, LARGE));
    signal("-CONT", root);
    waiting.join().unwrap();
}

pub(crate) fn owner_stopped() {
    root(LevelFilter::Info);
    stop_the_root::spawn(std::process::id())
        .unwrap()
        .join()
        .unwrap();
    let seen = seen();
    let by = |process: &str| {
        let of = move |record: &&super::Seen| record.origin.process() == process;
        seen.iter().filter(of).collect::<Vec<_>>()
    };
    let (server, task) = (by("talker"), by("stop_the_root"));
    assert_eq!(task.len(), MANY);
    assert!(task.iter().all(|record| record.text.len() == LARGE));
    let lost: Vec<usize> = server
        .iter()
        .filter_map(|record| dropped(&record.text))
        .collect();
    assert!(lost.iter().sum::<usize>() > 0, "{lost:?}");
    assert_eq!(server.len() - lost.len() + lost.iter().sum::<usize>(), MANY);
    println!("checked");
}
