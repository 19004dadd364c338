//! What this carrier keeps to beyond what all of them do.

use std::os::fd::AsRawFd;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use rustix::fs::{
    FallocateFlags, MemfdFlags, SealFlags, fallocate, fcntl_add_seals, ftruncate, memfd_create,
};
use rustix::io::Errno;

use super::layout::{Book, Commit, End as PieceEnd, Piece, Progress, RING, Slot};
use super::sync::Ordering;
use super::*;

fn itself() -> Arc<Peer> {
    Arc::new(Peer::watch(std::process::id()).unwrap())
}

/// Both ends of a connection.
fn pair() -> (RingConnection, RingConnection) {
    let (ours, file) = offer(Waiting::Adaptive, &itself()).unwrap();
    let theirs = accept(Waiting::Adaptive, vec![file], &itself()).unwrap();
    (ours, theirs)
}

fn patience() -> Deadline {
    Deadline::after(Some(Duration::from_mins(1)))
}

fn next(connection: &mut RingConnection) -> Result<Vec<u8>, Broken> {
    let mut frame = Vec::new();
    connection
        .receive(&mut frame, usize::MAX, patience())
        .map(|()| frame)
}

/// Has what `from` sends be at `position` of its ring and after commit `sequence`, as if all before had been taken.
fn begin_at(from: &mut RingConnection, to: &mut RingConnection, position: u32, sequence: u32) {
    from.sender.begin_at(position, sequence);
    to.receiver.begin_at(position, sequence);
    from.receiver.was_acknowledged(sequence);
    let say = |end: &End, tail: Option<u32>, acknowledged: Option<u32>| {
        let book = &end.out().post.book;
        let said = Book::from_word(book.load(Ordering::Relaxed));
        let said = Book {
            tail: tail.unwrap_or(said.tail),
            parity: false,
            acknowledged: acknowledged.unwrap_or(said.acknowledged),
        };
        book.store(said.to_word(), Ordering::Relaxed);
    };
    say(&from.end, Some(position), None);
    say(&to.end, None, Some(sequence));
}

#[test]
fn positions_and_commits_count_on_past_their_ends() {
    let (mut ours, mut theirs) = pair();
    // Four hundred frames to and fro, of up to two rings, pass the ends of both.
    begin_at(
        &mut ours,
        &mut theirs,
        0u32.wrapping_sub(20 * RING),
        u32::MAX - 700,
    );
    begin_at(
        &mut theirs,
        &mut ours,
        0u32.wrapping_sub(10 * RING),
        u32::MAX - 100,
    );
    let echo = std::thread::spawn(move || {
        while let Ok(frame) = next(&mut theirs) {
            theirs.send(&frame, &[], patience()).unwrap();
        }
    });
    let sizes = [
        1,
        100,
        5000,
        300_000,
        RING as usize - 8,
        2 * RING as usize,
        48,
    ];
    for round in 0..400 {
        let size = sizes[round % sizes.len()];
        let mut frame = [&[round.to_le_bytes()[0]; 200][..], &[1; 51]].concat();
        frame = frame.repeat(size / frame.len() + 1);
        frame.truncate(size);
        ours.send(&frame[..1], &frame[1..], patience()).unwrap();
        assert!(next(&mut ours).unwrap() == frame);
    }
    drop(ours);
    echo.join().unwrap();
}

/// Small frames after large ones begin at the ring's start again, also where that is the end of all positions.
#[test]
fn a_ring_restarts_where_its_positions_end() {
    let (mut ours, mut theirs) = pair();
    begin_at(&mut ours, &mut theirs, 0u32.wrapping_sub(RING / 2), 0);
    for _ in 0..3 {
        ours.send(&[1; 100], &[], patience()).unwrap();
        assert_eq!(next(&mut theirs).unwrap(), [1; 100]);
        theirs.send(&[2], &[], patience()).unwrap();
        assert_eq!(next(&mut ours).unwrap(), [2]);
    }
}

/// A peer that announces pieces without end, each of which brings next to nothing.
fn announce_for_ever(end: &End, over: &AtomicBool) {
    let (ring, post) = (end.out_ring(), &end.out().post);
    let little = Piece {
        length: 1,
        end: PieceEnd::More,
        left: 1,
    };
    for position in (0..RING).step_by(Piece::room(1) as usize) {
        ring.word(position)
            .store(little.to_word(), Ordering::Relaxed);
    }
    for sequence in 1.. {
        let head = Progress::from_word(end.out().place.head.load(Ordering::Acquire)).head;
        let book = Book {
            tail: head.wrapping_add(RING),
            parity: false,
            acknowledged: 0,
        };
        post.book.store(book.to_word(), Ordering::Release);
        let commit = Commit::new(sequence, Slot::Frame(0), false, 0);
        post.commit.store(commit.0, Ordering::Release);
        if over.load(Ordering::Relaxed) {
            return;
        }
    }
}

#[test]
fn a_peer_that_always_has_more_keeps_nobody_past_a_deadline() {
    let (mut ours, theirs) = pair();
    let over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| announce_for_ever(&theirs.end, &over));
        let soon = Deadline::after(Some(Duration::from_millis(20)));
        let received = ours.receive(&mut Vec::new(), usize::MAX, soon);
        over.store(true, Ordering::Relaxed);
        assert!(matches!(received, Err(Broken::TimedOut)), "{received:?}");
    });
}

fn memory(seals: SealFlags, size: u64) -> OwnedFd {
    let flags = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING;
    let file = memfd_create("shared-test", flags).unwrap();
    ftruncate(&file, size).unwrap();
    fcntl_add_seals(&file, seals).unwrap();
    file
}

#[test]
fn only_sealed_memory_of_the_right_size_is_mapped() {
    let size = 4096 + 2 * u64::from(RING);
    let seals = SealFlags::SHRINK | SealFlags::GROW | SealFlags::SEAL;
    let takes = |file: OwnedFd| accept(Waiting::Adaptive, vec![file], &itself()).is_ok();
    assert!(takes(memory(seals, size)));
    for missing in [SealFlags::SHRINK, SealFlags::GROW, SealFlags::SEAL] {
        assert!(!takes(memory(seals - missing, size)), "{missing:?}");
    }
    for size in [0, 4096, size - 1, size + 1, size - 4096, 2 * size] {
        assert!(!takes(memory(seals, size)), "{size}");
    }
    // It could not be written.
    assert!(!takes(memory(seals | SealFlags::WRITE, size)));
    let read_only = memory(seals, size);
    let path = format!("/proc/self/fd/{}", read_only.as_raw_fd());
    assert!(!takes(std::fs::File::open(path).unwrap().into()));
    for folder in [std::env::temp_dir(), "/dev/shm".into()] {
        let path = folder.join(format!("shared-seals-{}", std::process::id()));
        let file = std::fs::File::create(&path).unwrap();
        file.set_len(size).unwrap();
        std::fs::remove_file(path).unwrap();
        assert!(!takes(file.into()));
    }
    // Pages of another size would be another file system.
    let huge = MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING | MemfdFlags::HUGETLB;
    if let Ok(file) = memfd_create("shared-test", huge) {
        let rounded = size.next_multiple_of(2 << 20);
        if ftruncate(&file, rounded).is_ok() && fcntl_add_seals(&file, seals).is_ok() {
            assert!(!takes(file));
        }
    }
}

/// A file whose pages could go would end this process by a signal.
#[test]
fn nobody_takes_memory_away_from_a_connection() {
    let (mut ours, file) = offer(Waiting::Adaptive, &itself()).unwrap();
    let second = file.try_clone().unwrap();
    let mut theirs = accept(Waiting::Adaptive, vec![file], &itself()).unwrap();
    let frame = vec![1; 100_000];
    ours.send(&frame, &[], patience()).unwrap();
    for size in [0, 4096, 64 << 20] {
        assert_eq!(ftruncate(&second, size), Err(Errno::PERM), "{size}");
    }
    assert_eq!(fcntl_add_seals(&second, SealFlags::WRITE), Err(Errno::PERM));
    assert!(next(&mut theirs).unwrap() == frame);
    // A hole is full of zeros: what was on its way is lost, and that is noticed.
    ours.send(&frame, &[], patience()).unwrap();
    let punch = FallocateFlags::PUNCH_HOLE | FallocateFlags::KEEP_SIZE;
    fallocate(&second, punch, 4096, 2 * u64::from(RING)).unwrap();
    assert!(matches!(
        next(&mut theirs),
        Err(Broken::Corrupt(_) | Broken::TimedOut)
    ));
}

/// A cut may come between a sleeper's look at the mark and its sleep: it is woken until it has gone.
#[test]
fn a_cut_at_any_moment_is_noticed() {
    for round in 0..3000u32 {
        let (mut ours, file) = offer(Waiting::Block, &itself()).unwrap();
        let _theirs = accept(Waiting::Block, vec![file], &itself()).unwrap();
        let cutter = ours.cutter().unwrap();
        std::thread::scope(|scope| {
            let waits = scope.spawn(move || {
                if round % 2 == 0 {
                    ours.receive(&mut Vec::new(), usize::MAX, Deadline::NEVER)
                } else {
                    ours.send(&vec![0; 3 * RING as usize], &[], Deadline::NEVER)
                }
            });
            for _ in 0..round * 7919 % 3001 {
                std::hint::spin_loop();
            }
            cutter.cut();
            assert!(matches!(waits.join().unwrap(), Err(Broken::Closed)));
        });
    }
}
