//! Removes the blocks of processes that were killed.

use std::collections::HashMap;
use std::sync::Once;

use super::file::FOLDER;
use super::tag::owner;
use crate::os::{Life, realm};

/// Removes every block whose name says that its owner has ended. Those of the living stay, and those of other containers, who may share the folder
/// but not the numbers of processes.
///
/// Several processes may do this at the same time, and while names are given: no process gets the name of another, not even one of a process
/// that has ended.
pub(crate) fn reap() {
    let Some((realm, entries)) = realm().zip(std::fs::read_dir(FOLDER).ok()) else {
        return;
    };
    let mut known: HashMap<Life, bool> = HashMap::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(owner) = name.to_str().and_then(|name| owner(name, realm)) else {
            continue;
        };
        if *known.entry(owner).or_insert_with(|| owner.is_over()) {
            // Somebody else may have been there before; those of another user are his to remove.
            let _ = rustix::fs::unlink(entry.path());
        }
    }
}

/// The same, once in this process: what earlier ones left.
pub(crate) fn reap_once() {
    static ONCE: Once = Once::new();
    ONCE.call_once(reap);
}
