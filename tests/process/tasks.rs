//! `#[task]` processes: every way in which one can end.

use std::time::Duration;

use shared_runtime::{
    CallError, ErrorKind, Executed, Report, ServerHandle, ServerProcess, Shared, task,
};

use super::leftovers::NothingLeft;
use super::support::{own_cpu, signal, until};
use super::tools::{Counter, alive};
use super::waiting::until_it_is;

/// Adds one.
#[task]
pub fn visit(counter: Shared<Counter>) -> u64 {
    counter.add(1).unwrap()
}

/// Many threads, many objects, calls that fail in every way.
#[task]
pub fn crowd(server: ServerHandle, counter: Shared<Counter>) {
    std::thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..10 {
                    Counter::new_in(&server).unwrap().add(1).unwrap();
                    counter.fail(1).unwrap_err();
                    counter.panic().unwrap_err();
                }
                let hasty = Shared::with_timeout(&counter, Duration::from_millis(1));
                hasty.stay().unwrap_err();
            });
        }
    });
}

#[task]
fn add(a: u64, b: u64) -> u64 {
    a + b
}

#[task]
fn parse(text: &str) -> Result<u32, Report> {
    Ok(text.parse()?)
}

#[task]
fn panics(why: String) -> u32 {
    panic!("{why}")
}

#[task]
fn falls() -> Result<u32, Report> {
    panic!("fell")
}

#[task]
fn exits(code: i32) {
    std::process::exit(code)
}

#[task]
fn aborts() {
    std::process::abort()
}

#[task]
fn sleeps(duration: Duration) {
    std::thread::sleep(duration);
}

#[task]
fn large(size: usize) -> Vec<u8> {
    vec![7; size]
}

#[task]
pub(super) fn makes(server: ServerHandle) -> Shared<Counter> {
    let counter = Counter::new_in(&server).unwrap();
    counter.add(41).unwrap();
    counter
}

#[task]
fn names_its_own() -> Shared<Counter> {
    Shared::new(Counter::new())
}

#[task]
fn hands_on(counter: Shared<Counter>) -> u64 {
    visit::spawn(counter).unwrap().join().unwrap()
}

#[task]
fn arguments() -> Vec<String> {
    std::env::args().collect()
}

#[task]
fn runtime_variables() -> usize {
    std::env::vars_os()
        .filter(|(name, _)| name.to_string_lossy().starts_with("SHARED_"))
        .count()
}

#[test]
fn results_and_errors_come_back() {
    let _nothing_left = NothingLeft::watch();
    assert_eq!(add::spawn(2, 3).unwrap().join().unwrap(), 5);
    assert_eq!(parse::spawn("12").unwrap().join().unwrap(), 12);
    let Err(CallError::Method(report)) = parse::spawn("dozen").unwrap().join() else {
        panic!("not a number")
    };
    assert!(report.type_name().contains("ParseIntError"));
    assert_eq!(add(1, 1), 2, "the function is still a function");
}

#[test]
fn exit_codes_tell_success_failure_and_panic() {
    let _nothing_left = NothingLeft::watch();
    let code = |mut process: shared_runtime::Process<u32, Report>| {
        until("it has been joined", || {
            process.join_timeout(Duration::from_millis(10)).is_some()
        });
        process.exit_status().unwrap().code()
    };
    assert_eq!(code(parse::spawn("1").unwrap()), Some(0));
    assert_eq!(code(parse::spawn("one").unwrap()), Some(1));
    assert_eq!(code(falls::spawn().unwrap()), Some(101));
}

#[test]
fn a_panic_comes_back_whole() {
    let _nothing_left = NothingLeft::watch();
    let CallError::Remote(error) = panics::spawn("a task fell".into())
        .unwrap()
        .join()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Panicked, Executed::Yes)
    );
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "a task fell");
    assert!(panic.location().unwrap().contains("tasks.rs:"));
    assert!(panic.backtrace().unwrap().contains("panics"), "{panic:?}");
    assert!(panic.process().starts_with("panics (pid "));
}

#[test]
fn every_other_end_is_exited_with_its_status() {
    let _nothing_left = NothingLeft::watch();
    let remote = |outcome: Result<(), CallError<shared_runtime::Never>>| match outcome.unwrap_err()
    {
        CallError::Remote(error) => error,
    };
    for code in [0, 3, 255] {
        let error = remote(exits::spawn(code).unwrap().join());
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Exited, Executed::Maybe)
        );
        assert_eq!(error.exit_status().unwrap().code(), Some(code));
    }
    let error = remote(aborts::spawn().unwrap().join());
    assert_eq!(error.exit_status().unwrap().signal_name(), Some("SIGABRT"));
    let killed = sleeps::spawn(Duration::from_secs(1000)).unwrap();
    killed.kill();
    let error = remote(killed.join());
    assert_eq!(error.exit_status().unwrap().signal_name(), Some("SIGKILL"));
    let terminated = sleeps::spawn(Duration::from_secs(1000)).unwrap();
    terminated.terminate();
    let error = remote(terminated.join());
    assert_eq!(error.exit_status().unwrap().signal(), Some(15));
    assert!(error.to_string().contains("SIGTERM"), "{error}");
}

#[test]
fn joining_with_a_timeout() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let mut process = until_it_is::spawn(counter.clone(), 1).unwrap();
    assert!(process.join_timeout(Duration::from_millis(1)).is_none());
    assert!(!process.is_finished() && process.exit_status().is_none());
    counter.add(1).unwrap();
    until("it can be joined", || process.is_finished());
    process
        .join_timeout(Duration::from_secs(1000))
        .unwrap()
        .unwrap();
    assert!(process.exit_status().unwrap().success());
    let again = process.join().unwrap_err();
    assert_eq!(again.remote().unwrap().kind(), ErrorKind::Gone);
}

#[test]
fn results_of_any_size() {
    let _nothing_left = NothingLeft::watch();
    for size in [0, 1, 200_000, 5_000_000] {
        assert_eq!(large::spawn(size).unwrap().join().unwrap().len(), size);
    }
}

#[test]
fn handles_go_into_tasks_and_out_of_them() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    assert_eq!(visit::spawn(counter.clone()).unwrap().join().unwrap(), 1);
    assert_eq!(
        hands_on::spawn(counter.clone()).unwrap().join().unwrap(),
        2,
        "over two processes"
    );
    let made = makes::spawn((*server).clone()).unwrap().join().unwrap();
    assert_eq!(
        made.get().unwrap(),
        41,
        "it outlives the process that made it"
    );
    drop(counter);
    drop(made);
    until("the server is empty", || {
        server.object_count().unwrap() == 0
    });
}

/// The argument's only handle is dropped here as soon as the task has begun.
#[test]
fn a_handle_in_flight_keeps_its_object() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    for _ in 0..5 {
        let process = visit::spawn(Counter::new_in(&server).unwrap()).unwrap();
        assert_eq!(process.join().unwrap(), 1);
    }
    until("the tasks' sessions have ended", || {
        server.object_count().unwrap() == 0
    });
    let call = visit::call(Counter::new_in(&server).unwrap());
    assert_eq!(
        server.object_count().unwrap(),
        1,
        "a call that has not been run holds its handles"
    );
    drop(call);
    until("the server is empty", || {
        server.object_count().unwrap() == 0
    });
}

#[test]
fn a_result_that_would_die_with_its_process_is_refused() {
    let _nothing_left = NothingLeft::watch();
    let error = names_its_own::spawn().unwrap().join().unwrap_err();
    let error = error.remote().unwrap();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(
        error.to_string().contains("lives in the task's process"),
        "{error}"
    );
}

#[test]
fn an_object_of_this_process_is_an_argument() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    assert_eq!(visit::spawn(counter.clone()).unwrap().join().unwrap(), 1);
    assert_eq!(counter.get().unwrap(), 1);
}

#[test]
fn a_dropped_process_goes_on_and_leaves_no_zombie() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    drop(visit::spawn(counter.clone()).unwrap());
    until("it has counted", || counter.get().unwrap() == 1);
}

#[test]
fn a_task_ends_with_its_owner() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let owner = starts_and_waits::spawn(counter.clone()).unwrap();
    until("the grandchild runs", || counter.get().unwrap() > 0);
    let grandchild = u32::try_from(counter.get().unwrap()).unwrap();
    assert!(alive(grandchild));
    owner.kill();
    until("the grandchild is gone", || !alive(grandchild));
    owner.join().unwrap_err();
}

/// Says the process id of the task it starts, and stays.
#[task]
fn starts_and_waits(counter: Shared<Counter>) {
    let process = sleeps::spawn(Duration::from_secs(1000)).unwrap();
    counter.add(u64::from(process.pid())).unwrap();
    let _ = process.join();
}

#[test]
fn a_stopped_task_is_waited_for() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let mut process = until_it_is::spawn(counter.clone(), 1).unwrap();
    signal("STOP", process.pid());
    // Else it would end now.
    counter.add(1).unwrap();
    assert!(process.join_timeout(Duration::from_millis(200)).is_none());
    signal("CONT", process.pid());
    process.join().unwrap();
}

#[test]
fn nothing_of_the_runtime_reaches_the_task() {
    let _nothing_left = NothingLeft::watch();
    assert_eq!(runtime_variables::spawn().unwrap().join().unwrap(), 0);
    assert!(!arguments::spawn().unwrap().join().unwrap().is_empty());
    assert_eq!(add::spawn(1, 1).unwrap().name(), "add");
}

#[test]
fn a_call_is_a_value_and_its_process_has_a_name_and_cpus() {
    let _nothing_left = NothingLeft::watch();
    let call = reads::call("/proc/self/status".into());
    let cpu = own_cpu();
    let process = shared_runtime::Process::builder()
        .name("second")
        .cpus([cpu])
        .spawn(call)
        .unwrap();
    assert_eq!(process.name(), "second");
    let status = process.join().unwrap();
    let allowed = format!("Cpus_allowed_list:\t{cpu}\n");
    assert!(
        status.contains("Name:\tsecond") && status.contains(&allowed),
        "{status}"
    );
}

#[task]
fn reads(path: String) -> String {
    std::fs::read_to_string(path).unwrap()
}

/// The result comes in pieces, and every look may end between two of them.
#[test]
fn a_large_result_survives_being_polled() {
    let _nothing_left = NothingLeft::watch();
    let mut process = large::spawn(3_000_000).unwrap();
    until("it can be joined", || process.is_finished());
    assert_eq!(process.join().unwrap().len(), 3_000_000);
    let mut process = large::spawn(3_000_000).unwrap();
    let mut result = None;
    while result.is_none() {
        result = process.join_timeout(Duration::from_micros(50));
    }
    assert_eq!(result.unwrap().unwrap().len(), 3_000_000);
}
