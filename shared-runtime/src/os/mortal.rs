//! Tells those who wait for a process that it has ended.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use rustix::event::PollFlags;

use super::background::{MONITOR, Next, Watch};
use super::cut::Cut;
use super::{Deadline, wait};

/// Those who wait for one process.
#[derive(Debug, Default)]
pub(super) struct Mourners(Mutex<Option<Arc<List>>>);

#[derive(Debug, Default)]
struct List(Mutex<Vec<Weak<dyn Cut>>>);

impl Mourners {
    /// Has `mourner` cut when the process behind `pidfd` ends, or closes `lifeline`; at once if it has.
    pub(super) fn add(
        &self,
        pidfd: &OwnedFd,
        lifeline: Option<&OwnedFd>,
        mourner: Weak<dyn Cut>,
    ) -> io::Result<()> {
        let mut list = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(list) = &*list {
            list.add(mourner);
        } else {
            let new = Arc::new(List::default());
            new.add(mourner);
            let death = Death {
                pidfd: pidfd.try_clone()?,
                lifeline: lifeline.map(OwnedFd::try_clone).transpose()?,
                list: Arc::downgrade(&new),
            };
            if !MONITOR.run(Box::new(death)) {
                return Err(io::Error::other(
                    "no descriptor is left to watch a process with",
                ));
            }
            *list = Some(new);
        }
        drop(list);
        let now = Deadline::after(Some(Duration::ZERO));
        if wait(&signs(pidfd, lifeline), now)?.is_some() {
            // The monitor may have been there before.
            self.tell();
        }
        Ok(())
    }

    /// Tells all of them now.
    pub(super) fn tell(&self) {
        let list = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        if let Some(list) = list {
            list.tell();
        }
    }
}

impl Drop for Mourners {
    /// Nobody is left to be told: the monitor need not watch any longer.
    fn drop(&mut self) {
        let list = self.0.get_mut().unwrap_or_else(PoisonError::into_inner);
        if list.take().is_some() {
            MONITOR.look_again();
        }
    }
}

impl List {
    fn add(&self, mourner: Weak<dyn Cut>) {
        let mut mourners = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if mourners.len() == mourners.capacity() {
            mourners.retain(|mourner| mourner.strong_count() > 0);
        }
        mourners.push(mourner);
    }

    fn tell(&self) {
        let mourners = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for mourner in mourners.iter().filter_map(Weak::upgrade) {
            mourner.cut();
        }
    }
}

/// What shows that a process has ended, or that it wants no more of us.
fn signs<'a>(
    pidfd: &'a OwnedFd,
    lifeline: Option<&'a OwnedFd>,
) -> Vec<(BorrowedFd<'a>, PollFlags)> {
    let closed = lifeline.map(|lifeline| (lifeline.as_fd(), PollFlags::RDHUP));
    [(pidfd.as_fd(), PollFlags::IN)]
        .into_iter()
        .chain(closed)
        .collect()
}

/// The end of a process, as the monitor waits for it.
struct Death {
    pidfd: OwnedFd,
    lifeline: Option<OwnedFd>,
    list: Weak<List>,
}

impl Watch for Death {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        signs(&self.pidfd, self.lifeline.as_ref())
    }

    fn deadline(&self) -> Deadline {
        let nobody = self.list.strong_count() == 0;
        Deadline::after(nobody.then_some(Duration::ZERO))
    }

    fn ready(&mut self) -> Next {
        if let Some(list) = self.list.upgrade() {
            list.tell();
        }
        Next::Done
    }
}
