//! The ways in which processes end, again and again, and who ends with whom: owners, tasks, servers, and what is detached.
//!
//! `EXIT_ROUNDS` says how often each way is gone: `EXIT_ROUNDS=100 cargo test --test process every_way` is the long run.

use std::process::Command;
use std::time::Duration;

use shared_runtime::{
    CallError, ErrorKind, Process, ServerHandle, ServerProcess, Shared, shared, task,
};

use super::chaos::number_in;
use super::leftovers::NothingLeft;
use super::support::{signal, until};
use super::tools::{Counter, alive};

/// The processes that have said that they run.
#[derive(Default)]
pub struct Roll(Vec<(String, u32)>);

#[shared]
impl Roll {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn enter(&mut self, name: &str, pid: u32) {
        self.0.push((name.to_owned(), pid));
    }
    pub fn all(&self) -> Vec<(String, u32)> {
        self.0.clone()
    }
}

fn pid_of(roll: &Shared<Roll>, name: &str) -> u32 {
    let mut found = None;
    until(&format!("{name} runs"), || {
        let all = roll.all().unwrap();
        found = all.into_iter().find(|entry| entry.0 == name);
        found.is_some()
    });
    found.unwrap().1
}

#[task]
fn answers(value: Option<u32>) -> Result<u32, String> {
    value.ok_or_else(|| "as asked".into())
}

#[task]
fn panics() -> Result<u32, String> {
    panic!("as asked")
}

#[task]
fn exits(code: i32) -> Result<u32, String> {
    std::process::exit(code)
}

#[task]
fn aborts() -> Result<u32, String> {
    std::process::abort()
}

/// Rust's own handler takes the first for a fault that will come again.
#[task]
fn segfaults() -> Result<u32, String> {
    let itself = std::process::id().to_string();
    loop {
        let sent = Command::new("kill").args(["-SEGV", &itself]).status();
        assert!(sent.unwrap().success());
    }
}

#[task]
fn sleeps() -> Result<u32, String> {
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

#[task]
fn long_text(size: usize) -> String {
    "abcde".repeat(size / 5)
}

type Ended = Result<u32, CallError<String>>;

fn how(ended: Ended) -> String {
    match ended {
        Ok(value) => format!("returned {value}"),
        Err(CallError::Method(text)) => text,
        Err(CallError::Remote(error)) => match (error.kind(), error.exit_status()) {
            (ErrorKind::Panicked, None) => {
                format!("panicked: {}", error.panic().unwrap().message())
            }
            (ErrorKind::Exited, Some(status)) => status.to_string(),
            _ => panic!("{error:?}"),
        },
    }
}

type Way = (&'static str, fn() -> Ended);

fn ended_by(kill: fn(&Process<u32, String>)) -> Ended {
    let process = sleeps::spawn().unwrap();
    kill(&process);
    process.join()
}

const WAYS: [Way; 10] = [
    ("returned 1", || answers::spawn(Some(1)).unwrap().join()),
    ("as asked", || answers::spawn(None).unwrap().join()),
    ("panicked: as asked", || panics::spawn().unwrap().join()),
    ("exit code 0", || exits::spawn(0).unwrap().join()),
    ("exit code 77", || exits::spawn(77).unwrap().join()),
    ("signal 6 (SIGABRT)", || aborts::spawn().unwrap().join()),
    ("signal 11 (SIGSEGV)", || segfaults::spawn().unwrap().join()),
    ("signal 15 (SIGTERM)", || ended_by(Process::terminate)),
    ("signal 9 (SIGKILL)", || ended_by(Process::kill)),
    ("returned 1", || {
        pollster::block_on(answers::spawn(Some(1)).unwrap().into_future())
    }),
];

#[test]
fn every_way_to_end_is_told_as_what_it_was_again_and_again() {
    let _nothing_left = NothingLeft::watch();
    for _ in 0..number_in("EXIT_ROUNDS").unwrap_or(5) {
        for (expected, way) in WAYS {
            assert_eq!(how(way()), expected);
        }
        // Whoever is dropped is collected all the same.
        for dropped in [
            answers::spawn(Some(1)),
            answers::spawn(None),
            exits::spawn(3),
            aborts::spawn(),
        ] {
            drop(dropped.unwrap());
        }
    }
}

#[test]
fn a_kill_that_nobody_here_sent_may_have_been_for_want_of_memory() {
    let _nothing_left = NothingLeft::watch();
    let killed_by = |kill: &dyn Fn(&Process<u32, String>)| {
        let process = sleeps::spawn().unwrap();
        kill(&process);
        let error = process.join().unwrap_err();
        error.remote().unwrap().to_string()
    };
    let text = killed_by(&|process| signal("KILL", process.pid()));
    assert!(
        text.contains("SIGKILL") && text.contains("possibly out of memory"),
        "{text}"
    );
    let text = killed_by(&Process::kill);
    assert!(
        text.contains("SIGKILL") && !text.contains("memory"),
        "{text}"
    );
    let server = ServerProcess::start().unwrap();
    signal("KILL", server.pid());
    let text = server.shutdown().unwrap_err().to_string();
    assert!(text.contains("possibly out of memory"), "{text}");
}

#[test]
fn a_result_of_two_hundred_megabytes_comes_whole() {
    let _nothing_left = NothingLeft::watch();
    let large = long_text::spawn(200_000_000).unwrap().join().unwrap();
    assert!(large == long_text(200_000_000));
}

/// A task, its own task, a server, and a task that the server's object has started: a tree of five with this one.
#[task]
fn tree(roll: Shared<Roll>) {
    roll.enter("root", std::process::id()).unwrap();
    let server = ServerProcess::builder().initializer(clings::call());
    let server = server
        .shutdown_timeout(Duration::from_millis(500))
        .start()
        .unwrap();
    roll.enter("server", server.pid()).unwrap();
    let starter = Starter::new_in(&server).unwrap();
    starter.start(roll.clone()).unwrap();
    let child = enters::spawn("child".into(), roll).unwrap();
    child.join().unwrap();
}

#[task]
fn enters(name: String, roll: Shared<Roll>) {
    roll.enter(&name, std::process::id()).unwrap();
    sleeps().unwrap();
}

/// Starts tasks from inside of a server.
pub struct Starter;

#[shared]
impl Starter {
    pub fn new() -> Self {
        Self
    }
    pub fn start(&self, roll: Shared<Roll>) {
        enters::spawn("grandchild".into(), roll).unwrap();
    }
}

/// Keeps the main thread of its process from ending.
struct Clings;

impl Drop for Clings {
    fn drop(&mut self) {
        sleeps().unwrap();
    }
}

thread_local! {
    static CLINGS: Clings = const { Clings };
}

#[task]
fn clings() {
    CLINGS.with(|_| ());
}

fn ends_the_tree(end: fn(u32)) {
    let _nothing_left = NothingLeft::watch();
    let roll = Shared::new(Roll::new());
    // In a session of its own, so that signals to its group reach nobody else.
    let root = Process::builder()
        .detached(true)
        .spawn(tree::call(roll.clone()))
        .unwrap();
    let names = ["root", "server", "child", "grandchild"];
    let pids = names.map(|name| pid_of(&roll, name));
    end(pids[0]);
    for (name, pid) in names.iter().zip(pids) {
        until(&format!("the {name} is gone"), || !alive(pid));
    }
    root.join().unwrap_err();
}

/// What a terminal does.
#[test]
fn ctrl_c_ends_the_whole_tree_whatever_a_server_clings_to() {
    if ignores_interrupts() {
        println!(
            "SKIPPED: SIGINT is ignored here, as in the background of a script, and so it is in children"
        );
        return;
    }
    ends_the_tree(|root| {
        let group = format!("-{root}");
        let sent = Command::new("kill").args(["-INT", "--", &group]).status();
        assert!(sent.unwrap().success());
    });
}

fn ignores_interrupts() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = u64::from_str_radix(mask.unwrap().trim(), 16).unwrap();
    mask & 1 << (libc::SIGINT - 1) != 0
}

#[test]
fn a_killed_root_takes_the_whole_tree_with_it() {
    ends_the_tree(|root| signal("KILL", root));
}

/// Starts what is to live on, and says so.
#[task]
fn leaves_others_behind(home: ServerHandle, roll: Shared<Roll>) {
    let beat = Counter::new_in(&home).unwrap();
    home.publish("beat", &beat).unwrap();
    let task = Process::builder().name("survivor").detached(true);
    let task = task.spawn(beats::call(beat)).unwrap();
    roll.enter("task", task.pid()).unwrap();
    let server = ServerProcess::builder().detached(true).start().unwrap();
    roll.enter("server", server.pid()).unwrap();
    let there = Counter::new_in(&server).unwrap();
    home.publish("there", &there).unwrap();
}

#[task]
fn beats(counter: Shared<Counter>) {
    loop {
        counter.add(1).unwrap();
        std::thread::sleep(Duration::from_millis(2));
    }
}

#[test]
fn what_is_detached_survives_its_owner_and_uses_its_handles() {
    let _nothing_left = NothingLeft::watch();
    let (home, roll) = (ServerProcess::start().unwrap(), Shared::new(Roll::new()));
    let owner = leaves_others_behind::spawn((*home).clone(), roll.clone()).unwrap();
    // Though its children live, it is not kept from ending.
    owner.join().unwrap();
    let beat: Shared<Counter> = home.lookup("beat").unwrap().unwrap();
    let before = beat.get().unwrap();
    until("the task goes on counting", || {
        beat.get().unwrap() > before + 5
    });
    let there: Shared<Counter> = home.lookup("there").unwrap().unwrap();
    assert_eq!(there.add(1), Ok(1));
    let session = |pid: u32| {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap();
        let after = stat.rsplit(')').next().unwrap();
        after.split_whitespace().nth(3).unwrap().to_owned()
    };
    for name in ["task", "server"] {
        let pid = pid_of(&roll, name);
        assert_eq!(session(pid), pid.to_string(), "Ctrl-C does not reach it");
        signal("KILL", pid);
        until("it is gone", || !alive(pid));
    }
}

#[test]
fn a_detached_server_is_left_running_by_drop_and_ended_by_shutdown() {
    let _nothing_left = NothingLeft::watch();
    let start = || ServerProcess::builder().detached(true).start().unwrap();
    let (dropped, ended) = (start(), start());
    let counter = Counter::new_in(&dropped).unwrap();
    let pid = dropped.pid();
    drop(dropped);
    assert_eq!(counter.add(1), Ok(1));
    signal("KILL", pid);
    let pid = ended.pid();
    ended.shutdown().unwrap();
    assert!(!alive(pid));
}

#[test]
fn a_task_waits_for_its_own_tasks_before_it_ends() {
    let _nothing_left = NothingLeft::watch();
    let (gate, roll) = (Shared::new(Counter::new()), Shared::new(Roll::new()));
    let mut outer = drops_a_task::spawn(gate.clone(), roll.clone()).unwrap();
    let inner = pid_of(&roll, "inner");
    until("the outer one has done its work", || {
        pid_of(&roll, "outer") == outer.pid()
    });
    assert!(outer.join_timeout(Duration::from_millis(50)).is_none());
    assert!(alive(inner));
    gate.add(1).unwrap();
    outer.join().unwrap();
    assert!(!alive(inner));
    assert_eq!(gate.get(), Ok(2), "it ran to its end");
}

#[task]
fn drops_a_task(gate: Shared<Counter>, roll: Shared<Roll>) {
    drop(waits_at::spawn(gate, roll.clone()).unwrap());
    roll.enter("outer", std::process::id()).unwrap();
}

#[task]
fn waits_at(gate: Shared<Counter>, roll: Shared<Roll>) {
    roll.enter("inner", std::process::id()).unwrap();
    while gate.get().unwrap() == 0 {
        std::thread::sleep(Duration::from_millis(2));
    }
    gate.add(1).unwrap();
}
