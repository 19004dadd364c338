//! The processes of a pool: how they begin, how they end, and what becomes of their jobs.

use std::collections::HashMap;
use std::time::Duration;

use shared_runtime::{CallError, Error, ErrorKind, Executed, Job, Pool, Report, Shared, task};

use super::super::leftovers::NothingLeft;
use super::super::support::{own_cpu, signal, until};
use super::super::tools::{Counter, alive};
use super::{add, counts, ends, meets, pool, sleeps, who};

/// An initializer that fails once it has been run so often.
#[task]
fn prepares(counter: Shared<Counter>, most: u64) -> Result<(), Report> {
    match counter.add(1)? {
        n if n <= most => Ok(()),
        n => Err(Report::msg(format!("{n} is one too many"))),
    }
}

#[task]
fn refuses_by_panic() {
    panic!("not today")
}

/// Keeps a pool busy for longer than anybody waits, and says which process works.
#[task]
fn owns_a_pool(counter: Shared<Counter>) {
    let pool = pool(1);
    let worker = pool.submit(who::call()).wait().unwrap();
    let _job = pool.submit(sleeps::call(Duration::from_secs(1000)));
    counter.add(u64::from(worker)).unwrap();
    pool.join();
}

fn remote<T: std::fmt::Debug, E: std::fmt::Debug>(result: Result<T, CallError<E>>) -> Error {
    match result.unwrap_err() {
        CallError::Remote(error) => error,
        CallError::Method(error) => panic!("{error:?}"),
    }
}

#[test]
fn a_crash_fails_its_own_job_and_its_worker_is_replaced() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let counter = Shared::new(Counter::new());
    let beside = pool.submit(meets::call(counter.clone(), 2));
    let crashing: Vec<(_, Job<u32, _>)> = ["abort", "exit", "kill"]
        .map(|how| (how, pool.submit(ends::call(how.into()))))
        .into();
    let behind = pool.submit(add::call(1, 1));
    for (how, job) in crashing {
        let error = remote(job.wait());
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Exited, Executed::Maybe)
        );
        assert!(error.to_string().contains("ends"), "{error}");
        let status = error.exit_status().unwrap();
        match how {
            "abort" => assert_eq!(status.signal_name(), Some("SIGABRT")),
            "exit" => assert_eq!(status.code(), Some(3)),
            _ => assert_eq!(status.signal_name(), Some("SIGKILL")),
        }
    }
    assert_eq!(behind.wait().unwrap(), 2);
    counter.add(1).unwrap();
    beside.wait().unwrap();
    let two = [4, 4].map(|n| pool.submit(meets::call(counter.clone(), n)));
    let [a, b] = two.map(|job| job.wait().unwrap());
    assert_ne!(a, b, "there are two workers again");
    assert_eq!(pool.progress().failed, 3);
}

#[test]
fn a_worker_that_dies_idle_takes_no_job_along() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(1);
    for n in 0..5 {
        let worker = pool.submit(who::call()).wait().unwrap();
        signal("KILL", worker);
        until("the pool has seen it", || !is_there(worker));
        assert_eq!(pool.submit(add::call(n, 1)).wait().unwrap(), n + 1);
    }
    assert_eq!(pool.progress().failed, 0);
}

#[test]
fn a_worker_that_dies_before_its_first_job_is_replaced_for_the_next() {
    let _nothing_left = NothingLeft::watch();
    let pool = Pool::builder().size(1).name("early").start().unwrap();
    let worker = children().into_iter().find(|(_, name)| name == "early-1");
    let (worker, _) = worker.unwrap();
    signal("KILL", worker);
    until("the pool has seen it", || !is_there(worker));
    assert_ne!(pool.submit(who::call()).wait().unwrap(), worker);
}

/// Whether there is a process of this number, if only as a zombie: until its status has been collected.
fn is_there(pid: u32) -> bool {
    std::path::Path::new(&format!("/proc/{pid}")).exists()
}

/// The processes that this one has started, by number and name.
fn children() -> Vec<(u32, String)> {
    let me = std::process::id();
    let tasks = std::fs::read_dir(format!("/proc/{me}/task")).unwrap();
    let children = tasks.map(|task| std::fs::read_to_string(task.unwrap().path().join("children")));
    let pids: Vec<u32> = children
        .flat_map(|pids| {
            let pids = pids.unwrap_or_default();
            pids.split_whitespace()
                .map(|pid| pid.parse().unwrap())
                .collect::<Vec<_>>()
        })
        .collect();
    let name = |pid| std::fs::read_to_string(format!("/proc/{pid}/comm")).unwrap_or_default();
    pids.into_iter()
        .map(|pid| (pid, name(pid).trim().to_owned()))
        .collect()
}

#[test]
fn a_thousand_jobs_with_ten_for_each_worker() {
    let _nothing_left = NothingLeft::watch();
    let pool = Pool::builder()
        .size(4)
        .max_tasks_per_child(10)
        .start()
        .unwrap();
    let mut jobs_of: HashMap<u32, u32> = HashMap::new();
    for worker in pool.map((0..1000).map(|_| who::call())).chunk(3) {
        *jobs_of.entry(worker.unwrap()).or_default() += 1;
    }
    assert!(jobs_of.values().all(|jobs| *jobs <= 10), "{jobs_of:?}");
    assert!(jobs_of.len() >= 100, "{}", jobs_of.len());
    assert_eq!(jobs_of.values().sum::<u32>(), 1000);
    assert_eq!(pool.progress().failed, 0);
}

#[test]
fn an_initializer_runs_in_every_worker_before_its_first_job() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let pool = Pool::builder()
        .size(2)
        .max_tasks_per_child(1)
        .initializer(counts::call(counter.clone()))
        .start()
        .unwrap();
    assert_eq!(counter.get().unwrap(), 2);
    for _ in 0..3 {
        pool.submit(who::call()).wait().unwrap();
    }
    pool.join();
    let prepared = counter.get().unwrap();
    assert!((3..=5).contains(&prepared), "{prepared}");
}

#[test]
fn an_initializer_that_fails_is_an_error_of_the_start() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let failing = Pool::builder()
        .size(3)
        .initializer(prepares::call(counter.clone(), 2));
    let error = failing.start().unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Exited, Executed::Yes)
    );
    let text = error.to_string();
    assert!(
        text.contains("one too many") && text.contains("prepares"),
        "{text}"
    );

    let panicking = Pool::builder()
        .size(2)
        .initializer(refuses_by_panic::call());
    let error = panicking.start().unwrap_err();
    assert_eq!(error.panic().unwrap().message(), "not today");

    let ending = Pool::builder()
        .size(1)
        .initializer(ends::call("exit".into()));
    let error = ending.start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exited);
    assert_eq!(error.exit_status().unwrap().code(), Some(3));
}

/// Nothing is tried without end, and nothing is given up for ever.
#[test]
fn where_no_worker_can_be_had_jobs_say_why_until_one_can() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let pool = Pool::builder()
        .size(1)
        .initializer(prepares::call(counter.clone(), 1))
        .start()
        .unwrap();
    let crash = remote(pool.submit(ends::call("abort".into())).wait());
    assert_eq!(crash.kind(), ErrorKind::Exited);
    for _ in 0..2 {
        let error = remote(pool.submit(add::call(1, 1)).wait());
        assert_eq!(error.executed(), Executed::No);
        assert!(error.to_string().contains("one too many"), "{error}");
    }
    let tried = counter.get().unwrap();
    assert!(
        (3..=4).contains(&tried),
        "one attempt for each reason: {tried}"
    );
}

#[test]
fn closing_lets_the_jobs_end_and_takes_no_more() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let counter = Shared::new(Counter::new());
    let jobs: Vec<_> = (0..20)
        .map(|_| pool.submit(counts::call(counter.clone())))
        .collect();
    let crash = pool.submit(ends::call("kill".into()));
    let last = pool.submit(counts::call(counter.clone()));
    pool.close();
    let refused = remote(pool.submit(add::call(1, 1)).wait());
    assert_eq!(
        (refused.kind(), refused.executed()),
        (ErrorKind::Cancelled, Executed::No)
    );
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                pool.join();
                assert_eq!(counter.get().unwrap(), 21);
            });
        }
    });
    assert!(jobs.iter().all(Job::is_finished) && last.is_finished());
    assert_eq!(remote(crash.wait()).kind(), ErrorKind::Exited);
    assert!(children().is_empty(), "joined is ended");
    pool.join();
}

#[test]
fn terminating_ends_every_job_and_every_worker() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let counter = Shared::new(Counter::new());
    let running = [3, 3].map(|n| pool.submit(meets::call(counter.clone(), n)));
    let waiting = pool.submit(add::call(1, 1));
    until("both run", || counter.get().unwrap() == 2);
    // `SIGTERM` alone does not end this one.
    let (stopped, _) = children()[0];
    signal("STOP", stopped);
    pool.terminate();
    for job in running {
        let error = remote(job.wait());
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Cancelled, Executed::Maybe)
        );
    }
    let error = remote(waiting.wait());
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Cancelled, Executed::No)
    );
    pool.terminate();
    pool.join();
    assert!(children().is_empty());
    let late = remote(pool.submit(add::call(1, 1)).wait());
    assert_eq!(late.kind(), ErrorKind::Cancelled);
}

#[test]
fn terminating_ends_workers_that_are_about_to_come() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let pool = Pool::builder()
        .size(1)
        .initializer(waits_after_the_first::call(counter.clone()))
        .start()
        .unwrap();
    drop(remote(pool.submit(ends::call("abort".into())).wait()));
    until("its successor gets ready", || counter.get().unwrap() == 2);
    pool.terminate();
    pool.join();
    assert!(children().is_empty());
}

#[task]
fn waits_after_the_first(counter: Shared<Counter>) {
    if counter.add(1).unwrap() > 1 {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

#[test]
fn dropping_a_pool_waits_for_its_jobs() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let pool = pool(2);
    let jobs: Vec<_> = (0..10)
        .map(|_| pool.submit(counts::call(counter.clone())))
        .collect();
    drop(pool);
    assert_eq!(counter.get().unwrap(), 10);
    let sum: u64 = jobs.into_iter().map(|job| job.wait().unwrap()).sum();
    assert_eq!(sum, 55, "results are there after the pool");
}

#[test]
fn a_pool_that_is_dropped_by_a_panic_is_terminated() {
    let _nothing_left = NothingLeft::watch();
    let fallen = std::thread::spawn(|| {
        let pool = pool(1);
        let _job = pool.submit(sleeps::call(Duration::from_secs(1000)));
        panic!("as asked");
    });
    fallen.join().unwrap_err();
    assert!(children().is_empty());
}

#[test]
fn workers_end_with_the_process_that_started_them() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let owner = owns_a_pool::spawn(counter.clone()).unwrap();
    until("it has a worker", || counter.get().unwrap() > 0);
    let worker = u32::try_from(counter.get().unwrap()).unwrap();
    assert!(alive(worker));
    owner.kill();
    until("the worker is gone", || !alive(worker));
    owner.join().unwrap_err();
}

#[test]
fn workers_have_names_and_cpus() {
    let _nothing_left = NothingLeft::watch();
    let cpu = own_cpu();
    let pool = Pool::builder()
        .size(2)
        .name("mill")
        .cpus([cpu])
        .start()
        .unwrap();
    assert_eq!(pool.size(), 2);
    let mut names: Vec<String> = children().into_iter().map(|(_, name)| name).collect();
    names.sort();
    assert_eq!(names, ["mill-1", "mill-2"]);
    let status = pool.submit(status::call()).wait().unwrap();
    let allowed = format!("Cpus_allowed_list:\t{cpu}\n");
    assert!(status.contains(&allowed), "{status}");
    assert_eq!(Pool::builder().size(0).start().unwrap().size(), 1);
}

#[task]
fn status() -> String {
    std::fs::read_to_string("/proc/self/status").unwrap()
}
