//! What a process has put together and not yet got rid of. A record goes into the socket at once where there is room, so that a process
//! that is killed has lost nothing it had written; else it waits here, and the background thread sends it on.

use std::collections::VecDeque;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rustix::event::PollFlags;

use super::entry::notice;
use super::line::{Line, line};
use super::packet::{self, Content, PACKET, Sent};
use crate::os::{BACKGROUND, Deadline, Next, Watch, forked, wait};

/// The most bytes that wait.
const MOST: usize = 16 * 1024 * 1024;

/// How long a process that ends waits for a root that takes nothing. Longer than the root itself waits for its logger.
const PATIENCE: Duration = Duration::from_secs(5);

static BUFFER: Mutex<Buffer> = Mutex::new(Buffer {
    records: VecDeque::new(),
    bytes: 0,
    begun: 0,
    lost: 0,
    watched: false,
    closed: false,
});

/// Whether records are counted and forgotten where others would wait for room.
static DROPS: AtomicBool = AtomicBool::new(false);

#[derive(Debug)]
struct Buffer {
    records: VecDeque<Vec<u8>>,
    bytes: usize,
    /// How much of the oldest has been sent.
    begun: usize,
    /// How many were dropped since that was last said.
    lost: u64,
    /// The background thread knows.
    watched: bool,
    /// Nobody reads any more.
    closed: bool,
}

/// A server must not stand still because its owner reads no logs.
pub(crate) fn drop_when_full() {
    DROPS.store(true, Ordering::Relaxed);
}

fn buffer() -> MutexGuard<'static, Buffer> {
    BUFFER.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sends an encoded record, or keeps it; `None` is one that could not be encoded. Waits while there is no room, unless this
/// process drops them then.
pub(super) fn push(record: Option<Vec<u8>>) {
    let Some(line) = line() else {
        return;
    };
    if forked() {
        // The socket, and who waits for room in it, are the parent's.
        return;
    }
    let mut buffer = buffer();
    match record {
        Some(record) => buffer = keep(buffer, line, record),
        None => buffer.lost += 1,
    }
    if !buffer.watched {
        buffer.send(line);
        buffer.have_the_rest_sent(line);
    }
}

/// Puts a record to those that wait, after a wait for room where this process does not drop it.
fn keep(
    mut buffer: MutexGuard<'static, Buffer>,
    line: &Line,
    record: Vec<u8>,
) -> MutexGuard<'static, Buffer> {
    while !buffer.has_room(record.len()) {
        buffer.send(line);
        if buffer.has_room(record.len()) {
            break;
        }
        if DROPS.load(Ordering::Relaxed) {
            buffer.lost += 1;
            return buffer;
        }
        drop(buffer);
        // By the socket, not by the background thread: this may be that thread, in a waker of the user's.
        let _ = wait(&[(line.records.as_fd(), PollFlags::OUT)], Deadline::NEVER);
        buffer = self::buffer();
    }
    buffer.add(record);
    buffer
}

/// Sends what is left, at the end of the process.
pub(super) fn flush() {
    let Some(line) = line() else {
        return;
    };
    if forked() {
        return;
    }
    let mut last = (Instant::now(), None);
    loop {
        let mut buffer = buffer();
        buffer.send(line);
        let left = Some((buffer.records.len(), buffer.begun));
        let empty = buffer.records.is_empty();
        drop(buffer);
        if left != last.1 {
            last = (Instant::now(), left);
        }
        let deadline = Deadline::until(last.0.checked_add(PATIENCE));
        if empty || deadline.passed() {
            return;
        }
        let _ = wait(&[(line.records.as_fd(), PollFlags::OUT)], deadline);
    }
}

impl Buffer {
    /// Sends as much as there is room for.
    fn send(&mut self, line: &Line) {
        self.send_records(line);
        if self.lost > 0 && self.bytes <= MOST / 2 {
            self.confess();
            self.send_records(line);
        }
    }

    fn send_records(&mut self, line: &Line) {
        while let Some((what, body)) = self.front() {
            let records = match what {
                Content::Whole(count) => count,
                Content::Piece { last, .. } => last.into(),
            };
            match packet::send(&line.records, what, &body) {
                Sent::NoRoom => return,
                Sent::Yes if records == 0 => self.begun += body.len(),
                Sent::Yes => self.forget(records),
                Sent::Refused => {
                    // Without this piece the others are worth nothing.
                    let records = records.max(1);
                    self.forget(records);
                    self.lost += u64::from(records);
                }
                Sent::Closed => self.close(),
            }
        }
    }

    /// The next message: the oldest records, as many as fit; or a piece of the oldest one.
    fn front(&self) -> Option<(Content, Vec<u8>)> {
        let oldest = self.records.front()?;
        if oldest.len() > PACKET {
            let end = oldest.len().min(self.begun + PACKET);
            let piece = Content::Piece {
                // No record has as many bytes as this can count.
                before: u32::try_from(self.begun).unwrap_or(u32::MAX),
                last: end == oldest.len(),
            };
            return Some((piece, oldest[self.begun..end].to_vec()));
        }
        let mut body = Vec::new();
        let mut count = 0;
        for record in &self.records {
            if body.len() + record.len() > PACKET {
                break;
            }
            body.extend_from_slice(record);
            count += 1;
        }
        Some((Content::Whole(count), body))
    }

    fn forget(&mut self, count: u32) {
        for record in self.records.drain(..count as usize) {
            self.bytes -= record.len();
        }
        self.begun = 0;
    }

    fn close(&mut self) {
        self.closed = true;
        self.records = VecDeque::new();
        self.bytes = 0;
    }

    /// Whether there is room, or nobody for whom anything would be kept.
    fn has_room(&self, length: usize) -> bool {
        self.closed || self.bytes == 0 || self.bytes + length <= MOST
    }

    fn add(&mut self, record: Vec<u8>) {
        if !self.closed {
            self.bytes += record.len();
            self.records.push_back(record);
        }
    }

    /// Says how many were dropped.
    fn confess(&mut self) {
        let text = format!(
            "{} log records were dropped here: they came faster than they were taken, or could not be sent",
            self.lost
        );
        if let Some(record) = notice(&text) {
            self.lost = 0;
            self.add(record);
        }
    }

    fn have_the_rest_sent(&mut self, line: &'static Line) {
        if !self.records.is_empty() && !self.watched {
            self.watched = BACKGROUND.run(Box::new(Rest(line)));
        }
    }
}

/// What waits for room, as the background thread sees it.
struct Rest(&'static Line);

impl Watch for Rest {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![(self.0.records.as_fd(), PollFlags::OUT)]
    }

    fn ready(&mut self) -> Next {
        let mut buffer = buffer();
        buffer.send(self.0);
        buffer.watched = !buffer.records.is_empty();
        if buffer.watched {
            Next::Wait
        } else {
            Next::Done
        }
    }
}
