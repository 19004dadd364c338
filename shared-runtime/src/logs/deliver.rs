//! Gives the records of other processes to the logger of the root: on a thread of its own, because that is user code and may wait for
//! anything.

use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};

use super::entry::{Entry, Maker, NOTICES};
use super::levels::filter;
use super::origin::Told;
use super::packet::{Content, Opened, Packet, records};
use super::pieces::{Missing, Pieces};
use super::queue::{self, Waiter};
use crate::os::BACKGROUND;

static STARTED: AtomicBool = AtomicBool::new(false);

/// How many packets are between two looks for what killed processes have left.
const LOOK_EVERY: u64 = 1024;

thread_local! {
    static HERE: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is the one that gives records to the logger.
pub(super) fn is_this_thread() -> bool {
    HERE.try_with(Cell::get).unwrap_or(false)
}

/// Starts the thread, once. `false` where the system has none to give; the next time tries again.
pub(super) fn start() -> bool {
    if STARTED.swap(true, Ordering::AcqRel) {
        return true;
    }
    let thread = std::thread::Builder::new().name("shared-logs".into());
    let started = thread.spawn(run).is_ok();
    STARTED.store(started, Ordering::Release);
    started
}

/// Tells somebody who waited that it is over.
pub(super) fn call(waiter: Waiter) {
    // A waker of the user's that panics has said so.
    let _ = catch_unwind(AssertUnwindSafe(waiter));
}

fn run() {
    HERE.set(true);
    let mut pieces = Pieces::default();
    loop {
        let (packet, number) = queue::next();
        if !pieces.is_empty() && number.is_multiple_of(LOOK_EVERY) {
            pieces.forget_the_dead(number);
        }
        give_all(&packet, &mut pieces);
        let after = queue::end(&packet);
        if after.room {
            BACKGROUND.look_again();
        }
        after.waiters.into_iter().for_each(call);
        if after.lost > 0 {
            queue::begin();
            let _ = catch_unwind(|| confess(after.lost));
            queue::rest();
        }
    }
}

fn give_all(packet: &Packet, pieces: &mut Pieces) {
    let Some(opened) = packet.open() else {
        return queue::lose(packet.count());
    };
    match opened.what {
        Content::Whole(count) => give_each(&opened, opened.body, count),
        Content::Piece { before, last } => {
            match pieces.add(opened.pid, before, last, opened.body) {
                Ok(Some(record)) => give_each(&opened, &record, 1),
                Ok(None) => {}
                Err(Missing) => queue::lose(1),
            }
        }
    }
}

fn give_each(from: &Opened<'_>, bytes: &[u8], count: u32) {
    for entry in records(bytes, count) {
        match entry {
            Ok(entry) => {
                queue::begin();
                // A logger that panics has said so; the next record is another matter.
                let _ = catch_unwind(AssertUnwindSafe(|| give(from, &entry)));
            }
            Err(lost) => queue::lose(lost),
        }
    }
}

fn confess(lost: u64) {
    log::warn!(
        target: NOTICES,
        "{lost} log records of child processes were dropped: they could not be read, or this process's logger stood still"
    );
}

fn give(from: &Opened<'_>, entry: &Entry<'_>) {
    #[cfg(feature = "tracing")]
    if entry.maker == Maker::Tracing && super::retrace::give(from, entry) {
        return;
    }
    debug_assert!(cfg!(feature = "tracing") || entry.maker == Maker::Log);
    give_to_log(from, entry);
}

/// As the macros of `log` do, with where it comes from as key-values.
fn give_to_log(from: &Opened<'_>, entry: &Entry<'_>) {
    let Some(level) = filter(entry.level).to_level() else {
        return;
    };
    if level > log::max_level() {
        return;
    }
    let told = Told::new(from, entry);
    log::logger().log(
        &log::Record::builder()
            .level(level)
            .target(entry.target)
            .args(format_args!("{}", entry.message))
            .module_path(entry.module)
            .file(entry.file)
            .line(entry.line)
            .key_values(&told)
            .build(),
    );
}
