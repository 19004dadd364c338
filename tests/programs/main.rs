//! Programs with a `main` of their own, which a test harness cannot offer: how they start decides what is tested. This program
//! runs itself once for each of them, and says as test harnesses do how many passed.
#![deny(unsafe_code)]
#![allow(
    unreachable_pub,
    clippy::mutable_key_type,
    clippy::unused_self,
    reason = "a test crate exports nothing; its types and tasks are written as users write theirs"
)]

use std::process::{Command, exit};

use shared_runtime::{ErrorKind, ServerHandle, ServerProcess, shared, task};

mod containers;
mod endings;
mod executables;
mod fork;
mod full_memory;
mod logs;
mod memory;
mod stranger;

type Program = (&'static str, fn());

const PROGRAMS: [Program; 17] = [
    ("forgets_init", forgets_init),
    ("dies_before_init", dies_before_init),
    ("main_returns_an_error", plain::main_checked),
    ("tokio_main_below", below::checked),
    ("tokio_main_above", above::checked),
    (
        "a_variable_alone_makes_no_child",
        a_variable_alone_makes_no_child,
    ),
    ("closed_standard_streams", closed_standard_streams),
    ("a_fork_outlives_its_parent", fork::checked),
    ("a_task_in_a_container", fork::contained),
    ("a_program_waits_for_its_tasks", endings::waits_for_tasks),
    (
        "memory_goes_with_its_program",
        memory::goes_with_its_program,
    ),
    ("sigchld_is_ignored", endings::ignores_sigchld),
    (
        "somebody_else_collects_every_child",
        endings::collects_every_child,
    ),
    ("another_executable", executables::checked),
    ("strangers_who_say_nothing", stranger::checked),
    ("a_folder_without_room", full_memory::checked),
    ("two_containers_with_one_folder", containers::checked),
];

fn programs() -> impl Iterator<Item = &'static Program> {
    PROGRAMS.iter().chain(&logs::PROGRAMS)
}

fn main() {
    // Children get the command line of the program they belong to, so they come by here too.
    let asked = std::env::args().nth(1);
    if asked.as_deref() == Some(executables::OTHER) {
        return executables::other();
    }
    if asked.as_deref() == Some(containers::OTHER) {
        return containers::other();
    }
    if asked.as_deref() == Some(full_memory::SMALL) {
        return full_memory::with_a_small_folder();
    }
    if let Some((_, program)) = programs().find(|(name, _)| Some(*name) == asked.as_deref()) {
        return program();
    }
    let mut failed = 0;
    for (name, _) in programs() {
        let output = Command::new(std::env::current_exe().unwrap())
            .arg(name)
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stdout).into_owned()
            + &String::from_utf8_lossy(&output.stderr);
        let passed = output.status.success() && said.matches("checked").count() == 1;
        println!(
            "program {name} ... {}",
            if passed { "ok" } else { "FAILED" }
        );
        for line in said.lines().filter(|line| line.starts_with("skipped: ")) {
            println!("  {line}");
        }
        if !passed {
            println!("{}\n{said}", output.status);
            failed += 1;
        }
    }
    println!(
        "\ntest result: {} passed, {failed} failed",
        programs().count() - failed
    );
    exit(i32::from(failed > 0));
}

#[derive(Debug)]
struct Echo;

#[shared]
impl Echo {
    pub(crate) fn new() -> Self {
        Self
    }
    pub(crate) fn double(&self, n: u32) -> u32 {
        2 * n
    }
}

#[task]
fn triple(n: u32) -> u32 {
    3 * n
}

/// A child that has children of both kinds.
#[task]
fn nested(n: u32) -> u32 {
    let server = ServerProcess::start().unwrap();
    let doubled = Echo::new_in(&server).unwrap().double(n).unwrap();
    triple::spawn(doubled).unwrap().join().unwrap()
}

fn check() {
    let server = ServerProcess::start().unwrap();
    assert_eq!(Echo::new_in(&server).unwrap().double(4).unwrap(), 8);
    assert_eq!(triple::spawn(4).unwrap().join().unwrap(), 12);
    assert_eq!(nested::spawn(1).unwrap().join().unwrap(), 6);
    println!("checked");
}

fn forgets_init() {
    for error in [
        ServerProcess::start().unwrap_err(),
        triple::spawn(1).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::NotInitialized);
        for advice in [
            "#[shared_runtime::main]",
            "shared_runtime::init()",
            "test_support!",
        ] {
            assert!(error.to_string().contains(advice), "{error}");
        }
    }
    let children = std::fs::read_to_string("/proc/thread-self/children").unwrap();
    assert_eq!(children, "", "nothing was started");
    // What needs no process works all the same.
    assert_eq!(
        Echo::new_in(&ServerHandle::local())
            .unwrap()
            .double(1)
            .unwrap(),
        2
    );
    println!("checked");
}

fn dies_before_init() {
    if std::env::vars_os().any(|(name, _)| name.to_string_lossy().starts_with("SHARED_RUNTIME_")) {
        eprintln!("this child cannot go on");
        exit(4);
    }
    shared_runtime::init();
    let started = ServerProcess::start().unwrap_err();
    let spawned = triple::spawn(1).unwrap_err();
    for error in [started, spawned] {
        assert_eq!(error.kind(), ErrorKind::Exited, "{error:?}");
        assert_eq!(error.exit_status().unwrap().code(), Some(4));
        assert!(
            error.to_string().contains("this child cannot go on"),
            "{error}"
        );
    }
    println!("checked");
}

fn a_variable_alone_makes_no_child() {
    if std::env::args().nth(2).is_none() {
        let status = Command::new(std::env::current_exe().unwrap())
            .args(["a_variable_alone_makes_no_child", "again"])
            .env("SHARED_RUNTIME_CHILD", format!("5:{:032x}", 17))
            .status()
            .unwrap();
        assert!(status.success());
        return;
    }
    shared_runtime::init();
    check();
}

/// A daemon has none; what is opened then gets their numbers.
fn closed_standard_streams() {
    if std::env::args().nth(2).is_none() {
        let itself = std::env::current_exe().unwrap();
        let command = format!(
            "'{}' closed_standard_streams again 0<&- 2>&-",
            itself.display()
        );
        assert!(
            Command::new("sh")
                .args(["-c", &command])
                .status()
                .unwrap()
                .success()
        );
        return;
    }
    shared_runtime::init();
    check();
}

mod plain {
    #[shared_runtime::main]
    fn main() -> Result<(), String> {
        super::check();
        Err("as main may".into())
    }

    pub fn main_checked() {
        assert_eq!(main(), Err("as main may".to_owned()));
    }
}

mod below {
    /// Ours outermost: `init` runs before tokio's threads exist.
    #[shared_runtime::main]
    #[tokio::main(flavor = "multi_thread", worker_threads = 2)]
    async fn main() -> Result<(), std::num::ParseIntError> {
        let n: u32 = "4".parse()?;
        assert_eq!(n, 4);
        tokio::task::spawn_blocking(super::check).await.unwrap();
        Ok(())
    }

    pub fn checked() {
        main().unwrap();
    }
}

mod above {
    /// Tokio's outermost.
    #[tokio::main(flavor = "current_thread")]
    #[shared_runtime::main]
    async fn main() {
        super::check();
    }

    pub fn checked() {
        main();
    }
}
