//! What this carrier keeps to beyond what all of them do.

use std::sync::atomic::AtomicBool;
use std::time::Duration;

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

/// A peer that announces pieces without end, none of which brings anything.
fn announce_for_ever(end: &End, over: &AtomicBool) {
    let (ring, post) = (end.out_ring(), &end.out().post);
    let nothing = Piece {
        length: 0,
        end: PieceEnd::More,
        left: 0,
    };
    for position in (0..RING).step_by(8) {
        ring.word(position)
            .store(nothing.to_word(), Ordering::Relaxed);
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
