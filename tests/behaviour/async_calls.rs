//! Calls that are started and fetched later, and calls that are awaited, on any executor.

use std::sync::Mutex;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use shared_runtime::{
    Error, ErrorKind, Executed, ServerHandle, ServerProcess, Shared, call, shared, task,
};

use super::calls::{Counter, Meeting};
use super::handles::Keeper;
use super::one_way::{Gate, Journal};
use super::panics::Fragile;
use super::support::{signal, until};

fn on_one_thread<F: Future>(future: F) -> F::Output {
    let mut builder = tokio::runtime::Builder::new_current_thread();
    builder.enable_time().build().unwrap().block_on(future)
}

#[test]
fn a_call_is_awaited_on_any_executor() {
    let server = ServerProcess::start().unwrap();
    for counter in [
        Counter::new_in(&server).unwrap(),
        Shared::new(Counter::new()),
    ] {
        let add = async |n| Shared::calls(&counter).add(n).await;
        assert_eq!(pollster::block_on(add(2)), Ok(2));
        assert_eq!(on_one_thread(add(3)), Ok(5));
        assert_eq!(Shared::calls(&counter).add(4).start().wait(), Ok(9));
        assert_eq!(
            pollster::block_on(Shared::calls(&counter).add(1).start()),
            Ok(10)
        );
    }
}

#[test]
fn fifty_awaited_calls_are_inside_one_method_at_once() {
    let server = ServerProcess::start().unwrap();
    for meeting in [
        Meeting::new_in(&server, 50).unwrap(),
        Shared::new(Meeting::new(50)),
    ] {
        let all = on_one_thread(async {
            let attending: Vec<_> = (0..50)
                .map(|_| tokio::task::spawn(Shared::calls(&meeting).attend().into_future()))
                .collect::<Vec<_>>();
            let mut all = Vec::new();
            for attendance in attending {
                all.push(attendance.await.unwrap().unwrap());
            }
            all
        });
        assert_eq!(all, [50; 50]);
    }
}

/// What an awaited call asks of others, and how many of its methods run at one time.
#[derive(Default)]
pub struct Relay {
    /// Now, and the most there were.
    inside: Mutex<(u32, u32)>,
}

#[shared]
impl Relay {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn visit(&self, nap: Duration) {
        let mut inside = self.inside.lock().unwrap();
        inside.0 += 1;
        inside.1 = inside.1.max(inside.0);
        drop(inside);
        std::thread::sleep(nap);
        self.inside.lock().unwrap().0 -= 1;
    }
    pub fn most(&self) -> u32 {
        self.inside.lock().unwrap().1
    }
    /// Awaits a call to the same object, and that one another, so many times.
    pub fn descend(&self, depth: u32) -> Result<u32, Error> {
        let this = Shared::this::<Self>();
        match depth {
            0 => Ok(0),
            _ => pollster::block_on(Shared::calls(&this).descend(depth - 1).into_future())
                .map_err(|error| match error {
                    shared_runtime::CallError::Remote(error)
                    | shared_runtime::CallError::Method(error) => error,
                })
                .map(|below| below + 1),
        }
    }
    /// Starts a call to the object whose lock this holds, behind a one-way call that waits for it.
    pub fn start_own(&mut self) -> ErrorKind {
        let this = Shared::this::<Self>();
        Shared::calls(&this).touch().detach().unwrap();
        let pending = Shared::calls(&this).touch().start();
        pending.wait().unwrap_err().kind()
    }
    pub fn touch(&mut self) {}
    /// Holds its lock while another, elsewhere, calls back.
    pub fn send_round(&mut self, other: &Shared<Relay>) -> Result<ErrorKind, Error> {
        let this = Shared::this::<Self>();
        Shared::calls(other).call_back(&this).start().wait()
    }
    pub fn call_back(&self, first: &Shared<Relay>) -> ErrorKind {
        let touched = pollster::block_on(Shared::calls(first).touch().into_future());
        touched.unwrap_err().kind()
    }
    /// To another and back, so many times.
    pub fn bounce(&self, other: &Shared<Relay>, times: u32) -> u32 {
        if times == 0 {
            return 0;
        }
        let this = Shared::this::<Self>();
        let back = Shared::calls(other).bounce(&this, times - 1).start();
        back.wait().unwrap() + 1
    }
    /// What a started and an awaited call know of the time that this one has.
    pub fn remaining(&self, far: u32) -> Option<Duration> {
        if far == 0 {
            return call::current().remaining();
        }
        let this = Shared::this::<Self>();
        Shared::calls(&this)
            .remaining(far - 1)
            .start()
            .wait()
            .unwrap()
    }
}

fn both(server: &ServerHandle) -> [Shared<Counter>; 2] {
    [
        Counter::new_in(server).unwrap(),
        Shared::new(Counter::new()),
    ]
}

fn gates(server: &ServerHandle) -> [Shared<Gate>; 2] {
    [Gate::new_in(server).unwrap(), Shared::new(Gate::new())]
}

/// Polls once, for nobody.
fn poll_once<F: Future + Unpin>(future: &mut F) -> Poll<F::Output> {
    std::pin::Pin::new(future).poll(&mut Context::from_waker(Waker::noop()))
}

/// Opens a gate from another thread, which is not kept behind what this one started.
fn open(gate: &Shared<Gate>) {
    std::thread::scope(|scope| {
        scope.spawn(|| gate.open().unwrap());
    });
}

fn is_send<T: Send + 'static>(it: T) -> T {
    it
}

#[test]
fn no_more_awaited_calls_run_at_once_than_the_server_has_workers() {
    let server = ServerProcess::builder().async_workers(3).start().unwrap();
    let relay = Relay::new_in(&server).unwrap();
    on_one_thread(async {
        let visit = || Shared::calls(&relay).visit(Duration::from_millis(5));
        let visits: Vec<_> = (0..30)
            .map(|_| tokio::task::spawn(visit().into_future()))
            .collect();
        for visit in visits {
            visit.await.unwrap().unwrap();
        }
    });
    assert!((1..=3).contains(&relay.most().unwrap()));
}

#[test]
fn awaited_calls_inside_of_methods_need_no_worker_of_their_own() {
    let server = ServerProcess::builder().async_workers(1).start().unwrap();
    let relay = Relay::new_in(&server).unwrap();
    let depth = pollster::block_on(Shared::calls(&relay).descend(20).into_future());
    assert_eq!(depth.unwrap(), 20);
}

#[test]
fn a_started_call_to_the_caller_s_own_object_is_reentrant_and_no_hang() {
    let server = ServerProcess::start().unwrap();
    for relay in [Relay::new_in(&server).unwrap(), Shared::new(Relay::new())] {
        assert_eq!(relay.start_own(), Ok(ErrorKind::Reentrant));
    }
}

#[test]
fn a_circle_of_started_and_awaited_calls_over_two_servers_is_reentrant() {
    let servers = [0, 1].map(|_| ServerProcess::start().unwrap());
    let [one, other] = [0, 1].map(|n: usize| Relay::new_in(&servers[n]).unwrap());
    assert_eq!(one.send_round(&other).unwrap(), ErrorKind::Reentrant);
}

#[test]
fn started_calls_have_the_time_of_the_method_that_makes_them() {
    let server = ServerProcess::start().unwrap();
    let hour = Duration::from_hours(1);
    for relay in [Relay::new_in(&server).unwrap(), Shared::new(Relay::new())] {
        assert_eq!(relay.remaining(2).unwrap(), None);
        let pending = Shared::calls(&relay).remaining(2).timeout(hour).start();
        assert!(pending.wait().unwrap().is_some_and(|left| left < hour));
    }
}

#[test]
fn a_call_does_nothing_before_it_is_polled() {
    let server = ServerProcess::start().unwrap();
    for counter in both(&server) {
        let (polled, unpolled) = (
            is_send(Shared::calls(&counter).add(1).into_future()),
            is_send(Shared::calls(&counter).add(10).into_future()),
        );
        assert!(
            format!("{unpolled:?}").contains("Awaiting(Call"),
            "{unpolled:?}"
        );
        assert_eq!(counter.get(), Ok(0));
        assert_eq!(pollster::block_on(polled), Ok(1));
        drop(unpolled);
        assert_eq!(counter.get(), Ok(1));
    }
}

#[test]
fn started_plain_and_one_way_calls_of_a_thread_on_an_object_keep_their_order() {
    let server = ServerProcess::start().unwrap();
    for journal in [
        Journal::new_in(&server).unwrap(),
        Shared::new(Journal::new()),
    ] {
        let mut pending = Vec::new();
        for n in 0..400u32 {
            let line = n.to_string();
            let call = Shared::calls(&journal).write(&line);
            match n % 5 {
                0 => journal.write(&line).unwrap(),
                1 => call.detach().unwrap(),
                2 => drop(call.start()),
                3 => pending.push(call.timeout(Duration::from_mins(10)).start()),
                _ => pending.push(call.start()),
            }
        }
        let expected: Vec<String> = (0..400).map(|n| n.to_string()).collect();
        assert_eq!(journal.lines().unwrap(), expected);
        assert!(pending.iter().all(call::Pending::is_finished));
    }
}

#[test]
fn a_one_way_call_does_not_pass_a_started_one_that_waits_for_room() {
    let server = ServerProcess::start().unwrap();
    let (gate, journal) = (
        Gate::new_in(&server).unwrap(),
        Journal::new_in(&server).unwrap(),
    );
    // With a deadline they go over the lane.
    let passing: Vec<_> = (0..1024)
        .map(|_| {
            Shared::calls(&gate)
                .pass()
                .timeout(Duration::from_hours(1))
                .start()
        })
        .collect();
    let first = Shared::calls(&journal)
        .write("first")
        .timeout(Duration::from_hours(1))
        .start();
    let hasty = Shared::calls(&journal)
        .write("hasty")
        .timeout(Duration::from_millis(50));
    let error = hasty.detach().unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Timeout, Executed::No)
    );
    open(&gate);
    Shared::calls(&journal).write("second").detach().unwrap();
    assert_eq!(journal.lines().unwrap(), ["first", "second"]);
    first.wait().unwrap();
    assert!(passing.into_iter().all(|pass| pass.wait().is_ok()));
}

#[test]
fn ten_thousand_calls_started_by_one_thread_are_answered_in_order() {
    let server = ServerProcess::start().unwrap();
    for counter in both(&server) {
        let pending: Vec<_> = (0..10_000)
            .map(|_| is_send(Shared::calls(&counter).add(1).start()))
            .collect();
        for (n, sum) in pending.into_iter().enumerate() {
            assert_eq!(sum.wait(), Ok(n as u64 + 1));
        }
    }
}

/// The error of a call that nothing ends, given as much time as this machine needs to send it.
fn timed_out_while_it_ran(call: impl Fn(Duration) -> Result<(), Error>) -> Error {
    let mut limit = Duration::from_millis(20);
    loop {
        let error = call(limit).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        if error.executed() == Executed::Maybe {
            return error;
        }
        limit *= 2;
    }
}

#[test]
fn a_started_call_ends_on_time_and_its_late_answer_is_nobody_else_s() {
    let server = ServerProcess::start().unwrap();
    for gate in gates(&server) {
        let error = timed_out_while_it_ran(|limit| {
            let pending = Shared::calls(&gate).pass().timeout(limit).start();
            until("it has ended by itself", || pending.is_finished());
            pending.wait()
        });
        assert!(error.to_string().contains("Gate::pass"), "{error}");
        // Nothing is held up by it: neither this thread nor another call.
        gate.open().unwrap();
        gate.pass().unwrap();
        assert_eq!(
            pollster::block_on(Shared::calls(&gate).pass().into_future()),
            Ok(())
        );
    }
}

#[test]
fn an_awaited_call_ends_on_time() {
    let server = ServerProcess::start().unwrap();
    for gate in gates(&server) {
        let hasty = |limit| Shared::calls(&gate).pass().timeout(limit);
        timed_out_while_it_ran(|limit| on_one_thread(hasty(limit).into_future()));
        // Behind more than can be under way.
        let others: Vec<_> = (0..3000)
            .map(|_| Shared::calls(&gate).pass().start())
            .collect();
        let behind = hasty(Duration::from_millis(20));
        let error = pollster::block_on(behind.into_future()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        open(&gate);
        assert!(others.into_iter().all(|other| other.wait().is_ok()));
        let now = Shared::calls(&gate).pass().timeout(Duration::ZERO);
        let error = pollster::block_on(now.into_future()).unwrap_err();
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Timeout, Executed::No)
        );
    }
}

#[test]
fn a_call_that_gave_up_does_not_let_others_pass_those_before_it() {
    let server = ServerProcess::start().unwrap();
    let (gate, journal) = (
        Gate::new_in(&server).unwrap(),
        Journal::new_in(&server).unwrap(),
    );
    Shared::calls(&journal).wait_for(&gate).detach().unwrap();
    let hasty = Shared::calls(&journal)
        .write("late")
        .timeout(Duration::from_millis(10));
    let error = hasty.start().wait().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let impatient = Shared::with_timeout(&journal, Duration::from_millis(10));
    assert_eq!(impatient.lines().unwrap_err().executed(), Executed::No);
    open(&gate);
    assert_eq!(journal.lines().unwrap()[0], "passed");
}

#[test]
fn a_call_that_could_not_be_sent_does_not_let_others_pass_those_before_it() {
    let server = ServerProcess::builder().max_message(2000).start().unwrap();
    let (gate, journal) = (
        Gate::new_in(&server).unwrap(),
        Journal::new_in(&server).unwrap(),
    );
    Shared::calls(&journal).wait_for(&gate).detach().unwrap();
    let large = Shared::calls(&journal).write(&"x".repeat(3000)).start();
    assert_eq!(large.wait().unwrap_err().kind(), ErrorKind::TooLarge);
    let impatient = Shared::with_timeout(&journal, Duration::from_millis(10));
    let error = impatient.lines().unwrap_err();
    assert!(error.to_string().contains("must come after it"), "{error}");
    open(&gate);
    assert_eq!(journal.lines().unwrap(), ["passed"]);
}

#[test]
fn calls_inside_of_methods_need_no_place_among_those_that_wait_for_them() {
    let server = ServerProcess::start().unwrap();
    let (there, here) = (Relay::new_in(&server).unwrap(), Shared::new(Relay::new()));
    // More than can be under way, and each needs another to end.
    let bouncing: Vec<_> = (0..1100)
        .map(|_| Shared::calls(&there).bounce(&here, 4).into_future())
        .collect();
    on_one_thread(async {
        let bouncing: Vec<_> = bouncing.into_iter().map(tokio::task::spawn).collect();
        for bounced in bouncing {
            assert_eq!(bounced.await.unwrap(), Ok(4));
        }
    });
}

#[test]
fn a_started_call_runs_though_nobody_wants_its_answer() {
    let server = ServerProcess::start().unwrap();
    for counter in both(&server) {
        for _ in 0..100 {
            drop(Shared::calls(&counter).add(1).start());
        }
        assert_eq!(counter.get(), Ok(100));
    }
    for journal in [
        Journal::new_in(&server).unwrap(),
        Shared::new(Journal::new()),
    ] {
        let counter = Counter::new_in(&server).unwrap();
        drop(Shared::calls(&journal).report_to(&counter, 5).start());
        drop(journal);
        until("it has run", || counter.get() == Ok(5));
    }
}

#[test]
fn an_abandoned_answer_gives_its_handles_back() {
    let (server, third) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let (keeper, gate) = (
        Keeper::new_in(&server).unwrap(),
        Gate::new_in(&server).unwrap(),
    );
    for _ in 0..100 {
        // Dropped before, while and after the answer comes.
        drop(Shared::calls(&keeper).make().start());
        let mut awaited = Shared::calls(&keeper).make_on(&third).into_future();
        let _ = poll_once(&mut awaited);
        drop(awaited);
        let pending = Shared::calls(&keeper).make().start();
        until("it is there", || pending.is_finished());
        drop(pending);
        let hasty = Shared::calls(&keeper)
            .make_on(&third)
            .timeout(Duration::ZERO);
        drop(hasty.start());
    }
    drop(gate);
    until("the keeper is left", || server.object_count().unwrap() == 1);
    until("nothing is left", || third.object_count().unwrap() == 0);
}

#[test]
fn a_future_dropped_before_it_was_sent_is_never_sent() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    // The first call that has a reply on a lane: a connection for replies comes before it, which a stopped server does not give.
    signal("STOP", server.pid());
    let mut unsent = Shared::calls(&counter).add(1).into_future();
    assert!(poll_once(&mut unsent).is_pending());
    let hasty = Shared::calls(&counter)
        .add(2)
        .timeout(Duration::from_millis(10));
    let error = pollster::block_on(hasty.into_future()).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Timeout, Executed::No)
    );
    drop(unsent);
    signal("CONT", server.pid());
    let sum = pollster::block_on(Shared::calls(&counter).add(4).into_future());
    assert_eq!(sum, Ok(4), "it comes after those, if they came");
}

#[test]
fn polling_does_not_wait_for_a_server_that_is_stopped() {
    // Before the way of its calls exists, and after.
    for first in [false, true] {
        let server = ServerProcess::start().unwrap();
        let counter = Counter::new_in(&server).unwrap();
        if first {
            pollster::block_on(Shared::calls(&counter).get().into_future()).unwrap();
        }
        signal("STOP", server.pid());
        // More than there is room for anywhere on the way.
        let mut adding: Vec<_> = (0..2000)
            .map(|_| Shared::calls(&counter).add(1).into_future())
            .collect();
        assert!(adding.iter_mut().all(|add| poll_once(add).is_pending()));
        let started: Vec<_> = (0..2000)
            .map(|_| Shared::calls(&counter).add(1).start())
            .collect();
        signal("CONT", server.pid());
        for add in adding {
            pollster::block_on(add).unwrap();
        }
        assert!(started.into_iter().all(|add| add.wait().is_ok()));
        assert_eq!(counter.get(), Ok(4000));
    }
}

#[test]
fn select_drops_the_slower_call() {
    let server = ServerProcess::start().unwrap();
    for gate in gates(&server) {
        let counter = Counter::new_in(&server).unwrap();
        on_one_thread(async {
            for n in 1..=50 {
                tokio::select! {
                    passed = Shared::calls(&gate).pass() => panic!("{passed:?}"),
                    sum = Shared::calls(&counter).add(1) => assert_eq!(sum, Ok(n)),
                }
            }
            let never = Shared::calls(&gate).pass().into_future();
            let timed_out = tokio::time::timeout(Duration::from_millis(5), never).await;
            assert!(timed_out.is_err());
            let task = tokio::spawn(Shared::calls(&gate).pass().into_future());
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
        });
        open(&gate);
    }
}

#[test]
fn awaited_calls_carry_handles_both_ways_and_leave_none() {
    let (server, third) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    for keeper in [Keeper::new_in(&server).unwrap(), Shared::new(Keeper::new())] {
        let (here, there) = (
            Shared::new(Counter::new()),
            Counter::new_in(&third).unwrap(),
        );
        pollster::block_on(async {
            let calls = || Shared::calls(&keeper);
            calls().keep("here", here.clone()).await.unwrap();
            calls().keep("there", there.clone()).await.unwrap();
            for counter in [&here, &there] {
                let all = calls().all().await.unwrap();
                assert_eq!(all.len(), 2);
                assert!(all.iter().any(|(_, kept)| kept == counter));
            }
            let made = calls().make().await.unwrap();
            assert_eq!(Shared::calls(&made).add(3).await, Ok(3));
            // Its only other holder is the server that made it.
            let far = calls().make_on(&third).await.unwrap();
            assert_eq!(Shared::calls(&far).add(4).await, Ok(4));
            calls().forget().await.unwrap();
        });
        assert_eq!(here.add(1), Ok(1));
        drop(there);
        until("nothing is left there", || {
            third.object_count().unwrap() == 0
        });
    }
    until("nothing is left", || server.object_count().unwrap() == 0);
}

#[test]
fn handles_of_a_stopped_server_hold_up_no_other_answer() {
    let (server, third) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let keeper = Keeper::new_in(&server).unwrap();
    let visitor = lends::spawn(keeper.clone(), (*third).clone()).unwrap();
    visitor.join().unwrap();
    signal("STOP", third.pid());
    let waiting: Vec<_> = (0..20)
        .map(|_| Shared::calls(&keeper).get("lent").start())
        .collect();
    let made = Shared::calls(&keeper).make().start();
    assert_eq!(made.wait().unwrap().add(1), Ok(1));
    let hasty = Shared::calls(&keeper)
        .get("lent")
        .timeout(Duration::from_millis(20));
    assert_eq!(hasty.start().wait().unwrap_err().kind(), ErrorKind::Timeout);
    signal("CONT", third.pid());
    for pending in waiting {
        assert_eq!(pending.wait().unwrap().unwrap().get(), Ok(0));
    }
}

/// Leaves a handle to an object of `third` with `keeper`: this process's own goes with it.
#[task]
fn lends(keeper: Shared<Keeper>, third: ServerHandle) {
    let counter = Counter::new_in(&third).unwrap();
    keeper.keep("lent", counter).unwrap();
}

#[test]
fn panics_and_errors_come_to_whoever_awaits() {
    let server = ServerProcess::start().unwrap();
    for fragile in [
        Fragile::new_in(&server).unwrap(),
        Shared::new(Fragile::new()),
    ] {
        let calls = || Shared::calls(&fragile);
        let error = pollster::block_on(calls().look_and_panic().into_future()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Panicked);
        assert_eq!(error.executed(), Executed::Yes);
        assert!(error.method().unwrap().contains("look_and_panic"));
        let panicking = calls().step_and_panic("as asked").start();
        assert!(
            panicking
                .wait()
                .unwrap_err()
                .panic()
                .unwrap()
                .message()
                .contains("as asked")
        );
        let error = calls().steps().start().wait().unwrap_err();
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Poisoned, Executed::No)
        );
    }
}

#[test]
fn exclusive_methods_run_alone_however_many_are_awaited() {
    let server = ServerProcess::start().unwrap();
    for counter in both(&server) {
        let mut sums = on_one_thread(async {
            let adding: Vec<_> = (0..300)
                .map(|_| tokio::spawn(Shared::calls(&counter).add(1).into_future()))
                .collect();
            let mut sums = Vec::new();
            for add in adding {
                sums.push(add.await.unwrap().unwrap());
            }
            sums
        });
        sums.sort_unstable();
        assert_eq!(sums, (1..=300).collect::<Vec<u64>>());
    }
}

#[test]
fn large_arguments_and_answers_arrive_whole_among_small_ones() {
    let server = ServerProcess::start().unwrap();
    let journal = Journal::new_in(&server).unwrap();
    let large = "x".repeat(3 << 20);
    let mut pending = Vec::new();
    for n in 0..10 {
        pending.push(
            Shared::calls(&journal)
                .write(if n % 2 == 0 { &large } else { "small" })
                .start(),
        );
    }
    for written in pending {
        written.wait().unwrap();
    }
    let reading: Vec<_> = (0..4)
        .map(|_| Shared::calls(&journal).lines().start())
        .collect();
    let counter = Counter::new_in(&server).unwrap();
    let adding: Vec<_> = (0..100)
        .map(|_| Shared::calls(&counter).add(1).start())
        .collect();
    for lines in reading {
        let lines = lines.wait().unwrap();
        assert!(lines.iter().step_by(2).all(|line| *line == large));
        assert_eq!(lines.len(), 10);
    }
    assert_eq!(adding.into_iter().last().unwrap().wait(), Ok(100));
}

#[test]
fn what_is_too_large_is_said_by_its_own_answer() {
    let server = ServerProcess::builder().max_message(2000).start().unwrap();
    let journal = Journal::new_in(&server).unwrap();
    let error = Shared::calls(&journal)
        .measure(&[0; 3000])
        .start()
        .wait()
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::TooLarge, Executed::No)
    );
    for _ in 0..3 {
        journal.write(&"x".repeat(900)).unwrap();
    }
    let error = pollster::block_on(Shared::calls(&journal).lines().into_future()).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::TooLarge, Executed::Yes)
    );
    assert_eq!(Shared::calls(&journal).write("on").start().wait(), Ok(()));
}

#[test]
fn calls_to_a_server_that_is_gone_say_so() {
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    assert_eq!(Shared::calls(&counter).add(1).start().wait(), Ok(1));
    server.shutdown().unwrap();
    for _ in 0..3 {
        let error = pollster::block_on(Shared::calls(&counter).add(1).into_future()).unwrap_err();
        assert_eq!(
            (error.kind(), error.executed()),
            (ErrorKind::Disconnected, Executed::No)
        );
    }
}

#[test]
fn a_server_that_is_shut_down_answers_what_runs() {
    let builder = ServerProcess::builder().shutdown_timeout(Duration::from_mins(10));
    let server = builder.start().unwrap();
    let (gate, counter) = (Gate::new_in(&server).unwrap(), Shared::new(Counter::new()));
    let journal = Journal::new_in(&server).unwrap();
    let passing: Vec<_> = (0..20)
        .map(|_| Shared::calls(&gate).pass().start())
        .collect();
    let reporting: Vec<_> = (0..20)
        .map(|_| Shared::calls(&journal).report_to(&counter, 1).start())
        .collect();
    open(&gate);
    let calls = reporting.into_iter().chain(passing);
    assert!(calls.into_iter().all(|call| call.wait().is_ok()));
    assert_eq!(counter.get(), Ok(20));
    let relay = Relay::new_in(&server).unwrap();
    let visiting = Shared::calls(&relay)
        .visit(Duration::from_millis(300))
        .start();
    until("it runs", || !server.inspect().unwrap().calls.is_empty());
    server.shutdown().unwrap();
    assert_eq!(visiting.wait(), Ok(()));
}

/// What ten thousand pending awaits cost this process: the threads before, with all of them pending, and the sum of their answers.
#[task]
fn await_many(gate: Shared<Gate>, counter: Shared<Counter>) -> (usize, usize, u64) {
    let threads = || std::fs::read_dir("/proc/self/task").unwrap().count();
    pollster::block_on(Shared::calls(&counter).get().into_future()).unwrap();
    let before = threads();
    let mut passing: Vec<_> = (0..5000)
        .map(|_| Shared::calls(&gate).pass().into_future())
        .collect();
    let mut adding: Vec<_> = (0..5000)
        .map(|_| Shared::calls(&counter).add(1).into_future())
        .collect();
    assert!(passing.iter_mut().all(|pass| poll_once(pass).is_pending()));
    assert!(adding.iter_mut().all(|add| poll_once(add).is_pending()));
    let pending = threads();
    gate.open().unwrap();
    for pass in passing {
        pollster::block_on(pass).unwrap();
    }
    let sums = adding
        .into_iter()
        .map(|add| pollster::block_on(add).unwrap());
    (before, pending, sums.sum())
}

#[test]
fn ten_thousand_pending_awaits_add_no_thread() {
    let server = ServerProcess::start().unwrap();
    let (gate, counter) = (
        Gate::new_in(&server).unwrap(),
        Counter::new_in(&server).unwrap(),
    );
    let client = await_many::spawn(gate, counter).unwrap();
    let (before, pending, sum) = client.join().unwrap();
    // The sender goes when it has nothing to do, and comes again.
    assert!(
        pending <= before + 1,
        "{before} threads before, {pending} with them"
    );
    assert_eq!(sum, (1..=5000u64).sum::<u64>());
}
