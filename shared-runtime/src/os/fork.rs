//! Notices that this process is a fork of the one that set the runtime up, at the price of one load.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

use memmap2::MmapMut;
use rustix::mm::{Advice, madvise};

/// Whether this process was forked, without exec, from the one that first asked.
///
/// Connections are shared with the parent then, and the background thread does not exist: nothing may be sent. The mark is
/// a page that the kernel wipes in a forked child; `getpid` would cost a system call each time.
pub(crate) fn forked() -> bool {
    static MARK: OnceLock<Option<Mark>> = OnceLock::new();
    MARK.get_or_init(Mark::new)
        .as_ref()
        .is_some_and(Mark::wiped)
}

struct Mark(MmapMut);

impl Mark {
    /// `None` where the kernel knows no wipe-on-fork (before 4.14): forks go unnoticed there.
    fn new() -> Option<Self> {
        let mut page = MmapMut::map_anon(size_of::<AtomicU32>()).ok()?;
        // SAFETY: the whole of a private anonymous mapping of our own, whose content in a forked child is read only as a number.
        unsafe {
            madvise(
                page.as_mut_ptr().cast(),
                page.len(),
                Advice::LinuxWipeOnFork,
            )
        }
        .ok()?;
        page[..4].copy_from_slice(&1u32.to_ne_bytes());
        Some(Self(page))
    }

    #[expect(clippy::cast_ptr_alignment, reason = "a mapping begins at a page")]
    fn wiped(&self) -> bool {
        // SAFETY: a mapping is page-aligned and at least four bytes long, and it is only read after `new`.
        let word = unsafe { &*self.0.as_ptr().cast::<AtomicU32>() };
        word.load(Ordering::Relaxed) == 0
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
}
