//! Many calls of all kinds at once, every one accounted for.

use std::time::Duration;

use shared_runtime::{CallError, ErrorKind, ServerProcess, Shared, task};

use super::leftovers::NothingLeft;
use super::tools::Counter;

#[derive(Debug, Default, PartialEq)]
struct Seen {
    answers: u32,
    errors: u32,
    panics: u32,
    oversized: u32,
    timeouts: u32,
    /// Answers that came after the deadline and before their caller, which was held up, had seen that it has passed.
    late: u32,
}

#[test]
fn a_thousand_mixed_calls_are_all_accounted_for() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::builder()
        .max_message(100_000)
        .start()
        .unwrap();
    let counter = Counter::new_in(&server).unwrap();
    let seen = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..10)
            .map(|seed| {
                scope.spawn({
                    let counter = &counter;
                    move || mixed_calls(counter, seed)
                })
            })
            .collect();
        let mut all = Seen::default();
        for thread in threads {
            let seen = thread.join().unwrap();
            all.answers += seen.answers;
            all.errors += seen.errors;
            all.panics += seen.panics;
            all.oversized += seen.oversized;
            all.timeouts += seen.timeouts;
            all.late += seen.late;
        }
        all
    });
    assert_eq!(
        seen.answers + seen.errors + seen.panics + seen.oversized + seen.timeouts + seen.late,
        1000,
        "{seen:?}"
    );
    assert!(
        [
            seen.errors,
            seen.panics,
            seen.oversized,
            seen.timeouts + seen.late
        ]
        .iter()
        .all(|n| *n > 20)
            && seen.timeouts > 0,
        "{seen:?}"
    );
    assert_eq!(
        u32::try_from(counter.get().unwrap()).unwrap(),
        seen.answers,
        "the server is alive and lost none"
    );
    assert_eq!(server.object_count().unwrap(), 1);
}

/// A hundred calls in an order that depends on `number` alone.
fn mixed_calls(counter: &Shared<Counter>, number: u64) -> Seen {
    let mut seen = Seen::default();
    let mut random = number.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1;
    let large = vec![0; 150_000];
    let hasty = Shared::with_timeout(counter, Duration::from_millis(2));
    for _ in 0..100 {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        match random % 8 {
            0 => {
                assert!(
                    matches!(counter.fail(7), Err(CallError::Method(text)) if text == "failed with 7")
                );
                seen.errors += 1;
            }
            1 => {
                assert_eq!(counter.panic().unwrap_err().kind(), ErrorKind::Panicked);
                seen.panics += 1;
            }
            2 => {
                assert_eq!(
                    counter.swallow(&large).unwrap_err().kind(),
                    ErrorKind::TooLarge
                );
                seen.oversized += 1;
            }
            3 => match hasty.nap(Duration::from_millis(50)) {
                Ok(()) => seen.late += 1,
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::Timeout);
                    seen.timeouts += 1;
                }
            },
            _ => {
                counter.add(1).unwrap();
                seen.answers += 1;
            }
        }
    }
    seen
}

#[task]
fn increment(counter: Shared<Counter>, times: u32) {
    for _ in 0..times {
        counter.add(1).unwrap();
    }
}

#[test]
fn four_processes_lose_no_increment() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let counter = Counter::new_in(&server).unwrap();
    let processes: Vec<_> = (0..4)
        .map(|_| increment::spawn(counter.clone(), 10_000).unwrap())
        .collect();
    for process in processes {
        process.join().unwrap();
    }
    assert_eq!(counter.get().unwrap(), 40_000);
}
