//! Somebody writes nonsense into the memory of a connection while calls run over it. What is said on it may be lost or made up then; but
//! nobody panics, nobody waits for ever, and nothing of it stays.

use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use memmap2::{MmapOptions, MmapRaw};

use super::limits::carriage;
use super::malice::{Random, greeted_as, head, is_alive, patience, request};
use super::sessions::SESSIONS;
use crate::carriage::Transport;
use crate::codec;
use crate::error::ErrorKind;
use crate::message::{Control, Reply, Role, Subject};
use crate::os::{Deadline, Peer, Socket};
use crate::transport::{self, Broken, Connection};

/// No round takes longer than so many waits.
const HASTE: Duration = Duration::from_millis(30);

/// The control lines at the beginning of the memory.
const LINES: u64 = 512;

/// The memory of a connection, as somebody else has mapped it.
struct Page(MmapRaw);

impl Page {
    fn of(file: &OwnedFd) -> Self {
        Self(MmapOptions::new().map_raw(file.as_raw_fd()).unwrap())
    }

    fn word(&self, at: u64) -> &AtomicU64 {
        let at = usize::try_from(at).unwrap() % (self.0.len() / 8);
        #[expect(clippy::cast_ptr_alignment, reason = "a mapping begins at a page")]
        let words = self.0.as_mut_ptr().cast::<AtomicU64>();
        // SAFETY: within the mapping, which is a multiple of eight long.
        let word = unsafe { words.add(at) };
        // SAFETY: mapped as long as `self`, and an atomic word may hold any bytes.
        unsafe { &*word }
    }

    /// Changes something, mostly what matters most.
    fn scribble(&self, random: &mut Random) {
        let at = match random.next() % 8 {
            0..=4 => random.next() % (LINES / 8),
            // Where the rings begin, in both directions.
            5 => 4096 / 8 + random.next() % 64,
            6 => (4096 + (2 << 20)) / 8 + random.next() % 64,
            _ => random.next(),
        };
        let word = self.word(at);
        let old = word.load(Ordering::Relaxed);
        let new = match random.next() % 7 {
            0 => random.next(),
            1 => old ^ (1 << (random.next() % 64)),
            2 => old.wrapping_add(random.next() % 20),
            3 => old.wrapping_sub(random.next() % 20),
            4 => 0,
            5 => u64::MAX,
            _ => old.rotate_left(8 * u32::try_from(random.next() % 8).unwrap()),
        };
        word.store(new, Ordering::Relaxed);
    }
}

fn open(control: &Socket, number: u64) -> (Box<dyn Connection>, OwnedFd) {
    let itself = Arc::new(Peer::watch(std::process::id()).unwrap());
    let (ours, mut theirs) = transport::offer(carriage().unwrap(), &itself).unwrap();
    let role = Role::Calls;
    let say = codec::encode(&Control::Connect { number, role }).unwrap();
    let file = theirs.pop().unwrap();
    control.send(&say, &[file.as_fd()], patience()).unwrap();
    (ours, file)
}

/// A call that asks for nothing that is there, of `size` bytes. `false` if the connection has broken.
fn call(connection: &mut dyn Connection, size: usize, wait: Deadline) -> Result<bool, Broken> {
    let ping = head(&request(Subject::Ping { object: 1 << 40 }));
    connection.send(&ping, &vec![7; size], wait)?;
    let mut frame = Vec::new();
    connection.receive(&mut frame, 1 << 24, wait)?;
    let right = Reply::read(&frame).is_ok_and(|(reply, _)| {
        let outcome = reply.outcome;
        outcome.is_err_and(|error| error.0.kind() == ErrorKind::Gone)
    });
    Ok(right)
}

/// A few calls, all of which are right until the first scribble.
fn calls(connection: &mut dyn Connection, random: &mut Random, begun: &AtomicU32) {
    for size in [0, 30_000] {
        assert!(call(connection, size, patience()).unwrap());
    }
    begun.store(1, Ordering::Release);
    for _ in 0..30 {
        let sizes = [0, 0, 0, 20, 200, 5000, 40_000, 300_000];
        let size = sizes[usize::try_from(random.next() % 8).unwrap()];
        if call(connection, size, Deadline::after(Some(HASTE))).is_err() {
            return;
        }
    }
}

/// The files behind these numbers that this process has still mapped.
fn mapped(inodes: &[u64]) -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
    let mapped = maps
        .lines()
        .filter(|line| line.contains("/memfd:"))
        .filter_map(|line| line.split_whitespace().nth(4));
    mapped
        .filter(|inode| inode.parse().is_ok_and(|inode| inodes.contains(&inode)))
        .count()
}

#[test]
fn scribbles_in_shared_memory_end_a_connection_at_worst() {
    if carriage().unwrap().transport != Transport::Ring {
        return;
    }
    let rounds = std::env::var("SCRIBBLES").map_or(300, |rounds| rounds.parse().unwrap());
    let seed = std::env::var("SCRIBBLE_SEED").map_or(6, |seed| seed.parse().unwrap());
    let mut random = Random(seed);
    let control = greeted_as("a scribbler");
    let session = SESSIONS.list().into_iter().rev();
    let session = session
        .filter(|session| session.caller.label.starts_with("a scribbler"))
        .last()
        .unwrap();
    let mut inodes = Vec::new();
    for round in 0..rounds {
        let (mut connection, file) = open(&control, round);
        inodes.push(rustix::fs::fstat(&file).unwrap().st_ino);
        let page = Page::of(&file);
        drop(file);
        let begun = AtomicU32::new(0);
        let mut others = Random(random.next());
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while begun.load(Ordering::Acquire) == 0 {
                    std::thread::yield_now();
                }
                for _ in 0..=others.next() % 20 {
                    for _ in 0..others.next() % 5000 {
                        std::hint::spin_loop();
                    }
                    page.scribble(&mut others);
                }
            });
            calls(&mut *connection, &mut random, &begun);
        });
    }
    // The threads that served them notice, one after the other.
    while session.open_connections() > 0 || mapped(&inodes) > 0 {
        std::thread::sleep(Duration::from_millis(10));
    }
    let (mut connection, _file) = open(&control, rounds);
    assert!(call(&mut *connection, 100_000, patience()).unwrap());
    is_alive();
}
