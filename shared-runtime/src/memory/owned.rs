//! The names that this process removes: when their owners drop, and else when it ends.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, Once, PoisonError};

use crate::error::Error;
use crate::mapped::{Identity, Name, is_named, unlink};
use crate::os::{at_any_end, forked};

/// What this process has made and nobody has removed.
static NAMES: Mutex<Option<HashMap<Name, Identity>>> = Mutex::new(None);

/// A name that goes when this is dropped.
#[derive(Debug)]
pub(super) struct Owned {
    name: Name,
    identity: Identity,
}

impl Owned {
    pub(super) fn new(name: Name, identity: Identity) -> Self {
        remove_at_exit();
        names()
            .get_or_insert_default()
            .insert(name.clone(), identity);
        Self { name, identity }
    }

    /// The name stays.
    pub(super) fn keep(self) {
        self.forget();
    }

    /// Whether the name is still there.
    pub(super) fn is_there(&self) -> bool {
        is_named(&self.name, self.identity)
    }

    /// Removes the name now.
    pub(super) fn remove(self) -> Result<(), Error> {
        let removed = unlink(&self.name, self.identity);
        self.keep();
        removed
    }

    /// Whether it was still known, and this process is the one that made it.
    fn forget(&self) -> bool {
        let mut names = names();
        let Some(names) = names.as_mut().filter(|_| !forked()) else {
            return false;
        };
        names.get(&self.name) == Some(&self.identity) && names.remove(&self.name).is_some()
    }
}

impl Drop for Owned {
    fn drop(&mut self) {
        if self.forget() {
            // Somebody else may have removed it.
            let _ = unlink(&self.name, self.identity);
        }
    }
}

/// Has this process remove what is left when it ends by itself, or with its owner: what is in a static, and what `exit` does not drop.
pub(crate) fn remove_at_exit() {
    static REGISTERED: Once = Once::new();
    REGISTERED.call_once(|| {
        // From here on a fork can be told.
        let _ = forked();
        at_any_end(remove_all);
    });
}

extern "C" fn remove_all() {
    if forked() {
        return;
    }
    let left = names().take().unwrap_or_default();
    for (name, identity) in left {
        let _ = unlink(&name, identity);
    }
}

fn names() -> MutexGuard<'static, Option<HashMap<Name, Identity>>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}
