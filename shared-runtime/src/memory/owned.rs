//! The names that this process removes: when their owners drop, and else when it ends.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use crate::error::Error;
use crate::mapped::{Identity, Name, is_named, unlink};
use crate::os::{at_exit, forked};

/// What this process has made and nobody has removed. A fork has a copy, which is of no concern to it.
static NAMES: Mutex<Option<HashMap<Name, Made>>> = Mutex::new(None);

/// Which file it is, and which process has made it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Made {
    identity: Identity,
    process: u32,
}

impl Made {
    fn is_ours(&self) -> bool {
        self.process == std::process::id()
    }
}

/// A name that goes when this is dropped.
#[derive(Debug)]
pub(super) struct Owned {
    name: Name,
    made: Made,
}

impl Owned {
    pub(super) fn new(name: Name, identity: Identity) -> Self {
        remove_at_exit();
        let made = Made {
            identity,
            process: std::process::id(),
        };
        names().get_or_insert_default().insert(name.clone(), made);
        Self { name, made }
    }

    /// The name stays.
    pub(super) fn keep(self) {
        self.forget();
    }

    /// Whether the name is still there.
    pub(super) fn is_there(&self) -> bool {
        is_named(&self.name, self.made.identity)
    }

    /// Removes the name now.
    pub(super) fn remove(self) -> Result<(), Error> {
        let removed = unlink(&self.name, self.made.identity);
        self.keep();
        removed
    }

    fn is_known(&self) -> bool {
        // In a fork, another thread of the parent may have had the lock.
        self.made.is_ours()
            && names()
                .as_ref()
                .is_some_and(|names| names.get(&self.name) == Some(&self.made))
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
            let _ = unlink(&self.name, self.made.identity);
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
            let _ = unlink(&name, made.identity);
        }
    }
}

fn names() -> MutexGuard<'static, Option<HashMap<Name, Made>>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}
