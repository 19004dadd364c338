//! Calls out of iterators.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};

use shared_runtime::{CallError, ErrorKind, Pool, Shared};

use super::super::leftovers::NothingLeft;
use super::super::tools::Counter;
use super::{add, counts, ends, meets, parse, pool};

#[test]
fn results_come_in_the_order_of_the_calls() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(3);
    for chunk in [1, 3, 50] {
        let calls = (0..200).map(|n| add::call(n, n));
        let sums: Vec<u64> = pool.map(calls).chunk(chunk).map(Result::unwrap).collect();
        let expected: Vec<u64> = (0..200).map(|n| 2 * n).collect();
        assert_eq!(sums, expected);
        let calls = (0..200).map(|n| add::call(n, n));
        let sums = pool.map_unordered(calls).chunk(chunk);
        let mut sums: Vec<u64> = sums.map(Result::unwrap).collect();
        sums.sort_unstable();
        assert_eq!(sums, expected);
    }
    assert_eq!(pool.progress().done, 1200);
    assert!(
        pool.map(Vec::<shared_runtime::TaskCall<add>>::new())
            .next()
            .is_none()
    );
}

#[test]
fn an_error_is_one_result_among_others() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let calls = ["1", "two", "3"].map(|text| parse::call(text.into()));
    let parsed: Vec<_> = pool.map(calls).map(Result::ok).collect();
    assert_eq!(parsed, [Some(1), None, Some(3)]);
}

#[test]
fn unordered_results_come_as_they_end() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let counter = Shared::new(Counter::new());
    // The first ends when it is told to: both others come before it.
    let calls = [4, 0, 0].map(|n| meets::call(counter.clone(), n));
    let mut results = pool.map_unordered(calls);
    let short = results.next().unwrap().unwrap();
    assert_eq!(results.next().unwrap().unwrap(), short);
    counter.add(1).unwrap();
    assert_ne!(results.next().unwrap().unwrap(), short);
    assert!(results.next().is_none());
}

/// Calls without end, and how many of them have been made.
fn endless<'a>(
    made: &'a Cell<usize>,
    call: impl Fn(u64) -> shared_runtime::TaskCall<add> + 'a,
) -> impl Iterator<Item = shared_runtime::TaskCall<add>> + 'a {
    (0..).map(move |n| {
        made.set(made.get() + 1);
        call(n)
    })
}

#[test]
fn calls_are_pulled_as_workers_have_room_for_them() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let made = Cell::new(0);
    let mut sums = pool.map(endless(&made, |n| add::call(n, 1))).chunk(3);
    assert_eq!(made.get(), 0, "nothing is asked for yet");
    for n in 0..50 {
        assert_eq!(sums.next().unwrap().unwrap(), n + 1);
        let most = usize::try_from(n).unwrap() + 1 + 4 * 2 * 3;
        assert!(made.get() <= most, "{} for result {n}", made.get());
        let waiting = pool.progress().waiting();
        assert!(waiting <= 2 * 3, "{waiting} have been given to nobody");
    }
    let made = Cell::new(0);
    let mut sums = pool.map_unordered(endless(&made, |n| add::call(n, 1)));
    for n in 0..50 {
        sums.next().unwrap().unwrap();
        assert!(made.get() <= n + 2, "{} for result {n}", made.get());
    }
}

/// The first result is long in coming: others are fetched meanwhile, but not without end.
#[test]
fn results_that_wait_for_an_earlier_one_are_bounded() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    let counter = Shared::new(Counter::new());
    let made = Cell::new(0);
    let calls = (0..).map(|n| {
        made.set(made.get() + 1);
        meets::call(counter.clone(), if n == 0 { 8 } else { 0 })
    });
    let mut results = pool.map(calls);
    let first = results.next().unwrap().unwrap();
    assert_eq!(
        made.get(),
        4 * 2,
        "and that was enough for the first to end"
    );
    assert_ne!(results.next().unwrap().unwrap(), first);
}

/// Others of the same worker, which have not begun, are run by another.
#[test]
fn a_crash_fails_one_call_of_a_chunk() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(2);
    for how in ["abort", "exit", "kill"] {
        let calls = (0..24).map(|n| ends::call(if n == 5 { how } else { "not" }.into()));
        let results: Vec<_> = pool.map(calls).chunk(8).collect();
        for (place, result) in results.into_iter().enumerate() {
            match result {
                Ok(_) => assert_ne!(place, 5),
                Err(CallError::Remote(error)) => {
                    assert_eq!((place, error.kind()), (5, ErrorKind::Exited), "{error}");
                }
            }
        }
    }
}

/// The calls of the iterator that has to give up are in the queue then, because all workers have something to do.
#[test]
fn a_map_that_is_dropped_begins_nothing_more() {
    let _nothing_left = NothingLeft::watch();
    let pool = pool(3);
    let (gate, counter) = (Shared::new(Counter::new()), Shared::new(Counter::new()));
    let held: Vec<_> = (0..3)
        .map(|_| pool.submit(meets::call(gate.clone(), 4)))
        .collect();
    let calls = || {
        let calls = (0..2).map(|_| counts::call(counter.clone()));
        calls.chain(std::iter::from_fn(|| panic!("no more")))
    };
    let fails = |next: &mut dyn FnMut()| {
        assert!(catch_unwind(AssertUnwindSafe(next)).is_err());
    };
    let (mut results, mut unordered) = (pool.map(calls()), pool.map_unordered(calls()));
    fails(&mut || drop(results.next()));
    fails(&mut || drop(unordered.next()));
    assert_eq!(pool.progress().waiting(), 4);
    drop((results, unordered));
    gate.add(1).unwrap();
    for job in held {
        job.wait().unwrap();
    }
    pool.join();
    assert_eq!(counter.get().unwrap(), 0);
    assert_eq!((pool.progress().submitted, pool.progress().done), (3, 3));
}

#[test]
fn a_pool_that_is_closed_says_so_to_every_call() {
    let _nothing_left = NothingLeft::watch();
    let pool: Pool = pool(1);
    let mut sums = pool.map((0..30).map(|n| add::call(n, 0)));
    assert_eq!(sums.next().unwrap().unwrap(), 0);
    pool.close();
    let rest: Vec<_> = sums.collect();
    assert_eq!(rest.len(), 29);
    // What had been pulled before is done.
    for refused in &rest[4..] {
        let error = refused.as_ref().unwrap_err();
        assert_eq!(error.remote().unwrap().kind(), ErrorKind::Cancelled);
    }
}
