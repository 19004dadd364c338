//! Server processes as such: their options, their end, and what `inspect` says.

use std::time::Duration;

use shared_runtime::{ErrorKind, Executed, ServerProcess, Shared, shared};

use super::calls::{Counter, Meeting};
use super::support::{own_cpu, until};

/// Knows the process it lives in.
pub struct Probe;

#[shared]
impl Probe {
    pub fn new() -> Self {
        Self
    }
    pub fn pid(&self) -> u32 {
        std::process::id()
    }
    pub fn read(&self, path: &str) -> String {
        std::fs::read_to_string(path).unwrap()
    }
    pub fn variable(&self, name: &str) -> Option<String> {
        std::env::var(name).ok()
    }
    pub fn variables(&self) -> Vec<String> {
        std::env::vars_os()
            .map(|(name, _)| name.to_string_lossy().into_owned())
            .collect()
    }
    pub fn close_on_exec(&self) -> Vec<String> {
        open_across_exec()
    }
    pub fn exit(&self, code: i32) {
        std::process::exit(code);
    }
    pub fn interrupt(&self) {
        let pid = std::process::id().to_string();
        assert!(
            std::process::Command::new("kill")
                .args(["-INT", &pid])
                .status()
                .unwrap()
                .success()
        );
    }
}

/// The descriptors beyond the standard ones that a program started here would inherit.
fn open_across_exec() -> Vec<String> {
    let mut open = Vec::new();
    for entry in std::fs::read_dir("/proc/self/fdinfo").unwrap() {
        let path = entry.unwrap().path();
        let number: u32 = path.file_name().unwrap().to_str().unwrap().parse().unwrap();
        let Ok(info) = std::fs::read_to_string(&path) else {
            continue;
        };
        let flags = info
            .lines()
            .find_map(|line| line.strip_prefix("flags:"))
            .unwrap()
            .trim();
        let close_on_exec = u32::from_str_radix(flags, 8).unwrap() & 0o2_000_000 != 0;
        if number > 2 && !close_on_exec {
            open.push(
                std::fs::read_link(format!("/proc/self/fd/{number}"))
                    .map_or(info, |to| to.display().to_string()),
            );
        }
    }
    open
}

#[test]
fn a_server_is_a_process_of_its_own_with_the_name_it_was_given() {
    let server = ServerProcess::builder().name("models").start().unwrap();
    let probe = Probe::new_in(&server).unwrap();
    assert_eq!(probe.pid().unwrap(), server.pid());
    assert_ne!(probe.pid().unwrap(), std::process::id());
    assert_eq!(server.name(), "models");
    assert_eq!(probe.read("/proc/self/comm").unwrap().trim(), "models");
}

#[test]
fn a_server_stays_on_its_cpus_with_every_thread() {
    let cpu = own_cpu();
    let server = ServerProcess::builder().cpus([cpu]).start().unwrap();
    let probe = Probe::new_in(&server).unwrap();
    probe.pid().unwrap();
    let tasks = std::fs::read_dir(format!("/proc/{}/task", server.pid())).unwrap();
    for task in tasks {
        let status = std::fs::read_to_string(task.unwrap().path().join("status")).unwrap();
        let allowed = status
            .lines()
            .find_map(|line| line.strip_prefix("Cpus_allowed_list:"))
            .unwrap();
        assert_eq!(allowed.trim(), cpu.to_string());
    }
}

#[test]
fn an_impossible_cpu_is_an_error_and_leaves_no_process() {
    let error = ServerProcess::builder()
        .cpus([100_000])
        .start()
        .unwrap_err();
    assert!(error.to_string().contains("100000"), "{error}");
}

#[test]
fn nothing_of_the_runtime_reaches_programs_that_a_server_starts() {
    let server = ServerProcess::start().unwrap();
    let probe = Probe::new_in(&server).unwrap();
    let leaked: Vec<String> = probe
        .variables()
        .unwrap()
        .into_iter()
        // What the user sets is for all of the user's programs.
        .filter(|name| name.starts_with("SHARED_") && name != "SHARED_TRANSPORT")
        .collect();
    assert_eq!(leaked, Vec::<String>::new());
    // What the test harness itself leaves open is inherited by both.
    let own = open_across_exec();
    let extra: Vec<String> = probe
        .close_on_exec()
        .unwrap()
        .into_iter()
        .filter(|to| !own.contains(to))
        .collect();
    assert_eq!(extra, Vec::<String>::new());
}

#[test]
fn a_server_ignores_ctrl_c() {
    let server = ServerProcess::start().unwrap();
    let probe = Probe::new_in(&server).unwrap();
    probe.interrupt().unwrap();
    assert_eq!(probe.pid().unwrap(), server.pid());
    server.shutdown().unwrap();
}

#[test]
fn a_server_that_exits_says_how() {
    // The call's own error says so if the process can be collected soon after its connection broke, which nobody promises.
    until("the error of a call says how", || {
        let server = ServerProcess::start().unwrap();
        let probe = Probe::new_in(&server).unwrap();
        let error = probe.exit(3).unwrap_err();
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Disconnected, Executed::Maybe)
        );
        let later = probe.pid().unwrap_err();
        assert_eq!(
            (later.kind(), later.executed()),
            (ErrorKind::Disconnected, Executed::No)
        );
        let ended = server.shutdown().unwrap_err();
        assert_eq!(ended.exit_status().unwrap().code(), Some(3));
        let said = error.exit_status();
        assert!(said.is_none_or(|said| said.code() == Some(3)), "{error}");
        said.is_some()
    });
}

#[test]
fn shutdown_lets_calls_end_and_drops_objects() {
    let folder = std::env::temp_dir().join(format!("shared-objects-{}", std::process::id()));
    let server = ServerProcess::start().unwrap();
    let flag = Flag::new_in(&server, &folder.display().to_string()).unwrap();
    flag.poke().unwrap();
    server.shutdown().unwrap();
    assert!(folder.exists(), "its Drop has run");
    std::fs::remove_file(folder).unwrap();
    assert_eq!(flag.poke().unwrap_err().kind(), ErrorKind::Disconnected);
}

/// Leaves a file behind when it is dropped.
pub struct Flag {
    path: String,
}

#[shared]
impl Flag {
    pub fn new(path: &str) -> Self {
        Self {
            path: path.to_owned(),
        }
    }
    pub fn poke(&self) {}
}

impl Drop for Flag {
    fn drop(&mut self) {
        std::fs::write(&self.path, "dropped").unwrap();
    }
}

#[test]
fn a_server_that_will_not_end_is_made_to() {
    let server = ServerProcess::builder()
        .shutdown_timeout(Duration::from_millis(100))
        .start()
        .unwrap();
    let meeting = Meeting::new_in(&server, 2).unwrap();
    std::thread::scope(|scope| {
        let caller = scope.spawn(|| meeting.attend().unwrap_err());
        until("the call runs", || {
            !server.inspect().unwrap().calls.is_empty()
        });
        // Its own way of ending does not wait for ever: sessions are cut after the timeout.
        let _ = server.shutdown();
        assert_eq!(caller.join().unwrap().kind(), ErrorKind::Disconnected);
    });
}

#[test]
fn inspect_tells_who_holds_what_and_what_runs() {
    let server = ServerProcess::builder().name("seen").start().unwrap();
    let meeting = Meeting::new_in(&server, 2).unwrap();
    let other = Counter::new_in(&server).unwrap();
    std::thread::scope(|scope| {
        let first = scope.spawn(|| meeting.attend().unwrap());
        until("the first is inside", || {
            server
                .inspect()
                .unwrap()
                .calls
                .iter()
                .any(|call| call.method.ends_with("::attend"))
        });
        let waiting =
            scope.spawn(|| Shared::with_timeout(&meeting, Duration::from_secs(599)).expect(2));
        until("the writer waits for the reader", || {
            server
                .inspect()
                .unwrap()
                .calls
                .iter()
                .any(|call| call.method.ends_with("::expect") && call.waits_for.len() == 1)
        });
        let seen = server.inspect().unwrap();
        assert!(seen.process.starts_with("seen (pid "));
        assert_eq!(seen.sessions.len(), 1);
        assert_eq!(seen.sessions[0].objects, 2);
        assert_eq!(seen.objects.len(), 2);
        assert!(
            seen.objects
                .iter()
                .all(|object| object.holders.len() == 1 && object.holders[0].1 == 1)
        );
        let writer = seen
            .calls
            .iter()
            .find(|call| call.method.ends_with("::expect"))
            .unwrap();
        assert!(writer.waits_for[0].contains("::attend"), "{writer:?}");
        // A reader behind the waiting writer waits too: arrivals are served in order. So the second to attend is let in by ending
        // the wait of the writer's caller: here, by giving the first what it waits for through the server's end.
        drop(server);
        assert!(first.join().is_err() && waiting.join().unwrap().is_err());
        drop(other);
    });
}

#[test]
fn several_servers_are_independent() {
    let servers: Vec<ServerProcess> = (0..3).map(|_| ServerProcess::start().unwrap()).collect();
    let counters: Vec<_> = servers
        .iter()
        .map(|server| Counter::new_in(server).unwrap())
        .collect();
    for (n, counter) in counters.iter().enumerate() {
        counter.add(n as u64).unwrap();
    }
    drop(servers);
    assert!(counters.iter().all(|counter| counter.get().is_err()));
}
