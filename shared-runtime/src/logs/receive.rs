//! The root's side: the background thread takes records out of the socket and tells others the levels; it never runs the logger.

use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::channel;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, Weak};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::deliver;
use super::levels::{Levels, number};
use super::line::{self, DESCRIPTORS, Line};
use super::queue::{Waiter, queue};
use crate::error::Error;
use crate::os::{BACKGROUND, Child, Deadline, Next, Socket, Watch, forked};

/// How soon a change of the levels reaches processes that run, if nothing else happens before.
const TICK: Duration = Duration::from_millis(100);

/// The most bytes that the background thread takes before it looks after others.
const AT_ONCE: usize = 256 * 1024;

/// The root's end of the line.
static RECORDS: OnceLock<Socket> = OnceLock::new();

static MAKING: Mutex<()> = Mutex::new(());

static WATCHED: AtomicBool = AtomicBool::new(false);

/// The processes for whose sake the levels are looked at.
static CHILDREN: Mutex<Vec<Weak<Child>>> = Mutex::new(Vec::new());

/// What was announced last.
static ANNOUNCED: Mutex<Option<Levels>> = Mutex::new(None);

/// The line for a process about to be started.
pub(crate) fn descriptors() -> Result<[BorrowedFd<'static>; DESCRIPTORS], Error> {
    own_line().map(Line::descriptors)
}

/// The one this process has from its owner, or its own, where it is the root.
fn own_line() -> Result<&'static Line, Error> {
    let _alone = MAKING.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(line) = line::line() {
        announce(line);
        return Ok(line);
    }
    let (line, read) =
        Line::make().map_err(|error| Error::io("making the way of log records", error))?;
    let made = RECORDS.set(read).ok().and_then(|()| line::set(line));
    let line = made.ok_or_else(|| Error::io("making the way of log records", "made twice"))?;
    announce(line);
    Ok(line)
}

/// Tells the others the levels, if this is the root and they are new.
fn announce(line: &Line) {
    if RECORDS.get().is_none() {
        return;
    }
    let levels = wanted();
    let mut announced = ANNOUNCED.lock().unwrap_or_else(PoisonError::into_inner);
    if announced.replace(levels) != Some(levels) {
        levels.announce(line);
    }
}

fn wanted() -> Levels {
    Levels {
        log: number(log::max_level()),
        tracing: wanted_of_tracing(),
    }
}

#[cfg(feature = "tracing")]
fn wanted_of_tracing() -> u8 {
    super::retrace::wanted().unwrap_or_else(|| number(log::max_level()))
}

#[cfg(not(feature = "tracing"))]
fn wanted_of_tracing() -> u8 {
    0
}

/// Looks after a process just started: its records are received, and it is told of other levels.
pub(crate) fn look_after(child: &Arc<Child>) {
    if RECORDS.get().is_none() || forked() {
        return;
    }
    let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    children.retain(|child| child.strong_count() > 0);
    children.push(Arc::downgrade(child));
    drop(children);
    if WATCHED.swap(true, Ordering::AcqRel) {
        BACKGROUND.look_again();
    } else {
        let watched = BACKGROUND.run(Box::new(Receiving { next_look: None }));
        WATCHED.store(watched, Ordering::Release);
    }
}

/// Waits until the logger has had every record that an ended process had written, but not longer than `deadline` or for a logger
/// that stands still.
pub(crate) fn settle(deadline: Deadline) {
    let (say, settled) = channel();
    when_settled(Box::new(move || {
        // Nobody listens after the deadline.
        let _ = say.send(());
    }));
    let _ = match deadline.remaining() {
        Some(left) => settled.recv_timeout(left).ok(),
        None => settled.recv().ok(),
    };
}

/// Has `then` called when that is so: at once, by this thread; or later by the one that runs the logger, or by the background thread, if
/// the logger stands still. It must not block.
pub(crate) fn when_settled(then: Box<dyn FnOnce() + Send>) {
    match wait(then) {
        Some(then) => then(),
        // Somebody must notice if it comes to nothing.
        None => BACKGROUND.look_again(),
    }
}

/// Gives `then` back if there is nothing to wait for.
fn wait(then: Waiter) -> Option<Waiter> {
    let records = RECORDS.get();
    // A logger that itself waits for a process cannot be waited for.
    let Some(records) = records.filter(|_| !forked() && !deliver::is_this_thread()) else {
        return Some(then);
    };
    let mut queue = queue();
    // All that a process has written is here, once it has ended: after this look, none of it is still to come.
    let there = rustix::io::ioctl_fionread(records).unwrap_or(0);
    queue.take_from(records, usize::try_from(there).unwrap_or(usize::MAX));
    if !queue.is_untouched() && !deliver::start() {
        return Some(then);
    }
    queue.wait(then)
}

/// The root, as the background thread sees it.
struct Receiving {
    next_look: Option<Instant>,
}

impl Watch for Receiving {
    /// Nothing while the queue is full, so that others wait; unless the logger stands still, for which nobody waits.
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        let queue = queue();
        let closed = queue.is_full() && !queue.stands_still();
        let records = RECORDS.get().filter(|_| !closed);
        records.map_or_else(Vec::new, |records| vec![(records.as_fd(), PollFlags::IN)])
    }

    fn deadline(&self) -> Deadline {
        let queue = queue();
        let stall = if queue.is_full() && !queue.stands_still() {
            queue.stall()
        } else {
            Deadline::NEVER
        };
        let looks = queue.is_waited_for() || has_children();
        let next = self.next_look.or_else(|| looks.then(Instant::now));
        stall.earlier(Deadline::until(next))
    }

    fn ready(&mut self) -> Next {
        if let Some(records) = RECORDS.get() {
            let mut queue = queue();
            if !queue.is_full() || queue.stands_still() {
                queue.take_from(records, AT_ONCE);
            }
            let runs = queue.is_untouched() || deliver::start();
            let nobody = if runs && !queue.stands_still() {
                Vec::new()
            } else {
                queue.give_up()
            };
            drop(queue);
            nobody.into_iter().for_each(deliver::call);
        }
        if let Some(line) = line::line() {
            announce(line);
        }
        let looks = queue().is_waited_for() || has_children();
        self.next_look = looks.then(|| Instant::now() + TICK);
        Next::Wait
    }
}

fn has_children() -> bool {
    let children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
    children.iter().any(|child| child.strong_count() > 0)
}
