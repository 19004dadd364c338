//! Log records of other processes, in programs whose logger is their own.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use log::kv::{Error, Key, Value, VisitSource};
use log::{LevelFilter, Log, Metadata, Record};
use shared_runtime::logs::Origin;

use super::Program;

mod ends;
mod joined;
mod levels;
mod many;
mod own;
mod slow;
mod spans;
mod whole;

pub(crate) const PROGRAMS: [Program; 20] = [
    ("records_arrive_whole", whole::arrive),
    ("streams_are_left_alone", whole::streams),
    ("records_of_grandchildren_arrive", whole::grandchildren),
    ("records_of_a_server_arrive", whole::server),
    ("records_before_every_join", joined::in_every_way),
    ("a_hundred_thousand_records", many::hundred_thousand),
    ("large_records", many::large),
    ("records_before_an_end", ends::every_end),
    ("a_killed_child_leaves_no_gap", ends::no_gap),
    ("filtered_records_cost_nothing", levels::filtered),
    ("levels_reach_processes_that_run", levels::followed),
    ("a_logger_before_init", own::before_init),
    ("a_logger_of_its_own", own::later),
    ("a_logger_that_prints", slow::prints),
    ("a_logger_that_panics", slow::panics),
    ("a_logger_that_joins", slow::joins),
    ("a_logger_that_stands_still", slow::stands_still),
    ("an_owner_that_is_stopped", slow::owner_stopped),
    ("events_and_spans", spans::events),
    ("events_without_a_subscriber", spans::as_records),
];

/// A record as the logger saw it.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) level: log::Level,
    pub(crate) target: String,
    pub(crate) text: String,
    pub(crate) module: Option<String>,
    pub(crate) file: Option<String>,
    pub(crate) line: Option<u32>,
    pub(crate) values: BTreeMap<String, String>,
    pub(crate) origin: Origin,
}

static SEEN: Mutex<Vec<Seen>> = Mutex::new(Vec::new());

/// Everything so far.
pub(crate) fn seen() -> MutexGuard<'static, Vec<Seen>> {
    SEEN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The texts so far.
pub(crate) fn texts() -> Vec<String> {
    seen().iter().map(|record| record.text.clone()).collect()
}

/// A logger that keeps what it gets.
pub(crate) struct Keep;

impl Log for Keep {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let mut values = Values::default();
        record.key_values().visit(&mut values).unwrap();
        let owned = |text: Option<&str>| text.map(str::to_owned);
        seen().push(Seen {
            level: record.level(),
            target: record.target().to_owned(),
            text: record.args().to_string(),
            module: owned(record.module_path()),
            file: owned(record.file()),
            line: record.line(),
            values: values.0,
            origin: Origin::of(record),
        });
    }

    fn flush(&self) {}
}

#[derive(Default)]
struct Values(BTreeMap<String, String>);

impl<'kvs> VisitSource<'kvs> for Values {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        self.0.insert(key.as_str().to_owned(), value.to_string());
        Ok(())
    }
}

/// What a program does first: after this line it is the root.
pub(crate) fn root(level: LevelFilter) {
    shared_runtime::init();
    log::set_logger(&Keep).unwrap();
    log::set_max_level(level);
}

pub(crate) fn until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::sleep(std::time::Duration::from_millis(1));
    }
}

/// Whether a moment, as it was written, lies between two others.
pub(crate) fn between(before: SystemTime, moment: SystemTime, after: SystemTime) -> bool {
    // It is written to the microsecond, and no later than it was.
    before <= moment + std::time::Duration::from_micros(1) && moment <= after
}
