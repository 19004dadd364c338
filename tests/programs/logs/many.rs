//! Many records, and large ones.

use std::collections::HashMap;

use log::LevelFilter;
use shared_runtime::{Process, task};

use super::{root, seen};

const CHILDREN: usize = 4;
const THREADS: usize = 5;
const RECORDS: usize = 5_000;

#[task]
fn count(records: usize) {
    std::thread::scope(|scope| {
        for n in 0..THREADS {
            let thread = std::thread::Builder::new().name(format!("thread-{n}"));
            let speak = move || (0..records).for_each(|n| log::info!("{n}"));
            thread.spawn_scoped(scope, speak).unwrap();
        }
    });
}

/// None is lost or doubled; those of one thread stay in order; all are there when the last process is joined.
pub(crate) fn hundred_thousand() {
    root(LevelFilter::Info);
    let children: Vec<_> = (0..CHILDREN)
        .map(|n| {
            Process::builder()
                .name(format!("child-{n}"))
                .spawn(count::call(RECORDS))
                .unwrap()
        })
        .collect();
    for child in children {
        child.join().unwrap();
    }
    let seen = seen();
    assert_eq!(seen.len(), CHILDREN * THREADS * RECORDS);
    let mut next: HashMap<(String, String), usize> = HashMap::new();
    for record in seen.iter() {
        let maker = (
            record.origin.process().to_owned(),
            record.origin.thread().to_owned(),
        );
        let next = next.entry(maker).or_default();
        assert_eq!(record.text, next.to_string(), "{record:?}");
        *next += 1;
    }
    assert_eq!(next.len(), CHILDREN * THREADS);
    println!("checked");
}

/// Around the size of a message, the size of a file, and beyond what a record may have.
const SIZES: [usize; 8] = [
    0,
    32_000,
    32_768,
    33_000,
    70_000,
    1 << 20,
    4 << 20,
    (4 << 20) + 1,
];

#[task]
fn shout() {
    for size in SIZES {
        log::info!(size; "{}", "x".repeat(size));
        log::info!("between");
    }
    // Not even its key-values fit.
    log::info!(value = "y".repeat(17 << 20).as_str(); "too large");
    log::info!("after");
}

pub(crate) fn large() {
    root(LevelFilter::Info);
    shout::spawn().unwrap().join().unwrap();
    let seen = seen();
    for (pair, size) in seen.chunks(2).zip(SIZES) {
        assert_eq!(pair[0].values["size"], size.to_string());
        assert_eq!(pair[1].text, "between");
        if size > 4 << 20 {
            assert!(pair[0].text.ends_with("x … (1 bytes more)"));
        } else {
            assert_eq!(pair[0].text.len(), size);
        }
    }
    let rest: Vec<&str> = seen[2 * SIZES.len()..]
        .iter()
        .map(|record| &*record.text)
        .collect();
    let [dropped, "after"] = rest[..] else {
        panic!("{rest:?}");
    };
    assert!(
        dropped.starts_with("1 log records were dropped here"),
        "{dropped}"
    );
    println!("checked");
}
