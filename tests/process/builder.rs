//! What can be said about a process before it starts, of either kind: where it runs, what it is given, and what it is called.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::path::PathBuf;

use shared_runtime::{ErrorKind, Executed, Process, Report, ServerProcess, Stdio, shared, task};
use test_models::{Meter, add_elsewhere};

use super::leftovers::NothingLeft;
use super::programs::built;
use super::support::own_cpu;

/// What a process knows of itself.
#[derive(Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct About {
    directory: PathBuf,
    variables: BTreeMap<String, String>,
    title: String,
    /// The names of its threads and the CPUs each may run on.
    threads: Vec<(String, String)>,
}

impl About {
    fn here() -> Self {
        let read = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        let threads = std::fs::read_dir("/proc/self/task").unwrap();
        let threads = threads.map(|thread| {
            let status = read(thread.unwrap().path().join("status"));
            let line = |name: &str| {
                let line = status.lines().find_map(|line| line.strip_prefix(name));
                line.unwrap().trim().to_owned()
            };
            (line("Name:"), line("Cpus_allowed_list:"))
        });
        Self {
            directory: std::env::current_dir().unwrap(),
            variables: std::env::vars().collect(),
            title: read("/proc/self/cmdline".into()),
            threads: threads.collect(),
        }
    }
}

#[task]
fn about() -> About {
    About::here()
}

/// Tells from inside of a server.
pub struct Teller;

#[shared]
impl Teller {
    pub fn new() -> Self {
        Self
    }
    pub fn about(&self) -> About {
        About::here()
    }
    pub fn prepared(&self) -> Option<String> {
        PREPARED.lock().unwrap().clone()
    }
}

fn task_about(
    said: impl Fn(shared_runtime::ProcessBuilder) -> shared_runtime::ProcessBuilder,
) -> About {
    let process = said(Process::builder()).spawn(about::call()).unwrap();
    process.join().unwrap()
}

fn server_about(
    said: impl Fn(shared_runtime::ServerBuilder) -> shared_runtime::ServerBuilder,
) -> About {
    let server = said(ServerProcess::builder()).start().unwrap();
    Teller::new_in(&server).unwrap().about().unwrap()
}

#[test]
fn the_environment_and_the_directory_are_those_that_were_asked_for() {
    let _nothing_left = NothingLeft::watch();
    let check = |about: About| {
        assert_eq!(about.directory, PathBuf::from("/"));
        let own = [("COLOUR", "green"), ("SIZE", "9")];
        let own = own.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(about.variables, BTreeMap::from(own));
    };
    let sizes = [("SIZE", "8"), ("SIZE", "9"), ("GONE", "soon")];
    check(task_about(|builder| {
        builder
            .env("LOST", "1")
            .env_clear()
            .env("COLOUR", "green")
            .envs(sizes)
            .env_remove("GONE")
            .current_dir("/")
    }));
    check(server_about(|builder| {
        builder
            .env("LOST", "1")
            .env_clear()
            .env("COLOUR", "green")
            .envs(sizes)
            .env_remove("GONE")
            .current_dir("/")
    }));
    let inherited = task_about(|builder| builder.env("COLOUR", "green")).variables;
    let here: BTreeMap<String, String> = std::env::vars().collect();
    assert_eq!(inherited.get("PATH"), here.get("PATH"));
    assert_eq!(inherited["COLOUR"], "green");
}

#[test]
fn every_thread_is_on_the_cpus_that_were_asked_for_and_has_a_name() {
    let _nothing_left = NothingLeft::watch();
    let cpu = own_cpu();
    let check = |about: About| {
        let only = cpu.to_string();
        assert!(
            about.threads.iter().all(|(_, cpus)| *cpus == only),
            "{about:?}"
        );
        let names = about.threads.iter().map(|(name, _)| name.as_str());
        let (own, others): (Vec<_>, Vec<_>) = names.partition(|name| *name == "pinned");
        assert!(!own.is_empty(), "{others:?}");
        // No test harness names the threads of others.
        let foreign = others.iter().find(|name| !name.starts_with("shared-"));
        assert_eq!(foreign, None);
        assert!(about.title.starts_with("pinned: "), "{}", about.title);
        let own = std::env::args().next().unwrap();
        assert!(about.title.contains(&own), "{}", about.title);
    };
    check(task_about(|builder| builder.name("pinned").cpus([cpu])));
    check(server_about(|builder| builder.name("pinned").cpus([cpu])));
}

#[test]
fn what_cannot_be_had_is_an_error_and_starts_nothing() {
    let _nothing_left = NothingLeft::watch();
    let long = "x".repeat(5000);
    let refused =
        |builder: shared_runtime::ProcessBuilder| builder.spawn(about::call()).unwrap_err();
    for (error, part) in [
        (refused(Process::builder().cpus([100_000])), "100000"),
        (
            refused(Process::builder().current_dir("/nowhere/at/all")),
            "No such file",
        ),
        (refused(Process::builder().env("a\0b", "c")), "nul"),
        (
            refused(Process::builder().executable("/nowhere")),
            "/nowhere: No such file",
        ),
        (
            refused(Process::builder().executable("/etc/passwd")),
            "not an executable",
        ),
        (
            refused(Process::builder().executable("/tmp")),
            "not an executable",
        ),
    ] {
        assert_eq!(error.kind(), ErrorKind::Io, "{error}");
        assert_eq!(error.executed(), Executed::No);
        assert!(error.to_string().contains(part), "{error}");
    }
    let error = refused(Process::builder().name(long));
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

/// Copies what it reads, in capitals, and says on its standard error how much that was.
#[task]
fn shouts() -> usize {
    let mut read = String::new();
    std::io::stdin().read_to_string(&mut read).unwrap();
    print!("{}", read.to_uppercase());
    std::io::stdout().flush().unwrap();
    eprint!("{} letters", read.len());
    read.len()
}

#[test]
fn streams_are_pipes_files_or_nothing() {
    let _nothing_left = NothingLeft::watch();
    let builder = Process::builder()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped());
    let mut process = builder
        .stderr(Stdio::piped())
        .spawn(shouts::call())
        .unwrap();
    process.take_stdin().unwrap().write_all(b"hello").unwrap();
    assert!(process.take_stdin().is_none(), "once");
    let (mut said, mut complained) = (String::new(), String::new());
    process
        .take_stdout()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    process
        .take_stderr()
        .unwrap()
        .read_to_string(&mut complained)
        .unwrap();
    assert_eq!((said.as_str(), complained.as_str()), ("HELLO", "5 letters"));
    assert_eq!(process.join().unwrap(), 5);

    let path = std::env::temp_dir().join(format!("shared-streams-{}", std::process::id()));
    let file = || {
        std::fs::File::options()
            .append(true)
            .create(true)
            .open(&path)
            .unwrap()
    };
    let builder = Process::builder().stdout(file()).stderr(file());
    for _ in 0..2 {
        assert_eq!(
            builder
                .clone()
                .spawn(shouts::call())
                .unwrap()
                .join()
                .unwrap(),
            0
        );
    }
    drop(builder);
    let written = std::fs::read_to_string(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    assert_eq!(written, "0 letters0 letters");

    let silent = Process::builder()
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    assert_eq!(silent.spawn(shouts::call()).unwrap().join().unwrap(), 0);
}

/// The streams of one process lead into those of the next, as in a shell.
#[test]
fn processes_are_joined_by_pipes() {
    let _nothing_left = NothingLeft::watch();
    let quiet = Process::builder()
        .stderr(Stdio::null())
        .stdout(Stdio::piped());
    let mut first = quiet
        .clone()
        .stdin(Stdio::piped())
        .spawn(shouts::call())
        .unwrap();
    let between = first.take_stdout().unwrap();
    let mut second = quiet.stdin(between).spawn(shouts::call()).unwrap();
    first.take_stdin().unwrap().write_all(b"abc").unwrap();
    let mut said = String::new();
    second
        .take_stdout()
        .unwrap()
        .read_to_string(&mut said)
        .unwrap();
    assert_eq!(said, "ABC");
    assert_eq!((first.join().unwrap(), second.join().unwrap()), (3, 3));
}

#[test]
fn another_program_runs_its_tasks_and_hosts_its_types() {
    let _nothing_left = NothingLeft::watch();
    let worker = built("examples", "worker");
    let server = ServerProcess::builder()
        .executable(&worker)
        .start()
        .unwrap();
    let program = std::fs::read_link(format!("/proc/{}/exe", server.pid())).unwrap();
    assert_eq!(program, worker.canonicalize().unwrap());
    let meter = Meter::new_in(&server).unwrap();
    let there = Process::builder().executable(&worker);
    let sum = there.clone().spawn(add_elsewhere::call(meter, 4)).unwrap();
    assert_eq!(sum.join().unwrap(), 4);
    let error = there.spawn(about::call()).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Unknown, Executed::No)
    );
    let text = error.to_string();
    for part in [
        "process::builder::about",
        "it knows test_models::add_elsewhere",
    ] {
        assert!(text.contains(part), "{text}");
    }
    let unprepared = ServerProcess::builder().executable(&worker);
    let error = unprepared
        .initializer(prepares::call("x"))
        .start()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown, "{error}");
}

#[test]
fn a_program_that_never_calls_init_and_ends_is_told() {
    let _nothing_left = NothingLeft::watch();
    let builder = Process::builder().executable("/bin/false");
    let error = builder.spawn(about::call()).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Exited, Executed::No)
    );
    assert_eq!(error.exit_status().unwrap().code(), Some(1));
}

static PREPARED: std::sync::Mutex<Option<String>> = std::sync::Mutex::new(None);

#[task]
fn prepares(with: &str) -> Result<u32, Report> {
    *PREPARED.lock().unwrap() = Some(with.to_owned());
    Ok(with.parse()?)
}

#[task]
fn refuses() -> Result<(), String> {
    Err("not today".into())
}

#[task]
fn falls_over() {
    panic!("over");
}

#[task]
fn leaves() {
    std::process::exit(9);
}

#[test]
fn an_initializer_runs_before_the_server_serves() {
    let _nothing_left = NothingLeft::watch();
    let builder = ServerProcess::builder().initializer(prepares::call("12"));
    for _ in 0..2 {
        let server = builder.clone().start().unwrap();
        let teller = Teller::new_in(&server).unwrap();
        assert_eq!(teller.prepared().unwrap().as_deref(), Some("12"));
    }
    assert_eq!(*PREPARED.lock().unwrap(), None, "there, and not here");
}

#[test]
fn an_initializer_that_fails_is_the_reason_why_a_server_does_not_start() {
    let _nothing_left = NothingLeft::watch();
    let builder = ServerProcess::builder;
    let failed = builder()
        .initializer(prepares::call("dozen"))
        .start()
        .unwrap_err();
    let refused = builder().initializer(refuses::call()).start().unwrap_err();
    for (error, part) in [
        (failed, "prepares: the initializer failed: invalid digit"),
        (refused, "not today"),
    ] {
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Exited, Executed::Yes)
        );
        assert!(error.to_string().contains(part), "{error}");
    }
    let error = builder()
        .initializer(falls_over::call())
        .start()
        .unwrap_err();
    assert_eq!(error.panic().unwrap().message(), "over");
    let error = builder().initializer(leaves::call()).start().unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Exited, Executed::Maybe)
    );
    assert_eq!(error.exit_status().unwrap().code(), Some(9));
}

/// Makes an object of the server known before anybody else can ask.
#[task]
fn publishes(elsewhere: shared_runtime::Shared<Teller>) {
    let here = shared_runtime::ServerHandle::local();
    here.publish("own", &Teller::new_in(&here).unwrap())
        .unwrap();
    here.publish("elsewhere", &elsewhere).unwrap();
}

#[test]
fn an_initializer_has_handles_and_publishes_objects() {
    let _nothing_left = NothingLeft::watch();
    let teller = shared_runtime::Shared::new(Teller::new());
    let builder = ServerProcess::builder().initializer(publishes::call(teller.clone()));
    let server = builder.start().unwrap();
    let own: shared_runtime::Shared<Teller> = server.lookup("own").unwrap().unwrap();
    assert!(own.about().unwrap().title.starts_with(server.name()));
    assert_eq!(server.lookup("elsewhere").unwrap(), Some(teller));
}
