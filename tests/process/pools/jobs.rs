//! What jobs end with, and how that is waited for.

use std::collections::HashSet;
use std::time::Duration;

use shared_runtime::{
    CallError, ErrorKind, Executed, Job, ServerHandle, ServerProcess, Shared, task,
};

use super::super::leftovers::NothingLeft;
use super::super::support::{signal, until};
use super::super::tasks::makes;
use super::super::tools::Counter;
use super::{add, counts, meets, panics, parse, pool, sleeps, who};

#[task]
fn length(bytes: Vec<u8>) -> usize {
    bytes.len()
}

#[task]
fn of_size(size: usize) -> Vec<u8> {
    vec![5; size]
}

/// What [`makes`] makes, and nobody gets a handle of that server before it is continued.
#[task]
fn makes_and_stops(server: ServerHandle, pid: u32) -> Shared<Counter> {
    let made = makes(server);
    signal("STOP", pid);
    made
}

#[task]
fn names_its_own() -> Shared<Counter> {
    Shared::new(Counter::new())
}

/// Says something that nobody waits for.
#[task]
fn counts_one_way(counter: Shared<Counter>) {
    Shared::calls(&counter).add(1).detach().unwrap();
}

#[task]
fn starts_others(n: u64) -> u64 {
    let pool = pool(1);
    let sum = pool.submit(add::call(n, 1)).wait().unwrap();
    sum + add::spawn(n, 1).unwrap().join().unwrap()
}

/// Cannot be encoded.
#[derive(serde::Serialize, serde::Deserialize)]
pub struct Flat {
    #[serde(flatten)]
    rest: std::collections::BTreeMap<String, u32>,
}

#[task]
fn takes_flat(flat: Flat) -> usize {
    flat.rest.len()
}

#[test]
fn values_errors_and_panics_come_back_and_the_worker_goes_on() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(1);
    let worker = pool.submit(who::call()).wait().unwrap();
    assert_ne!(worker, std::process::id());
    assert_eq!(pool.submit(add::call(2, 3)).wait().unwrap(), 5);
    assert_eq!(pool.submit(parse::call("12".into())).wait().unwrap(), 12);
    let Err(CallError::Method(report)) = pool.submit(parse::call("dozen".into())).wait() else {
        panic!("not a number")
    };
    assert!(report.type_name().contains("ParseIntError"));
    let error = pool.submit(panics::call("a job fell".into())).wait();
    let CallError::Remote(error) = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Panicked, Executed::Yes)
    );
    let panic = error.panic().unwrap();
    assert_eq!(panic.message(), "a job fell");
    assert!(panic.backtrace().unwrap().contains("panics"), "{panic:?}");
    assert_eq!(panic.process(), format!("worker-1 (pid {worker})"));
    assert_eq!(pool.submit(who::call()).wait().unwrap(), worker);
}

#[test]
fn a_job_is_waited_for_with_a_limit_and_awaited() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let counter = Shared::new(Counter::new());
    let mut job = pool.submit(meets::call(counter.clone(), 2));
    assert!(job.wait_timeout(Duration::from_millis(20)).is_none());
    assert!(!job.is_finished());
    counter.add(1).unwrap();
    until("it has ended", || job.is_finished());
    job.wait_timeout(Duration::ZERO).unwrap().unwrap();
    let again = job.wait_timeout(Duration::ZERO).unwrap().unwrap_err();
    assert_eq!(again.remote().unwrap().kind(), ErrorKind::Gone);
    let again = job.wait().unwrap_err();
    assert_eq!(again.remote().unwrap().kind(), ErrorKind::Gone);
    let sums = async {
        let (one, other) = (pool.submit(add::call(1, 1)), pool.submit(add::call(2, 2)));
        (one.await.unwrap(), other.await.unwrap())
    };
    assert_eq!(pollster::block_on(sums), (2, 4));
}

#[test]
fn as_many_jobs_run_at_once_as_there_are_workers() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(3);
    let counter = Shared::new(Counter::new());
    let jobs: Vec<_> = (0..3)
        .map(|_| pool.submit(meets::call(counter.clone(), 3)))
        .collect();
    let workers: HashSet<u32> = jobs.into_iter().map(|job| job.wait().unwrap()).collect();
    assert_eq!(workers.len(), 3);
}

#[test]
fn handles_go_into_jobs_and_out_of_them() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let pool = pool(1);
    // The only handle of ours goes with the call.
    let job = pool.submit(counts::call(Counter::new_in(&server).unwrap()));
    assert_eq!(job.wait().unwrap(), 1);
    let made = pool.submit(makes::call((*server).clone())).wait().unwrap();
    until("what was made for the first job is gone", || {
        server.object_count().unwrap() == 1
    });
    let unwanted = pool.submit(makes::call((*server).clone()));
    until("it has ended", || unwanted.is_finished());
    drop(unwanted);
    pool.submit(counts_one_way::call(made.clone()))
        .wait()
        .unwrap();
    pool.join();
    until("the one-way call has run", || made.get().unwrap() == 42);
    drop(made);
    until("the server is empty", || {
        server.object_count().unwrap() == 0
    });
}

/// The worker holds on to what it returned first, although what it returned later has been taken.
#[test]
fn handles_of_a_server_that_is_slow_hold_up_no_other_result() {
    let _nothing_left = NothingLeft::watch();
    let (slow, quick) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let pool = pool(1);
    let stopped = pool.submit(makes_and_stops::call((*slow).clone(), slow.pid()));
    for _ in 0..3 {
        let made = pool.submit(makes::call((*quick).clone())).wait().unwrap();
        assert_eq!(made.get().unwrap(), 41);
    }
    assert!(!stopped.is_finished());
    pool.submit(add::call(1, 1)).wait().unwrap();
    signal("CONT", slow.pid());
    assert_eq!(stopped.wait().unwrap().get().unwrap(), 41);
}

#[test]
fn an_object_of_the_worker_is_no_result() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(1);
    let error = pool.submit(names_its_own::call()).wait().unwrap_err();
    assert_eq!(error.remote().unwrap().kind(), ErrorKind::Encode);
    assert_eq!(pool.submit(add::call(1, 1)).wait().unwrap(), 2);
}

#[test]
fn arguments_and_results_of_any_size() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    for size in [0, 1, 120 * 1024, 200_000, 20_000_000] {
        let large = pool.submit(length::call(vec![1; size]));
        let back = pool.submit(of_size::call(size));
        assert_eq!(large.wait().unwrap(), size);
        assert_eq!(back.wait().unwrap(), vec![5; size]);
    }
    // Both ways at the same time.
    let lengths = (0..40).map(|_| length::call(vec![1; 300_000]));
    let lengths = pool.map(lengths).chunk(4).map(Result::unwrap);
    assert_eq!(lengths.sum::<usize>(), 40 * 300_000);
    let sizes = pool.map((0..40).map(|_| of_size::call(300_000))).chunk(4);
    assert_eq!(sizes.map(|it| it.unwrap().len()).sum::<usize>(), 12_000_000);
}

#[test]
fn a_worker_that_is_stopped_holds_up_no_other() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let counter = Shared::new(Counter::new());
    let slow = pool.submit(meets::call(counter.clone(), 2));
    until("it runs", || counter.get().unwrap() == 1);
    let other = pool.submit(who::call()).wait().unwrap();
    signal("STOP", other);
    // More than a socket holds, so that it stands in the middle.
    let stopped = pool.submit(length::call(vec![0; 5_000_000]));
    counter.add(1).unwrap();
    slow.wait().unwrap();
    for n in 0..10 {
        assert_eq!(pool.submit(add::call(n, 0)).wait().unwrap(), n);
    }
    assert!(!stopped.is_finished());
    signal("CONT", other);
    assert_eq!(stopped.wait().unwrap(), 5_000_000);
}

#[test]
fn what_is_wrong_with_a_call_is_its_result() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(1);
    let rest = std::collections::BTreeMap::from([("a".to_owned(), 1)]);
    let error = pool.submit(takes_flat::call(Flat { rest })).wait();
    let CallError::Remote(error) = error.unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Encode, Executed::No)
    );
    assert!(error.to_string().contains("takes_flat"), "{error}");
    assert_eq!(pool.submit(add::call(1, 1)).wait().unwrap(), 2);
}

#[test]
fn a_job_may_start_processes_and_pools_of_its_own() {
    let _nothing_left = NothingLeft::watch();
    assert_eq!(pool(1).submit(starts_others::call(3)).wait().unwrap(), 8);
}

#[test]
fn the_counts_of_a_pool_tell_how_far_it_is() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(1);
    let counts = || {
        let progress = pool.progress();
        let (submitted, running) = (progress.submitted, progress.running);
        (submitted, running, progress.done, progress.failed)
    };
    assert_eq!(counts(), (0, 0, 0, 0));
    let counter = Shared::new(Counter::new());
    let first = pool.submit(meets::call(counter.clone(), 2));
    let parsed = ["one", "1"].map(|text| pool.submit(parse::call(text.into())));
    let fallen = pool.submit(panics::call("as asked".into()));
    assert_eq!(counts(), (4, 1, 0, 0));
    assert_eq!(pool.progress().waiting(), 3);
    counter.add(1).unwrap();
    first.wait().unwrap();
    until("all have ended", || {
        fallen.is_finished() && parsed.iter().all(Job::is_finished)
    });
    assert_eq!(counts(), (4, 0, 4, 2));
}

#[test]
fn a_job_that_nobody_waits_for_runs_all_the_same() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(1);
    let counter = Shared::new(Counter::new());
    drop(pool.submit(counts::call(counter.clone())));
    pool.join();
    assert_eq!(counter.get().unwrap(), 1);
    drop(pool.submit(sleeps::call(Duration::ZERO)));
}
