//! Calls that are on their way at the same time: those that one thread has started on one object travel together, and whatever keeps
//! one of them from that keeps its place in the order.

use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Condvar, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use shared_runtime::{CallError, ErrorKind, Executed, ServerProcess, Shared, shared};

use super::support::until;

/// Long enough never to pass.
const HOUR: Duration = Duration::from_hours(1);

/// Writes down what it is told, and keeps whoever says so waiting.
#[derive(Default)]
pub struct Notes {
    lines: Mutex<Vec<u64>>,
    open: Mutex<bool>,
    opened: Condvar,
}

#[shared]
impl Notes {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn note(&self, line: u64) -> u64 {
        self.lines.lock().unwrap().push(line);
        line
    }

    pub fn lines(&self) -> Vec<u64> {
        self.lines.lock().unwrap().clone()
    }

    pub fn wait(&self) {
        let mut open = self.open.lock().unwrap();
        while !*open {
            open = self.opened.wait(open).unwrap();
        }
    }

    pub fn open(&self) {
        *self.open.lock().unwrap() = true;
        self.opened.notify_all();
    }

    pub fn blob(&self, size: usize) -> Vec<u8> {
        self.note(size as u64);
        vec![7; size]
    }

    pub fn another(&self) -> Shared<Notes> {
        Shared::new(Notes::new())
    }

    pub fn fail(&self, n: u64) -> Result<u64, String> {
        if n.is_multiple_of(3) {
            Err(n.to_string())
        } else {
            Ok(n)
        }
    }

    pub fn end(&self) {
        std::process::exit(3);
    }
}

/// Polls on this thread.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(thread::Thread);
    impl Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut future = pin!(future);
    loop {
        match future.as_mut().poll(&mut Context::from_waker(&waker)) {
            Poll::Ready(output) => return output,
            Poll::Pending => thread::park(),
        }
    }
}

#[test]
fn whatever_way_a_call_goes_it_keeps_its_place() {
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    let call = |n| Shared::calls(&notes).note(n);
    let (mut pending, mut ways) = (Vec::new(), [0; 6]);
    let mut random = 88_172_645_463_325_252u64;
    for n in 0..3000 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        // Long runs of the first, now and then one of the others.
        let way = (random % 64).min(5) as usize;
        let way = if way == 5 { 0 } else { way };
        ways[way] += 1;
        match way {
            0 => pending.push((n, call(n).start())),
            // Over the lane: it has a deadline.
            1 => pending.push((n, call(n).timeout(HOUR).start())),
            2 => call(n).detach().unwrap(),
            3 => assert_eq!(notes.note(n), Ok(n)),
            _ => assert_eq!(block_on(call(n).start()), Ok(n)),
        }
        if random.is_multiple_of(97) {
            for (n, call) in pending.drain(..) {
                assert_eq!(call.wait(), Ok(n));
            }
        }
    }
    assert!(ways[..5].iter().all(|way| *way > 10), "{ways:?}");
    assert_eq!(notes.lines().unwrap(), (0..3000).collect::<Vec<_>>());
}

#[test]
fn what_comes_after_a_call_that_takes_its_time_waits_for_it_and_its_thread_does_not() {
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    let waiting = Shared::calls(&notes).wait().start();
    let first = Shared::calls(&notes).note(1).start();
    let second = Shared::calls(&notes).note(2).timeout(HOUR).start();
    Shared::calls(&notes).note(3).detach().unwrap();
    let fourth = Shared::calls(&notes).note(4).start();
    let other = notes.clone();
    thread::spawn(move || {
        assert_eq!(other.lines(), Ok(vec![]));
        assert_eq!(other.note(0), Ok(0), "another thread is not held up");
        other.open().unwrap();
    })
    .join()
    .unwrap();
    assert_eq!(
        (waiting.wait(), first.wait(), second.wait(), fourth.wait()),
        (Ok(()), Ok(1), Ok(2), Ok(4))
    );
    assert_eq!(notes.lines(), Ok(vec![0, 1, 2, 3, 4]));
}

#[test]
fn one_object_s_calls_hold_up_no_other_s_however_many_there_are() {
    let server = ServerProcess::start().unwrap();
    // More than there are pipes.
    let all: Vec<_> = (0..100).map(|_| Notes::new_in(&server).unwrap()).collect();
    let waiting: Vec<_> = all
        .iter()
        .map(|notes| Shared::calls(notes).wait().start())
        .collect();
    let last = Notes::new_in(&server).unwrap();
    assert_eq!(Shared::calls(&last).note(1).start().wait(), Ok(1));
    assert!(waiting.iter().all(|call| !call.is_finished()));
    for notes in all {
        thread::spawn(move || notes.open().unwrap()).join().unwrap();
    }
    assert!(waiting.into_iter().all(|call| call.wait().is_ok()));
}

#[test]
fn calls_that_nobody_waits_for_run_and_give_back_what_they_brought() {
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    for n in 0..5000 {
        drop(Shared::calls(&notes).note(n).start());
    }
    assert_eq!(notes.lines(), Ok((0..5000).collect::<Vec<_>>()));
    for _ in 0..100 {
        drop(Shared::calls(&notes).another().start());
    }
    let kept = Shared::calls(&notes).another().start();
    until("nobody holds the others", || server.object_count() == Ok(2));
    assert_eq!(kept.wait().unwrap().note(1), Ok(1));
    until("nobody holds it", || server.object_count() == Ok(1));
}

#[test]
fn replies_that_nobody_fetches_stop_nothing() {
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    // Far more than a connection holds.
    let blobs: Vec<_> = (0..100)
        .map(|_| Shared::calls(&notes).blob(1 << 18).start())
        .collect();
    let other = notes.clone();
    thread::spawn(move || until("all have run", || other.lines().unwrap().len() == 100))
        .join()
        .unwrap();
    for blob in blobs.into_iter().rev() {
        assert_eq!(blob.wait(), Ok(vec![7; 1 << 18]));
    }
}

#[test]
fn arguments_beyond_a_pipe_keep_their_place() {
    #[derive(Default)]
    struct Sizes(Vec<usize>);

    #[shared]
    impl Sizes {
        pub(crate) fn new() -> Self {
            Self::default()
        }
        pub(crate) fn add(&mut self, bytes: &[u8]) -> usize {
            self.0.push(bytes.len());
            bytes.len()
        }
        pub(crate) fn all(&self) -> Vec<usize> {
            self.0.clone()
        }
    }

    let server = ServerProcess::start().unwrap();
    let sizes = Sizes::new_in(&server).unwrap();
    let each = [10, 8 << 10, (8 << 10) + 1, 5, 1 << 20, 20, 3 << 20, 1];
    let calls: Vec<_> = each
        .iter()
        .map(|size| Shared::calls(&sizes).add(&vec![1; *size]).start())
        .collect();
    assert_eq!(sizes.all(), Ok(each.to_vec()));
    for (size, call) in each.into_iter().zip(calls) {
        assert_eq!(call.wait(), Ok(size));
    }
}

#[test]
fn answers_are_found_by_whichever_thread_asks_and_in_any_order() {
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    for _ in 0..20 {
        let mut calls: Vec<_> = (1..=64)
            .map(|n| (n, Shared::calls(&notes).fail(n).start()))
            .collect();
        let others = calls.split_off(32);
        let waiting: Vec<_> = others
            .into_iter()
            .map(|(n, call)| thread::spawn(move || (n, call.wait())))
            .collect();
        let more = Shared::calls(&notes).note(1).start();
        let ours = calls.into_iter().rev().map(|(n, call)| (n, call.wait()));
        let theirs = waiting.into_iter().map(|thread| thread.join().unwrap());
        for (n, answer) in ours.chain(theirs) {
            match answer {
                Ok(answer) => assert!(answer == n && !n.is_multiple_of(3)),
                Err(error) => assert_eq!(error, CallError::Method(n.to_string())),
            }
        }
        assert_eq!(more.wait(), Ok(1));
    }
}

#[test]
fn a_task_that_awaits_started_calls_is_woken() {
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    for round in 0..50 {
        let calls: Vec<_> = (0..20)
            .map(|n| Shared::calls(&notes).note(n).start())
            .collect();
        block_on(async {
            for (n, call) in calls.into_iter().enumerate() {
                assert_eq!(call.await, Ok(n as u64), "round {round}");
            }
        });
    }
    let waiting = Shared::calls(&notes).wait().start();
    let other = notes.clone();
    let opens = thread::spawn(move || {
        thread::sleep(Duration::from_millis(20));
        other.open().unwrap();
    });
    assert_eq!(block_on(waiting), Ok(()));
    opens.join().unwrap();
}

#[test]
fn a_server_that_ends_ends_all_calls_of_a_pipe() {
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    let answered = Shared::calls(&notes).note(1).start();
    let mut calls: Vec<_> = (0..10)
        .map(|_| Shared::calls(&notes).end().start())
        .collect();
    calls.extend((0..10).map(|_| Shared::calls(&notes).wait().start()));
    let ran: Vec<Executed> = calls
        .into_iter()
        .map(|call| {
            let error = call.wait().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Disconnected);
            error.executed()
        })
        .collect();
    assert_eq!(ran[0], Executed::Maybe);
    // Of those that the end came before it is known that they did not run.
    let sent = ran.iter().filter(|ran| **ran == Executed::Maybe).count();
    assert!(
        ran[sent..].iter().all(|ran| *ran == Executed::No),
        "{ran:?}"
    );
    assert_eq!(answered.wait(), Ok(1), "it had come before");
    let later = Shared::calls(&notes).note(2).start().wait().unwrap_err();
    assert_eq!(
        (later.kind(), later.executed()),
        (ErrorKind::Disconnected, Executed::No)
    );
}

/// Hands on what it is given.
#[derive(Default)]
pub struct Porter(Vec<Shared<Notes>>);

#[shared]
impl Porter {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn pass(&self, notes: Shared<Notes>) -> Shared<Notes> {
        notes
    }

    pub fn keep_when(&mut self, gate: Shared<Notes>) {
        gate.wait().unwrap();
    }

    pub fn keep(&mut self, notes: Vec<Shared<Notes>>, _ballast: &[u8]) -> usize {
        self.0 = notes;
        self.0.len()
    }
}

#[test]
fn a_reply_with_a_handle_of_another_server_is_waited_for_until_that_has_been_asked() {
    let (server, other) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let porter = Porter::new_in(&server).unwrap();
    for n in 0..20 {
        let notes = Notes::new_in(&other).unwrap();
        let passed = Shared::calls(&porter).pass(notes.clone()).start();
        drop(notes);
        // On a thread of its own, so that this one can tell.
        let passed = thread::spawn(move || passed.wait().unwrap());
        until("the handle is there", || passed.is_finished());
        assert_eq!(passed.join().unwrap().note(n), Ok(n));
    }
}

#[test]
fn what_a_waker_drops_may_be_another_call_of_the_pipeline() {
    /// The last owner of it drops a call, as a task that is never woken drops its future.
    struct Task(#[expect(dead_code, reason = "dropped with it")] Mutex<Option<Box<dyn Send>>>);
    impl Wake for Task {
        fn wake(self: Arc<Self>) {}
    }
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    let mut polled = Shared::calls(&notes).wait().start();
    let owned = Shared::calls(&notes).note(1).start();
    let waker = Waker::from(Arc::new(Task(Mutex::new(Some(Box::new(owned))))));
    let first = std::pin::Pin::new(&mut polled).poll(&mut Context::from_waker(&waker));
    assert!(first.is_pending());
    drop(waker);
    let dropped = thread::spawn(move || drop(polled));
    until("both are dropped", || dropped.is_finished());
    let other = notes.clone();
    thread::spawn(move || other.open().unwrap()).join().unwrap();
    assert_eq!(notes.lines(), Ok(vec![1]));
}

#[test]
fn a_call_with_many_handles_is_sent_whole_or_not_at_all() {
    const MANY: usize = 300;
    let (server, other) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let porter = Porter::new_in(&server).unwrap();
    let all: Vec<_> = (0..MANY).map(|_| Notes::new_in(&other).unwrap()).collect();
    let gate = all[0].clone();
    let busy = Shared::calls(&porter).keep_when(gate.clone()).start();
    // Fills up the ring between the two, of 2 MiB, but for a part of what comes next.
    let ballast = vec![0; 8000];
    let before: Vec<_> = (0..258)
        .map(|_| Shared::calls(&porter).keep(vec![], &ballast).start())
        .collect();
    let all = Shared::calls(&porter).keep(all, &[]).start();
    thread::spawn(move || gate.open().unwrap()).join().unwrap();
    assert_eq!(busy.wait(), Ok(()));
    assert!(before.into_iter().all(|call| call.wait() == Ok(0)));
    assert_eq!(all.wait(), Ok(MANY));
    // Others use the same way some time later.
    for n in 0..300 {
        let porter = porter.clone();
        let later = thread::spawn(move || Shared::calls(&porter).keep(vec![], &[]).start().wait());
        until("it is answered", || later.is_finished());
        assert_eq!(later.join().unwrap(), Ok(0), "{n}");
    }
}

#[test]
fn calls_that_are_started_between_plain_ones_need_no_more_than_one_pipe() {
    let server = ServerProcess::start().unwrap();
    let notes = Notes::new_in(&server).unwrap();
    let threads = || {
        let path = format!("/proc/{}/task", server.pid());
        std::fs::read_dir(path).unwrap().count()
    };
    let (mut most, before) = (0, threads());
    for n in 0..500 {
        let started = Shared::calls(&notes).note(n).start();
        assert_eq!(notes.note(n), Ok(n));
        assert_eq!(started.wait(), Ok(n));
        most = most.max(threads());
    }
    // Those of the plain calls and of the pipe, and some that come and go.
    assert!(most < before + 8, "{most} threads");
}
