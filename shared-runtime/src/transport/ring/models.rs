//! Small scenes that the model checker plays in every order, and with every value that each load may give on a weak machine. A thread that
//! is never woken is a scene that does not end, which the checker tells.
//!
//! Nobody spins here, no deadline passes, and the ring has 32 bytes.

use std::sync::Arc;

use loom::thread;

use super::end::{End, Side};
use super::memory::Memory;
use super::receiver::Receiver;
use super::sender::Sender;
use crate::carriage::Waiting;
use crate::os::Deadline;
use crate::transport::Broken;

/// What `RingConnection` is made of.
struct Half {
    end: Arc<End>,
    sender: Sender,
    receiver: Receiver,
}

impl Half {
    fn pair() -> (Self, Self) {
        let memory = Memory::new();
        let half = |side| Self {
            end: End::new(memory.clone(), side),
            sender: Sender::new(Waiting::Block),
            receiver: Receiver::new(Waiting::Block, false),
        };
        (half(Side::Offers), half(Side::Accepts))
    }

    fn send(&mut self, frame: &[u8]) -> Result<(), Broken> {
        self.sender.acknowledge(self.receiver.acknowledged())?;
        let taken = self.receiver.taken();
        self.sender
            .send(&self.end, taken, frame, &[], Deadline::NEVER)
    }

    fn receive(&mut self) -> Result<Vec<u8>, Broken> {
        let mut frame = Vec::new();
        self.receiver
            .receive(&self.end, &mut frame, 100, Deadline::NEVER)
            .map(|()| frame)
    }

    fn close(&mut self) {
        self.sender.close(&self.end, self.receiver.taken());
        self.receiver.close(&self.end);
    }
}

/// As the monitor does it.
fn cut(end: &End) {
    end.mark_cut();
    while end.is_asleep() {
        thread::yield_now();
        end.wake_all();
    }
}

/// Each fills the ring but for eight bytes, and the second goes past its end.
const LARGE: [[u8; 16]; 2] = [*b"the first of two", *b"the other of two"];

#[test]
fn a_frame_in_the_slot_comes_whole_and_wakes_who_waits() {
    loom::model(|| {
        let (mut ours, mut theirs) = Half::pair();
        let sends = thread::spawn(move || ours.send(b"ten bytes!").unwrap());
        assert_eq!(theirs.receive().unwrap(), b"ten bytes!");
        sends.join().unwrap();
    });
}

#[test]
fn requests_and_replies_take_turns_in_the_slots() {
    loom::model(|| {
        let (mut ours, mut theirs) = Half::pair();
        let answers = thread::spawn(move || {
            for _ in 0..2 {
                let frame = theirs.receive().unwrap();
                theirs.send(&frame).unwrap();
            }
        });
        for request in [b"one", b"two"] {
            ours.send(request).unwrap();
            assert_eq!(ours.receive().unwrap(), request);
        }
        answers.join().unwrap();
    });
}

#[test]
fn frames_follow_each_other_round_the_ring_and_room_wakes_who_waits_for_it() {
    loom::model(|| {
        let (mut ours, mut theirs) = Half::pair();
        let sends = thread::spawn(move || {
            ours.send(b"slot").unwrap();
            for frame in LARGE {
                ours.send(&frame).unwrap();
            }
        });
        assert_eq!(theirs.receive().unwrap(), b"slot");
        for frame in LARGE {
            assert_eq!(theirs.receive().unwrap(), frame);
        }
        sends.join().unwrap();
    });
}

#[test]
fn a_close_wakes_who_waits_for_a_frame() {
    loom::model(|| {
        let (mut ours, mut theirs) = Half::pair();
        let sends = thread::spawn(move || {
            ours.send(b"last").unwrap();
            ours.close();
        });
        assert_eq!(theirs.receive().unwrap(), b"last");
        assert!(matches!(theirs.receive(), Err(Broken::Closed)));
        sends.join().unwrap();
    });
}

#[test]
fn a_close_wakes_who_waits_for_room() {
    loom::model(|| {
        let (mut ours, mut theirs) = Half::pair();
        let closes = thread::spawn(move || theirs.close());
        ours.send(b"slot").unwrap();
        ours.send(&LARGE[0]).unwrap();
        assert!(matches!(ours.send(&LARGE[1]), Err(Broken::Closed)));
        closes.join().unwrap();
    });
}

#[test]
fn a_cut_wakes_who_waits_for_a_frame() {
    loom::model(|| {
        let (mut ours, _theirs) = Half::pair();
        let end = Arc::clone(&ours.end);
        let cuts = thread::spawn(move || cut(&end));
        assert!(matches!(ours.receive(), Err(Broken::Closed)));
        cuts.join().unwrap();
    });
}

#[test]
fn a_cut_wakes_who_waits_for_room() {
    loom::model(|| {
        let (mut ours, _theirs) = Half::pair();
        let end = Arc::clone(&ours.end);
        let cuts = thread::spawn(move || cut(&end));
        let sent = ours
            .send(b"slot")
            .and_then(|()| ours.send(&LARGE[0]))
            .and_then(|()| ours.send(&LARGE[1]));
        assert!(matches!(sent, Err(Broken::Closed)));
        cuts.join().unwrap();
    });
}

/// What a process had sent whole before it ended is there, or the end is; nothing between.
#[test]
fn what_was_sent_before_a_cut_is_whole() {
    loom::model(|| {
        let (mut ours, mut theirs) = Half::pair();
        let end = Arc::clone(&theirs.end);
        let dies = thread::spawn(move || {
            ours.send(b"slot").unwrap();
            ours.send(&LARGE[0]).unwrap();
            cut(&end);
        });
        assert_eq!(theirs.receive().unwrap(), b"slot");
        assert_eq!(theirs.receive().unwrap(), LARGE[0]);
        assert!(matches!(theirs.receive(), Err(Broken::Closed)));
        dies.join().unwrap();
    });
}
