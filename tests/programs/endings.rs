//! Programs that end while their tasks run, and programs that have their children collected by others.
#![expect(unsafe_code, reason = "signals and statuses as C programs handle them")]

use std::process::Command;
use std::sync::Mutex;
use std::time::Duration;

use shared_runtime::{CallError, ErrorKind, Executed, Never, Process, ServerProcess, task};

use super::Echo;

#[task]
fn ends_later(name: String, after: Duration) -> Vec<u8> {
    std::thread::sleep(after);
    println!("{name} has ended by itself");
    // Too much for a socket: nobody may be kept waiting for it.
    vec![1; 1_000_000]
}

static KEPT: Mutex<Vec<Process<Vec<u8>, Never>>> = Mutex::new(Vec::new());

const SOON: Duration = Duration::from_millis(300);

/// Starts one that is dropped, one that is kept, and one that is awaited when its executor goes.
fn starts_three(after: Duration) {
    drop(ends_later::spawn("the dropped one".into(), after).unwrap());
    KEPT.lock()
        .unwrap()
        .push(ends_later::spawn("the kept one".into(), after).unwrap());
    let awaited = ends_later::spawn("the awaited one".into(), after).unwrap();
    std::mem::forget(awaited.into_future());
    let detached = Process::builder().detached(true).name("detached");
    detached.spawn(ends_never::call()).unwrap();
}

#[task]
fn ends_never() {
    println!("detached {}", std::process::id());
    std::thread::sleep(Duration::from_secs(1000));
}

/// This program again, which ends in some way while its tasks run; what they all said.
fn ended(program: &str, how: &str) -> (String, Option<i32>) {
    let file = std::env::temp_dir().join(format!("shared-ended-{}-{how}", std::process::id()));
    let stdout = std::fs::File::create(&file).unwrap();
    let status = Command::new(std::env::current_exe().unwrap())
        .args([program, how])
        .stdout(stdout)
        .stderr(std::process::Stdio::null())
        .status();
    // Whatever its children say now is too late.
    let said = std::fs::read_to_string(&file).unwrap();
    let detached = loop {
        let said = std::fs::read_to_string(&file).unwrap();
        let mut lines = said.lines();
        match lines.find_map(|line| line.strip_prefix("detached ")?.parse().ok()) {
            Some(pid) => break pid,
            None => std::thread::sleep(Duration::from_millis(5)),
        }
    };
    std::fs::remove_file(&file).unwrap();
    // SAFETY: ends the detached task, which was started a moment ago and lives for long.
    let killed = unsafe { libc::kill(detached, libc::SIGKILL) };
    assert_eq!(killed, 0, "it was not waited for");
    (said, status.unwrap().code())
}

pub(super) fn waits_for_tasks() {
    let program = "a_program_waits_for_its_tasks";
    match std::env::args().nth(2).as_deref() {
        None => {}
        Some("returns") => {
            shared_runtime::init();
            return starts_three(SOON);
        }
        Some("exits") => {
            shared_runtime::init();
            starts_three(SOON);
            std::process::exit(5);
        }
        Some("panics") => {
            shared_runtime::init();
            starts_three(SOON);
            panic!("as asked");
        }
        Some(_) => {
            shared_runtime::init();
            // They are to run still when it ends, and end with it.
            starts_three(Duration::from_secs(1000));
            std::process::abort();
        }
    }
    for (how, code) in [("returns", 0), ("exits", 5), ("panics", 101)] {
        let (said, ended) = ended(program, how);
        assert_eq!(ended, Some(code), "{how}: {said}");
        assert_eq!(
            said.matches("has ended by itself").count(),
            3,
            "{how}: {said}"
        );
    }
    let (said, ended) = ended(program, "aborts");
    assert_eq!(
        (ended, said.matches("by itself").count()),
        (None, 0),
        "{said}"
    );
    println!("checked");
}

#[task]
fn exits(code: i32) -> u32 {
    if code == 0 {
        return 7;
    }
    std::process::exit(code)
}

/// Results come, and where there is none it is said that nobody knows how the process ended.
fn statuses_are_unknown() {
    for _ in 0..20 {
        assert_eq!(exits::spawn(0).unwrap().join().unwrap(), 7);
        let Err(CallError::Remote(error)) = exits::spawn(3).unwrap().join() else {
            panic!("it exits");
        };
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Exited, Executed::Maybe)
        );
        assert_eq!(error.exit_status().unwrap().code(), None);
        let text = error.to_string();
        assert!(
            text.contains("unknown exit status") && text.contains("SIGCHLD"),
            "{text}"
        );
    }
    let server = ServerProcess::start().unwrap();
    assert_eq!(Echo::new_in(&server).unwrap().double(4).unwrap(), 8);
    server.shutdown().unwrap();
    let missing = Process::builder()
        .executable("/bin/false")
        .spawn(exits::call(0))
        .unwrap_err();
    assert_eq!(missing.kind(), ErrorKind::Exited, "{missing}");
}

pub(super) fn ignores_sigchld() {
    // SAFETY: the kernel collects children from here on.
    unsafe { libc::signal(libc::SIGCHLD, libc::SIG_IGN) };
    shared_runtime::init();
    statuses_are_unknown();
    println!("checked");
}

pub(super) fn collects_every_child() {
    shared_runtime::init();
    std::thread::spawn(|| {
        loop {
            // SAFETY: collects any child, with no room for its status.
            let collected = unsafe { libc::waitpid(-1, std::ptr::null_mut(), 0) };
            if collected < 0 {
                std::thread::yield_now();
            }
        }
    });
    // Who is first, it or the runtime, is left to chance: both are right.
    for _ in 0..50 {
        assert_eq!(exits::spawn(0).unwrap().join().unwrap(), 7);
        let Err(CallError::Remote(error)) = exits::spawn(3).unwrap().join() else {
            panic!("it exits");
        };
        let code = error.exit_status().unwrap().code();
        assert!(
            code == Some(3) || error.to_string().contains("unknown"),
            "{error}"
        );
    }
    println!("checked");
}
