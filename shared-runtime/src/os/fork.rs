//! Notices that this process is a fork of another, at the price of one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

use memmap2::{MmapMut, MmapRaw};
use rustix::mm::{Advice, madvise};

/// Whether this process was forked, without exec, from the one that first asked.
///
/// Connections are shared with the parent then, and the background thread does not exist: nothing may be sent. `getpid` would cost a
/// system call each time.
pub(crate) fn forked() -> bool {
    static MARK: OnceLock<Option<Page>> = OnceLock::new();
    let marked = || Page::new().inspect(|page| page.word().store(1, Ordering::Relaxed));
    MARK.get_or_init(marked)
        .as_ref()
        .is_some_and(|page| page.word().load(Ordering::Relaxed) == 0)
}

/// A number that each process has for itself, also a forked one, at the price of one load.
pub(crate) struct OncePerProcess(OnceLock<Option<Page>>);

impl OncePerProcess {
    pub(crate) const fn new() -> Self {
        Self(OnceLock::new())
    }

    /// What `make` says, which is never zero: it is asked once, and once more in each forked child.
    #[inline]
    pub(crate) fn get(&self, make: fn() -> u64) -> u64 {
        let Some(page) = self.0.get_or_init(Page::new) else {
            return make();
        };
        match page.word().load(Ordering::Relaxed) {
            0 => {
                let number = make();
                page.word().store(number, Ordering::Relaxed);
                number
            }
            number => number,
        }
    }
}

/// This process, told from others that live; a fork is another one. Costs one load, and no call of the system.
#[inline]
pub(crate) fn this_process() -> u64 {
    static THIS: OncePerProcess = OncePerProcess::new();
    THIS.get(|| std::process::id().into())
}

/// A page that the kernel wipes in a forked child.
struct Page(MmapRaw);

impl Page {
    /// `None` where the kernel knows no wipe-on-fork (before 4.14): forks go unnoticed there.
    fn new() -> Option<Self> {
        let page = MmapRaw::from(MmapMut::map_anon(size_of::<AtomicU64>()).ok()?);
        // SAFETY: the whole of a private anonymous mapping of our own, whose content in a forked child is read only as a number.
        unsafe {
            madvise(
                page.as_mut_ptr().cast(),
                page.len(),
                Advice::LinuxWipeOnFork,
            )
        }
        .ok()?;
        Some(Self(page))
    }

    #[expect(clippy::cast_ptr_alignment, reason = "a mapping begins at a page")]
    fn word(&self) -> &AtomicU64 {
        // SAFETY: a mapping is page-aligned and at least eight bytes long; it is reached in no other way.
        unsafe { &*self.0.as_mut_ptr().cast::<AtomicU64>() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fork_is_noticed_by_the_child_alone() {
        assert!(!forked());
        // SAFETY: the child reads one word and leaves: it takes no lock and allocates nothing.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            // SAFETY: ends the child without running anything of the parent's.
            unsafe { libc::_exit(if forked() { 17 } else { 0 }) };
        }
        let mut status = 0;
        // SAFETY: waits for the child just made, with room for its status.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        assert_eq!(libc::WEXITSTATUS(status), 17);
        assert!(!forked());
    }

    #[test]
    fn a_fork_is_another_process() {
        static OWN: OncePerProcess = OncePerProcess::new();
        let own = || OWN.get(|| std::process::id().into());
        assert_eq!(own(), u64::from(std::process::id()));
        assert_eq!(OWN.get(|| 1), own(), "asked once");
        // SAFETY: the child reads and writes one word and leaves: it takes no lock and allocates nothing.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            let is_own = own() == u64::from(std::process::id());
            // SAFETY: ends the child without running anything of the parent's.
            unsafe { libc::_exit(if is_own { 18 } else { 0 }) };
        }
        let mut status = 0;
        // SAFETY: waits for the child just made, with room for its status.
        assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
        assert_eq!(libc::WEXITSTATUS(status), 18);
    }
}
