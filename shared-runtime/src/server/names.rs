//! Handles under a name, for whoever knows the name: kept until they are taken away or the server ends.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::error::{Error, ErrorKind};
use crate::handle::{AnyHandle, Lease, Place};
use crate::interface;

static NAMES: Mutex<Option<HashMap<String, AnyHandle>>> = Mutex::new(None);

/// The longest name, and the most of them: what clients can make a server keep has a bound.
const LONGEST: usize = 1024;
const MOST: usize = 65_536;

/// Puts a handle under a name, in the place of what was there.
pub(crate) fn publish(name: String, handle: AnyHandle) -> Result<(), Error> {
    if let Place::Nowhere { cause, .. } = handle.lease.place() {
        return Err(cause.clone());
    }
    let mut names = names();
    let table = names.get_or_insert_default();
    if name.len() > LONGEST || (table.len() >= MOST && !table.contains_key(&name)) {
        let text = format!("a server keeps {MOST} names of {LONGEST} bytes");
        return Err(Error::new(ErrorKind::TooLarge, text));
    }
    let replaced = table.insert(name, handle);
    // It may be the last handle to its object.
    drop(names);
    drop(replaced);
    Ok(())
}

/// Whether there was such a name.
pub(crate) fn unpublish(name: &str) -> bool {
    let removed = names().as_mut().and_then(|names| names.remove(name));
    removed.is_some()
}

/// The handle under a name, if it is to an object of this interface.
pub(crate) fn lookup(name: &str, interface: u64) -> Result<Option<Arc<Lease>>, Error> {
    let found = names().as_ref().and_then(|names| names.get(name).cloned());
    match found {
        None => Ok(None),
        Some(handle) if handle.interface == interface => Ok(Some(handle.lease)),
        Some(handle) => {
            let published = interface::name_of(handle.interface);
            let text = format!("what is published as {name:?} is a {published}");
            Err(Error::new(ErrorKind::Unknown, text))
        }
    }
}

/// Gives up all of them, for the end of a server.
pub(super) fn clear() {
    let _handles = names().take();
}

fn names() -> MutexGuard<'static, Option<HashMap<String, AnyHandle>>> {
    NAMES.lock().unwrap_or_else(PoisonError::into_inner)
}
