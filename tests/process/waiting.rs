//! Waiting for several processes and threads at once.

use std::future::{Future, IntoFuture};
use std::sync::mpsc;
use std::task::{Context, Waker};
use std::time::Duration;

use shared_runtime::process::{self, ReturnWhen, Worker};
use shared_runtime::{CallError, ErrorKind, Process, Report, Shared, task, thread};

use super::leftovers::{Footprint, NothingLeft};
use super::support::{signal, until};
use super::tools::Counter;

/// Ends when the counter has come to `n`.
#[task]
pub fn until_it_is(counter: Shared<Counter>, n: u64) -> u64 {
    until("it has been counted", || counter.get().unwrap() >= n);
    n
}

#[task]
fn fails() -> Result<u64, Report> {
    Ok("no number".parse()?)
}

#[task]
fn falls() {
    panic!("as asked")
}

#[task]
fn of_size(size: usize) -> Vec<u8> {
    vec![3; size]
}

const SOON: Option<Duration> = Some(Duration::from_millis(100));

#[test]
fn the_first_to_end_ends_the_wait() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let mut early = until_it_is::spawn(counter.clone(), 1).unwrap();
    let mut late = until_it_is::spawn(counter.clone(), 2).unwrap();
    let stays = counter.clone();
    let mut thread = thread::spawn(move || {
        until("it is two", || stays.get().unwrap() == 2);
        Ok::<_, String>("thread")
    })
    .unwrap();
    let first = ReturnWhen::FirstCompleted;
    let ended = process::wait(&mut [&mut early, &mut late, &mut thread], SOON, first);
    assert!(ended.is_empty(), "nobody has, and the time is over");
    counter.add(1).unwrap();
    let ended = process::wait(&mut [&mut late, &mut thread, &mut early], None, first);
    assert_eq!(ended, [2]);
    let ended = process::wait(
        &mut [&mut early, &mut late, &mut thread],
        SOON,
        ReturnWhen::AllCompleted,
    );
    assert_eq!(ended, [0], "one of three, when the time is over");
    counter.add(1).unwrap();
    let ended = process::wait(
        &mut [&mut early, &mut late, &mut thread],
        None,
        ReturnWhen::AllCompleted,
    );
    assert_eq!(ended, [0, 1, 2]);
    assert_eq!((early.join().unwrap(), late.join().unwrap()), (1, 2));
    assert_eq!(thread.join().unwrap(), "thread");
}

#[test]
fn nobody_is_waited_for_without_end() {
    let _nothing_left = NothingLeft::watch();
    for when in [
        ReturnWhen::AllCompleted,
        ReturnWhen::FirstCompleted,
        ReturnWhen::FirstException,
    ] {
        assert!(process::wait(&mut [], None, when).is_empty());
    }
    let nobody: [Process<(), String>; 0] = [];
    assert!(process::as_completed(nobody, None).next().is_none());
}

/// What ended by an error has ended; and it is told apart from what did not.
#[test]
fn an_error_of_any_kind_is_the_first_exception() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let killed = until_it_is::spawn(counter.clone(), 1).unwrap();
    killed.kill();
    let failing: Vec<Box<dyn Worker>> = vec![
        Box::new(fails::spawn().unwrap()),
        Box::new(falls::spawn().unwrap()),
        Box::new(killed),
        Box::new(thread::spawn(|| Err::<(), _>("by itself")).unwrap()),
        Box::new(thread::spawn(|| -> Result<(), String> { panic!("fell") }).unwrap()),
    ];
    for mut failing in failing {
        let mut good = until_it_is::spawn(counter.clone(), 0).unwrap();
        let mut stays = until_it_is::spawn(counter.clone(), 1).unwrap();
        let ended = process::wait(&mut [&mut good], None, ReturnWhen::AllCompleted);
        assert_eq!(ended, [0]);
        let mut all: [&mut dyn Worker; 3] = [&mut good, &mut stays, &mut *failing];
        let ended = process::wait(&mut all, None, ReturnWhen::FirstException);
        assert_eq!(ended, [0, 2]);
        assert!(failing.has_failed() && !Worker::has_failed(&mut good));
        stays.kill();
        stays.join().unwrap_err();
    }
    let mut good = [0, 0].map(|n| until_it_is::spawn(counter.clone(), n).unwrap());
    let [a, b] = &mut good;
    let ended = process::wait(&mut [a, b], None, ReturnWhen::FirstException);
    assert_eq!(ended, [0, 1], "without an error, all");
}

#[test]
fn what_has_been_joined_has_ended() {
    let _nothing_left = NothingLeft::watch();
    let mut failed = fails::spawn().unwrap();
    until("it can be joined", || {
        failed.join_timeout(Duration::from_millis(10)).is_some()
    });
    let ended = process::wait(&mut [&mut failed], None, ReturnWhen::FirstException);
    assert_eq!(ended, [0]);
    assert!(Worker::has_failed(&mut failed));
}

#[test]
fn large_results_come_in_while_others_are_waited_for() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let mut stays = until_it_is::spawn(counter.clone(), 1).unwrap();
    let mut large = of_size::spawn(3_000_000).unwrap();
    let mut all: [&mut dyn Worker; 2] = [&mut stays, &mut large];
    assert_eq!(
        process::wait(&mut all, None, ReturnWhen::FirstCompleted),
        [1]
    );
    assert_eq!(large.join().unwrap().len(), 3_000_000);
    counter.add(1).unwrap();
    stays.join().unwrap();
}

#[test]
fn a_stopped_process_is_waited_for() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let [mut one, mut other] = [1, 1].map(|n| until_it_is::spawn(counter.clone(), n).unwrap());
    let pids = [one.pid(), other.pid()];
    for pid in pids {
        signal("STOP", pid);
    }
    counter.add(1).unwrap();
    let mut both: [&mut dyn Worker; 2] = [&mut one, &mut other];
    let ended = process::wait(&mut both, SOON, ReturnWhen::FirstCompleted);
    assert!(ended.is_empty(), "{ended:?}");
    for pid in pids {
        signal("CONT", pid);
    }
    let ended = process::wait(&mut both, None, ReturnWhen::AllCompleted);
    assert_eq!(ended, [0, 1]);
}

#[test]
fn no_thread_is_started_for_those_who_are_waited_for() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let mut processes: Vec<_> = (0..5)
        .map(|_| until_it_is::spawn(counter.clone(), 1).unwrap())
        .collect();
    let me = std::process::id();
    std::thread::scope(|scope| {
        let (begin, begins) = mpsc::channel();
        let waiting = scope.spawn(move || {
            begins.recv().unwrap();
            let mut all: Vec<&mut dyn Worker> = processes.iter_mut().map(|it| it as _).collect();
            process::wait(&mut all, None, ReturnWhen::AllCompleted)
        });
        let before = Footprint::settled(me);
        begin.send(()).unwrap();
        let during = Footprint::settled(me);
        assert!(during.is_within(&before), "{}", during.more_than(&before));
        assert!(!waiting.is_finished());
        counter.add(1).unwrap();
        assert_eq!(waiting.join().unwrap(), [0, 1, 2, 3, 4]);
    });
}

#[test]
fn workers_come_back_as_they_end() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let processes = [3, 1, 2].map(|n| until_it_is::spawn(counter.clone(), n).unwrap());
    counter.add(1).unwrap();
    let mut order = Vec::new();
    for (place, process) in process::as_completed(processes, None) {
        order.push((place, process.join().unwrap()));
        counter.add(1).unwrap();
    }
    assert_eq!(order, [(1, 1), (2, 2), (0, 3)]);
}

#[test]
fn what_has_not_come_in_time_is_given_back() {
    let _nothing_left = NothingLeft::watch();
    let counter = Shared::new(Counter::new());
    let mut thread = thread::spawn(|| Ok::<_, String>(7)).unwrap();
    let mut process = until_it_is::spawn(counter.clone(), 1).unwrap();
    until("it has ended", || thread.is_finished());
    let both: [&mut dyn Worker; 2] = [&mut process, &mut thread];
    let mut completed = process::as_completed(both, SOON);
    let places: Vec<usize> = completed.by_ref().map(|(place, _)| place).collect();
    assert_eq!(places, [1]);
    let rest = completed.into_unfinished();
    assert_eq!(rest.len(), 1);
    assert_eq!(rest[0].0, 0);
    counter.add(1).unwrap();
    assert_eq!(
        (process.join().unwrap(), thread.join().unwrap()),
        (1, 7),
        "both are still there to be joined"
    );
}

#[test]
fn a_thread_is_joined_as_a_process_is() {
    let _nothing_left = NothingLeft::watch();
    let named = thread::Builder::new().name("named");
    let mut process_of_one = named
        .spawn(|| Ok::<_, String>(std::thread::current().name().map(str::to_owned)))
        .unwrap();
    assert_eq!(process_of_one.name(), "named");
    until("it has ended", || process_of_one.is_finished());
    let result = process_of_one.join_timeout(Duration::from_secs(1000));
    assert_eq!(result.unwrap().unwrap().as_deref(), Some("named"));
    let again = process_of_one.join().unwrap_err();
    assert_eq!(again.remote().unwrap().kind(), ErrorKind::Gone);

    let failed = thread::spawn(|| Err::<(), _>(3)).unwrap();
    assert!(failed.name().starts_with("thread-"));
    assert_eq!(failed.join().unwrap_err(), CallError::Method(3));

    let fallen = thread::spawn(|| -> Result<(), String> { panic!("a thread fell") }).unwrap();
    let error = fallen.join().unwrap_err();
    let panic = error.remote().and_then(|error| error.panic()).unwrap();
    assert_eq!(panic.message(), "a thread fell");
    assert!(panic.location().unwrap().contains("waiting.rs:"));

    let refused = thread::Builder::new()
        .name("a\0b")
        .spawn(|| Ok::<(), ()>(()));
    assert_eq!(refused.unwrap_err().kind(), ErrorKind::Io);
}

#[test]
fn a_thread_can_be_waited_for_with_a_limit_and_awaited() {
    let _nothing_left = NothingLeft::watch();
    let (go, wait) = std::sync::mpsc::channel::<u32>();
    let mut thread = thread::spawn(move || wait.recv()).unwrap();
    assert!(thread.join_timeout(Duration::from_millis(20)).is_none());
    assert!(!thread.is_finished());
    let mut joining = Box::pin(thread.into_future());
    let polled = joining
        .as_mut()
        .poll(&mut Context::from_waker(Waker::noop()));
    assert!(polled.is_pending());
    go.send(9).unwrap();
    assert_eq!(pollster::block_on(joining).unwrap(), 9);
    let ended = thread::spawn(|| Ok::<_, String>(1)).unwrap();
    until("it has ended", || ended.is_finished());
    assert_eq!(pollster::block_on(async { ended.await.unwrap() }), 1);
}
