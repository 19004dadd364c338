//! The names that this process removes: when their owners drop, and else when it ends.

use std::collections::HashMap;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};

use crate::error::Error;
use crate::mapped::{Name, is_named, unlink, unlink_any};
use crate::os::{at_exit, forked, this_process};

/// What this process has made and nobody has removed. A fork has a copy, which is of no concern to it.
static NAMES: Mutex<Option<HashMap<Name, Made>>> = Mutex::new(None);

/// What was made under a name, and by which process.
#[derive(Clone, Debug)]
struct Made {
    /// None under a name that no other block is ever given.
    file: Option<Arc<OwnedFd>>,
    process: u64,
}

impl Made {
    fn is_ours(&self) -> bool {
        self.process == this_process()
    }

    fn is_same(&self, other: &Self) -> bool {
        let file = |made: &Self| made.file.as_ref().map(Arc::as_ptr);
        self.process == other.process && file(self) == file(other)
    }

    fn unlink(&self, name: &Name) -> Result<(), Error> {
        match &self.file {
            Some(file) => unlink(name, file.as_fd()),
            None => unlink_any(name),
        }
    }
}

/// A name that goes when this is dropped.
#[derive(Debug)]
pub(super) struct Owned {
    name: Name,
    made: Made,
}

impl Owned {
    /// Of a file that is kept open to tell whether the name is still its own; of none, if no other block is ever given the name.
    pub(super) fn new(name: Name, file: Option<Arc<OwnedFd>>) -> Self {
        remove_at_exit();
        let process = this_process();
        let made = Made { file, process };
        names()
            .get_or_insert_default()
            .insert(name.clone(), made.clone());
        Self { name, made }
    }

    /// The name stays.
    pub(super) fn keep(self) {
        self.forget();
    }

    /// Whether the name is still there.
    pub(super) fn is_there(&self) -> bool {
        is_named(&self.name)
    }

    /// Removes the name now.
    pub(super) fn remove(self) -> Result<(), Error> {
        let removed = self.made.unlink(&self.name);
        self.keep();
        removed
    }

    fn is_known(&self) -> bool {
        // In a fork, another thread of the parent may have had the lock.
        self.made.is_ours()
            && names()
                .as_ref()
                .and_then(|names| names.get(&self.name))
                .is_some_and(|made| made.is_same(&self.made))
    }

    fn forget(&self) {
        if self.is_known() {
            names().as_mut().map(|names| names.remove(&self.name));
        }
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.is_known() {
            // Somebody else may have removed it.
            let _ = self.made.unlink(&self.name);
            // Afterwards: this process may end in the middle.
            self.forget();
        }
    }
}

/// Has this process remove what is left when it ends by itself: what is in a static, and what `exit` does not drop.
pub(crate) fn remove_at_exit() {
    extern "C" fn last() {
        remove_names();
    }
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // From here on a fork can be told.
        let _ = forked();
        at_exit(last);
    });
}

/// Removes what this process has made and nobody has removed, because it ends.
pub(crate) fn remove_names() {
    if forked() && NAMES.try_lock().is_err() {
        // A thread that is not here had it, and what it was about to do was the parent's.
        return;
    }
    let left = names().take().unwrap_or_default();
    for (name, made) in left {
        if made.is_ours() {
            let _ = made.unlink(&name);
        }
    }
}

fn names() -> MutexGuard<'static, Option<HashMap<Name, Made>>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}
