//! Processes that are awaited: on any executor, and without a thread for each.

use std::ffi::OsStr;
use std::os::unix::process::CommandExt;
use std::pin::pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Wake, Waker};
use std::time::Duration;

use shared_runtime::{
    CallError, ErrorKind, Process, Report, ServerHandle, ServerProcess, Shared, Stdio, task,
};

use super::leftovers::{NothingLeft, threads_of};
use super::support::{signal, until};
use super::tools::Counter;

#[task]
fn naps(duration: Duration) -> u32 {
    std::thread::sleep(duration);
    std::process::id()
}

#[task]
fn fails() -> Result<(), Report> {
    Err(Report::msg("as asked"))
}

#[task]
fn bytes(size: usize) -> Vec<u8> {
    vec![3; size]
}

#[task]
fn makes(server: ServerHandle, n: u64) -> Vec<Shared<Counter>> {
    (0..n).map(|_| Counter::new_in(&server).unwrap()).collect()
}

/// Becomes another program, which knows nothing of us, until its input ends: no result can come any more.
#[task]
fn falls_silent() {
    let error = Command::new("sh").args(["-c", "read line; exit 6"]).exec();
    panic!("{error}");
}

fn threads() -> Vec<String> {
    threads_of(std::process::id())
}

#[test]
fn results_errors_and_ends_are_awaited() {
    let _nothing_left = NothingLeft::watch();
    let process = naps::spawn(Duration::ZERO).unwrap();
    let pid = process.pid();
    assert_eq!(pollster::block_on(process.into_future()).unwrap(), pid);
    let failed = pollster::block_on(fails::spawn().unwrap().into_future()).unwrap_err();
    let CallError::Method(report) = failed else {
        panic!("the task's own error");
    };
    assert_eq!(report.to_string(), "as asked");
    let killed = naps::spawn(Duration::from_secs(1000)).unwrap();
    killed.kill();
    let error = pollster::block_on(killed.into_future()).unwrap_err();
    let status = error.remote().unwrap().exit_status().unwrap();
    assert_eq!(status.signal_name(), Some("SIGKILL"));
    let large = bytes::spawn(30_000_000).unwrap();
    assert_eq!(
        pollster::block_on(large.into_future()).unwrap().len(),
        30_000_000
    );
}

#[test]
fn many_are_awaited_by_no_thread_of_their_own() {
    let _nothing_left = NothingLeft::watch();
    let executor = tokio::runtime::Builder::new_current_thread()
        .build()
        .unwrap();
    let server = ServerProcess::start().unwrap();
    let gate = Counter::new_in(&server).unwrap();
    let processes: Vec<_> = (0..20).map(|_| waits_for(&gate)).collect();
    let before = threads().len();
    executor.block_on(async {
        let waiting = processes
            .into_iter()
            .map(|process| tokio::spawn(process.into_future()));
        let waiting: Vec<_> = waiting.collect();
        // All of them have been looked at, and none has ended.
        tokio::task::yield_now().await;
        assert!(threads().len() <= before, "{:?}", threads());
        assert!(waiting.iter().all(|waiting| !waiting.is_finished()));
        gate.add(1).unwrap();
        for process in waiting {
            process.await.unwrap().unwrap();
        }
    });
}

fn waits_for(gate: &Shared<Counter>) -> Process<(), shared_runtime::Report> {
    until_open::spawn(gate.clone()).unwrap()
}

#[task]
fn until_open(gate: Shared<Counter>) -> Result<(), Report> {
    while gate.get()? == 0 {
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

/// The handles of a result are asked for while nobody waits: a server that is stopped does not hold up the executor.
#[test]
fn handles_of_a_result_come_alive_without_holding_up_the_executor() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let made = pollster::block_on(makes::spawn((*server).clone(), 3).unwrap().into_future());
    let made = made.unwrap();
    assert!(made.iter().all(|counter| counter.add(1) == Ok(1)));
    drop(made);
    until("they are dropped", || server.object_count() == Ok(0));

    let other = ServerProcess::start().unwrap();
    let mut process = pin!(
        makes_and_tells::spawn((*server).clone(), (*other).clone())
            .unwrap()
            .into_future()
    );
    let told: Shared<Counter> = loop {
        if let Some(told) = other.lookup("told").unwrap() {
            break told;
        }
    };
    signal("STOP", server.pid());
    told.add(1).unwrap();
    let mut is_pending = || {
        let mut context = Context::from_waker(Waker::noop());
        process.as_mut().poll(&mut context).is_pending()
    };
    until("the handles of its result are asked for", || {
        assert!(is_pending());
        threads().iter().any(|name| name == "shared-arrival")
    });
    // Everything else goes on meanwhile.
    assert!((0..50).all(|_| is_pending()));
    signal("CONT", server.pid());
    let ready = pollster::block_on(process).unwrap();
    assert_eq!(ready.get(), Ok(0));
}

/// Makes a counter, says so under a name elsewhere, and returns it when it is told to.
#[task]
fn makes_and_tells(server: ServerHandle, other: ServerHandle) -> Shared<Counter> {
    let made = Counter::new_in(&server).unwrap();
    let told = Counter::new_in(&other).unwrap();
    other.publish("told", &told).unwrap();
    while told.get().unwrap() == 0 {
        std::thread::sleep(Duration::from_millis(1));
    }
    made
}

#[derive(Default)]
struct Rings(AtomicUsize);

impl Wake for Rings {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn whoever_polled_last_is_woken_and_nobody_who_has_gone() {
    let _nothing_left = NothingLeft::watch();
    let rings = [(); 3].map(|()| Arc::new(Rings::default()));
    let wakers = rings.clone().map(Waker::from);
    let server = ServerProcess::start().unwrap();
    let gate = Counter::new_in(&server).unwrap();
    let mut kept = Box::pin(waits_for(&gate).into_future());
    let mut gone = Box::pin(waits_for(&gate).into_future());
    for waker in &wakers[..2] {
        assert!(
            kept.as_mut()
                .poll(&mut Context::from_waker(waker))
                .is_pending()
        );
    }
    assert!(
        gone.as_mut()
            .poll(&mut Context::from_waker(&wakers[2]))
            .is_pending()
    );
    // The process goes on, and nobody hears of it.
    drop(gone);
    gate.add(1).unwrap();
    let rung = || [0, 1, 2].map(|n: usize| rings[n].0.load(Ordering::Relaxed));
    until("the last is woken", || rung()[1] > 0);
    pollster::block_on(kept).unwrap();
    assert_eq!((rung()[0], rung()[2]), (0, 0));
}

#[test]
fn a_process_that_can_no_longer_answer_is_waited_for_without_hanging() {
    let _nothing_left = NothingLeft::watch();
    let builder = Process::builder().stdin(Stdio::piped());
    let mut silent = builder.spawn(falls_silent::call()).unwrap();
    let input = silent.take_stdin().unwrap();
    until("its channel is closed", || {
        silent.join_timeout(Duration::from_millis(1)).is_none() && sockets(silent.pid()) == 0
    });
    assert!(
        silent.join_timeout(Duration::from_millis(1)).is_none(),
        "it still runs"
    );
    assert!(!silent.is_finished());
    drop(input);
    let error = pollster::block_on(silent.into_future()).unwrap_err();
    let error = error.remote().unwrap();
    assert_eq!(error.kind(), ErrorKind::Exited);
    assert_eq!(error.exit_status().unwrap().code(), Some(6));
}

/// How many sockets a process has, but for the standard streams, which it has from whoever runs these tests.
fn sockets(pid: u32) -> usize {
    let all = std::fs::read_dir(format!("/proc/{pid}/fd"))
        .unwrap()
        .flatten();
    let own = all.filter(|fd| !["0", "1", "2"].map(OsStr::new).contains(&&*fd.file_name()));
    let targets = own.filter_map(|fd| std::fs::read_link(fd.path()).ok());
    targets
        .filter(|target| target.to_string_lossy().starts_with("socket:"))
        .count()
}
