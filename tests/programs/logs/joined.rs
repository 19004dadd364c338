//! The other ways to learn of an end: with a logger that takes its time, all records are there all the same.

use std::time::Duration;

use log::{LevelFilter, Log, Metadata, Record};
use shared_runtime::{Pool, process, task};

use super::{Keep, texts};

/// Keeps what it gets, after a while.
struct Slow;

impl Log for Slow {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        Keep.enabled(metadata)
    }

    fn log(&self, record: &Record<'_>) {
        std::thread::sleep(Duration::from_millis(2));
        Keep.log(record);
    }

    fn flush(&self) {}
}

const LINES: usize = 50;

#[task]
fn chatter(name: String) {
    (0..LINES).for_each(|n| log::info!("{name} {n}"));
}

fn slow_root() {
    shared_runtime::init();
    log::set_logger(&Slow).unwrap();
    log::set_max_level(LevelFilter::Info);
}

fn all_of(name: &str) -> bool {
    let expected: Vec<_> = (0..LINES).map(|n| format!("{name} {n}")).collect();
    let seen = texts().into_iter();
    seen.filter(|text| text.starts_with(name)).eq(expected)
}

/// By a task of an executor, as the first that comes of several, and in a pool.
pub(crate) fn in_every_way() {
    slow_root();
    let awaited = chatter::spawn("awaited".to_owned()).unwrap();
    pollster::block_on(async { awaited.await.unwrap() });
    assert!(all_of("awaited"));
    let first = chatter::spawn("first".to_owned()).unwrap();
    for (_, worker) in process::as_completed(vec![first], None) {
        worker.join().unwrap();
    }
    assert!(all_of("first"));
    let pool = Pool::builder().size(1).start().unwrap();
    drop(pool.submit(chatter::call("pooled".to_owned())));
    pool.join();
    assert!(all_of("pooled"));
    println!("checked");
}
