//! Deadlines that no thread sleeps until: the background thread keeps them for everybody, the nearest first.

use std::collections::BTreeMap;
use std::os::fd::BorrowedFd;
use std::sync::{Mutex, MutexGuard, PoisonError, Weak};
use std::time::Instant;

use rustix::event::PollFlags;

use super::background::{BACKGROUND, Next, Watch};
use super::{Deadline, forked};

/// Something whose time can be over.
pub(crate) trait Expires: Send + Sync {
    /// The deadline has passed. Runs on the background thread: must not block.
    fn expire(&self);
}

/// When a deadline is, and which of those of the same moment it is.
type Moment = (Instant, u64);

/// A deadline that is kept; given up when this is dropped.
#[derive(Debug)]
pub(crate) struct Timer(Moment);

static TIMERS: Mutex<Timers> = Mutex::new(Timers {
    last: 0,
    kept: BTreeMap::new(),
    watched: false,
});

struct Timers {
    last: u64,
    kept: BTreeMap<Moment, Weak<dyn Expires>>,
    watched: bool,
}

impl Timer {
    /// Tells `it` at the deadline; `None` if that is never. Never waits.
    pub(crate) fn start(deadline: Deadline, it: Weak<dyn Expires>) -> Option<Self> {
        let at = deadline.at()?;
        let mut timers = timers();
        timers.last += 1;
        let moment = (at, timers.last);
        timers.kept.insert(moment, it);
        let nearest = timers.kept.keys().next() == Some(&moment);
        let watched = std::mem::replace(&mut timers.watched, true);
        drop(timers);
        if !watched {
            // Without a background thread the next timer tries again.
            let watched = BACKGROUND.run(Box::new(Nearest));
            self::timers().watched &= watched;
        } else if nearest {
            BACKGROUND.look_again();
        }
        Some(Self(moment))
    }
}

impl Drop for Timer {
    /// In a forked process the lock may be held by a thread that is not there.
    fn drop(&mut self) {
        if !forked() {
            timers().kept.remove(&self.0);
        }
    }
}

fn timers() -> MutexGuard<'static, Timers> {
    TIMERS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The timers, as the background thread sees them.
struct Nearest;

impl Watch for Nearest {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        Vec::new()
    }

    fn deadline(&self) -> Deadline {
        Deadline::until(timers().kept.keys().next().map(|moment| moment.0))
    }

    fn ready(&mut self) -> Next {
        let mut timers = timers();
        let later = timers.kept.split_off(&(Instant::now(), u64::MAX));
        let due = std::mem::replace(&mut timers.kept, later);
        drop(timers);
        // After the lock: each takes its timer down, too.
        for it in due.into_values() {
            if let Some(it) = it.upgrade() {
                it.expire();
            }
        }
        Next::Wait
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::mpsc::{Sender, channel};
    use std::time::Duration;

    use super::*;

    struct Bell(Mutex<Sender<u32>>, u32);

    impl Expires for Bell {
        fn expire(&self) {
            self.0.lock().unwrap().send(self.1).unwrap();
        }
    }

    #[test]
    fn the_nearest_is_first_and_those_given_up_are_silent() {
        let (say, rung) = channel();
        let soon = Instant::now() + Duration::from_millis(50);
        let bells = [30, 10, 20].map(|millis| {
            let bell = Arc::new(Bell(Mutex::new(say.clone()), millis));
            let at = Deadline::until(Some(soon + Duration::from_millis(millis.into())));
            let weak: Weak<Bell> = Arc::downgrade(&bell);
            (Timer::start(at, weak), bell)
        });
        let given_up: Weak<Bell> = Arc::downgrade(&bells[0].1);
        let hour = Deadline::after(Some(Duration::from_hours(1)));
        let timer = Timer::start(hour, given_up).unwrap();
        let moment = timer.0;
        let is_kept = || timers().kept.contains_key(&moment);
        assert!(is_kept());
        drop(timer);
        assert!(!is_kept());
        let order: Vec<u32> = rung.iter().take(3).collect();
        assert_eq!(order, [10, 20, 30]);
        drop(bells);
    }

    #[test]
    fn never_needs_no_timer() {
        let (say, _rung) = channel();
        let bell = Arc::new(Bell(Mutex::new(say), 0));
        let weak: Weak<Bell> = Arc::downgrade(&bell);
        assert!(Timer::start(Deadline::NEVER, weak).is_none());
    }
}
