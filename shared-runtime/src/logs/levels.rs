//! The levels that the root's loggers want. The root writes them down and rings; every other process follows, so that what nobody wants
//! is not even put together there.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};

use log::LevelFilter;
use rustix::event::{PollFlags, Timespec, epoll};
use rustix::io::{pread, pwrite};

use super::line::Line;
use crate::os::{Next, Watch};

/// What is wanted of records of `log`, and of events of `tracing`: 0 is nothing, 5 is everything, as in both crates.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Levels {
    pub(super) log: u8,
    pub(super) tracing: u8,
}

impl Levels {
    pub(super) fn read(line: &Line) -> Self {
        let mut bytes = [0; 2];
        // A file without levels wants nothing.
        let _ = pread(&line.levels, &mut bytes, 0);
        let [log, tracing] = bytes;
        Self { log, tracing }
    }

    /// Writes them down, and has all others look.
    pub(super) fn announce(self, line: &Line) {
        let written = pwrite(&line.levels, &[self.log, self.tracing], 0);
        if written.is_ok() {
            // Full after 2⁶⁴ changes.
            let _ = rustix::io::write(&line.bell, &1u64.to_ne_bytes());
        }
    }
}

/// The other way round than `as`.
pub(super) fn filter(level: u8) -> LevelFilter {
    let known = LevelFilter::iter().nth(usize::from(level));
    known.unwrap_or(LevelFilter::Trace)
}

#[expect(clippy::cast_possible_truncation, reason = "there are six of them")]
pub(super) fn number(filter: LevelFilter) -> u8 {
    filter as usize as u8
}

/// Follows the levels of the root, on the background thread of another process.
pub(super) struct Following {
    line: &'static Line,
    /// Ready after each ring of the bell, for this process alone: everybody has one of his own on the same bell.
    ears: OwnedFd,
    apply: fn(Levels),
}

impl Following {
    pub(super) fn new(line: &'static Line, apply: fn(Levels)) -> std::io::Result<Self> {
        let ears = epoll::create(epoll::CreateFlags::CLOEXEC)?;
        let flags = epoll::EventFlags::IN | epoll::EventFlags::ET;
        epoll::add(&ears, &line.bell, epoll::EventData::new_u64(0), flags)?;
        Ok(Self { line, ears, apply })
    }
}

impl Watch for Following {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![(self.ears.as_fd(), PollFlags::IN)]
    }

    fn ready(&mut self) -> Next {
        let mut events = [const { std::mem::MaybeUninit::uninit() }; 1];
        // Takes the ring; levels that change after that ring again.
        let _ = epoll::wait(&self.ears, &mut events, Some(&Timespec::default()));
        (self.apply)(Levels::read(self.line));
        Next::Wait
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::os::{Deadline, wait};

    static HEARD: [AtomicUsize; 2] = [AtomicUsize::new(9), AtomicUsize::new(9)];

    fn apply(levels: Levels) {
        HEARD[0].store(levels.log.into(), Ordering::Relaxed);
        HEARD[1].store(levels.tracing.into(), Ordering::Relaxed);
    }

    fn rang(following: &mut Following) -> bool {
        let now = Deadline::after(Some(Duration::ZERO));
        let rang = wait(&following.fds(), now).unwrap().is_some();
        if rang {
            assert_eq!(following.ready(), Next::Wait);
        }
        rang
    }

    #[test]
    fn every_follower_hears_of_each_change_once() {
        let line: &Line = Box::leak(Box::new(Line::make().unwrap().0));
        assert_eq!(Levels::read(line), Levels::default());
        let mut followers = [(); 3].map(|()| Following::new(line, apply).unwrap());
        assert!(!followers.iter_mut().any(rang));
        for level in [3, 5, 0] {
            let levels = Levels {
                log: level,
                tracing: 5 - level,
            };
            levels.announce(line);
            for follower in &mut followers {
                HEARD[0].store(9, Ordering::Relaxed);
                assert!(rang(follower));
                assert_eq!(HEARD[0].load(Ordering::Relaxed), usize::from(level));
                assert_eq!(HEARD[1].load(Ordering::Relaxed), usize::from(5 - level));
                assert!(!rang(follower));
            }
        }
    }

    #[test]
    fn levels_are_numbers_and_back() {
        for level in LevelFilter::iter() {
            assert_eq!(filter(number(level)), level);
        }
        assert_eq!(filter(77), LevelFilter::Trace);
    }
}
