//! What every carrier keeps to.

use std::time::Duration;

use super::*;
use crate::carriage::Waiting;
use crate::os::Deadline;

const CHANNEL: Carriage = Carriage {
    transport: Transport::Channel,
    waiting: Waiting::Adaptive,
};
const RING: Carriage = Carriage {
    transport: Transport::Ring,
    waiting: Waiting::Adaptive,
};
const BLOCKING: Carriage = Carriage {
    transport: Transport::Ring,
    waiting: Waiting::Block,
};

type Ends = (Box<dyn Connection>, Box<dyn Connection>);

fn itself() -> Arc<Peer> {
    Arc::new(Peer::watch(std::process::id()).unwrap())
}

fn pair(carriage: Carriage) -> Ends {
    let (ours, theirs) = offer(carriage, &itself()).unwrap();
    (ours, accept(carriage, theirs, &itself()).unwrap())
}

const LIMIT: usize = 1 << 30;

fn soon() -> Deadline {
    Deadline::after(Some(Duration::from_millis(20)))
}

fn next(connection: &mut dyn Connection, deadline: Deadline) -> Result<Vec<u8>, Broken> {
    let mut frame = b"an earlier one".to_vec();
    connection
        .receive(&mut frame, LIMIT, deadline)
        .map(|()| frame)
}

/// Has every carrier do the same.
fn each(test: impl Fn(Ends)) {
    for carriage in [CHANNEL, RING, BLOCKING] {
        test(pair(carriage));
    }
}

/// Numbers without a pattern, always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, most: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % most as u64).unwrap()
    }

    fn bytes(&mut self, most: usize) -> Vec<u8> {
        let (length, first) = (1 + self.below(most), self.below(256));
        (0..length)
            .map(|at| (first + at).to_le_bytes()[0])
            .collect()
    }
}

#[test]
fn frames_of_every_size_arrive_whole_and_in_order() {
    const KIB: usize = 1 << 10;
    let sizes = [
        0,
        1,
        46,
        47,
        48,
        49,
        100,
        4 * KIB,
        16 * KIB - 1,
        16 * KIB,
        16 * KIB + 1,
        128 * KIB - 1,
        128 * KIB,
        500 * KIB,
        3000 * KIB,
        2,
        3,
    ];
    each(|(mut ours, mut theirs)| {
        let receiver =
            std::thread::spawn(move || sizes.map(|_| next(&mut *theirs, Deadline::NEVER).unwrap()));
        for size in sizes {
            ours.send(b"h", &vec![7; size], Deadline::NEVER).unwrap();
        }
        for (frame, size) in receiver.join().unwrap().iter().zip(sizes) {
            assert_eq!((frame.len(), frame[0]), (size + 1, b'h'));
            assert!(frame[1..].iter().all(|byte| *byte == 7));
        }
    });
}

#[test]
fn frames_to_and_fro_are_the_ones_that_were_sent() {
    each(|(mut ours, mut theirs)| {
        let echo = std::thread::spawn(move || {
            while let Ok(frame) = next(&mut *theirs, Deadline::NEVER) {
                theirs.send(&frame, &[], Deadline::NEVER).unwrap();
            }
        });
        let mut random = Random(5);
        for turn in 0..500 {
            let most = [60, 60, 60, 5000, 300_000][turn % 5];
            let (head, body) = (random.bytes(20), random.bytes(most));
            ours.send(&head, &body, Deadline::NEVER).unwrap();
            if turn % 100 == 0 {
                ours.rest();
            }
            assert_eq!(
                next(&mut *ours, Deadline::NEVER).unwrap(),
                [head, body].concat()
            );
        }
        ours.close_sending();
        echo.join().unwrap();
    });
}

#[test]
fn many_frames_may_be_on_their_way() {
    each(|(mut ours, mut theirs)| {
        let sender = std::thread::spawn(move || {
            let mut random = Random(9);
            for _ in 0..5000 {
                let most = [50, 200][random.below(2)];
                ours.send(&random.bytes(most), &[], Deadline::NEVER)
                    .unwrap();
            }
            ours
        });
        let mut random = Random(9);
        for turn in 0..5000 {
            if turn % 1000 == 0 {
                std::thread::sleep(Duration::from_millis(5));
            }
            let most = [50, 200][random.below(2)];
            assert_eq!(
                next(&mut *theirs, Deadline::NEVER).unwrap(),
                random.bytes(most)
            );
        }
        drop(sender.join().unwrap());
    });
}

#[test]
fn nobody_waits_past_a_deadline() {
    each(|(mut ours, mut theirs)| {
        assert!(matches!(next(&mut *ours, soon()), Err(Broken::TimedOut)));
        // More than any carrier takes before somebody reads.
        let large = vec![0; 16 << 20];
        assert!(matches!(
            ours.send(b"h", &large, soon()),
            Err(Broken::TimedOut)
        ));
        assert!(matches!(
            theirs.receive(&mut Vec::new(), 10, soon()),
            Err(Broken::TooLarge { size }) if size == large.len() + 1
        ));
    });
}

#[test]
fn what_has_come_of_a_frame_is_kept_when_nobody_waits_any_more() {
    each(|(mut ours, mut theirs)| {
        let large = vec![3; 16 << 20];
        let whole = large.len() + 1;
        let sender = std::thread::spawn(move || {
            ours.send(b"h", &large, Deadline::NEVER).unwrap();
            ours
        });
        let mut frame = Vec::new();
        let mut looks = 0;
        while let Err(broken) =
            theirs.receive(&mut frame, LIMIT, Deadline::after(Some(Duration::ZERO)))
        {
            assert!(matches!(broken, Broken::TimedOut));
            looks += 1;
        }
        assert!(looks > 0);
        assert_eq!(frame.len(), whole);
        drop(sender.join().unwrap());
    });
}

#[test]
fn closing_one_half_leaves_the_other() {
    each(|(mut ours, mut theirs)| {
        ours.send(b"last", &[], Deadline::NEVER).unwrap();
        ours.close_sending();
        assert_eq!(next(&mut *theirs, Deadline::NEVER).unwrap(), b"last");
        assert!(matches!(
            next(&mut *theirs, Deadline::NEVER),
            Err(Broken::Closed)
        ));
        theirs.send(b"answer", &[], Deadline::NEVER).unwrap();
        assert_eq!(next(&mut *ours, Deadline::NEVER).unwrap(), b"answer");
        drop(theirs);
        assert!(matches!(
            next(&mut *ours, Deadline::NEVER),
            Err(Broken::Closed)
        ));
        assert!(matches!(
            ours.send(b"late", &[], Deadline::NEVER),
            Err(Broken::Closed)
        ));
    });
}

#[test]
fn a_cut_from_another_thread_ends_the_wait_for_frames_and_for_room() {
    for round in 0..20 {
        each(|(mut ours, mut theirs)| {
            let cutters = [ours.cutter().unwrap(), theirs.cutter().unwrap()];
            // Never whole: what had been sent by then is a part of a frame, which nobody gets.
            let endless = Deadline::after(Some(Duration::ZERO));
            let begun = theirs.send(b"h", &vec![0; 16 << 20], endless);
            assert!(matches!(begun, Err(Broken::TimedOut)));
            let receives = std::thread::spawn(move || next(&mut *ours, Deadline::NEVER).map(drop));
            std::thread::sleep(Duration::from_micros(50 * round));
            cutters[0].cut();
            assert!(matches!(receives.join().unwrap(), Err(Broken::Closed)));
            cutters[1].cut();
        });
        each(|(mut ours, theirs)| {
            let cutter = ours.cutter().unwrap();
            let sends =
                std::thread::spawn(move || ours.send(b"h", &vec![0; 16 << 20], Deadline::NEVER));
            std::thread::sleep(Duration::from_micros(50 * round));
            cutter.cut();
            assert!(matches!(sends.join().unwrap(), Err(Broken::Closed)));
            drop(theirs);
        });
    }
}

#[test]
fn whoever_waits_for_room_learns_that_the_other_side_has_closed() {
    for round in 0..20 {
        each(|(mut ours, theirs)| {
            let sends =
                std::thread::spawn(move || ours.send(b"h", &vec![0; 16 << 20], Deadline::NEVER));
            // Before it begins, while it sends, or, mostly, while it sleeps.
            std::thread::sleep(Duration::from_micros(500 * round));
            // Closed by half, and read by nobody; or gone.
            let kept = (round % 2 == 0).then_some(theirs).map(|mut theirs| {
                theirs.close_sending();
                theirs
            });
            assert!(matches!(sends.join().unwrap(), Err(Broken::Closed)));
            drop(kept);
        });
    }
}

#[test]
fn what_makes_no_connection_is_refused() {
    let file = || std::fs::File::open("/proc/self/exe").unwrap().into();
    for carriage in [CHANNEL, RING] {
        assert!(accept(carriage, vec![file()], &itself()).is_err());
        assert!(accept(carriage, vec![file(), file()], &itself()).is_err());
        assert!(accept(carriage, Vec::new(), &itself()).is_err());
    }
}
