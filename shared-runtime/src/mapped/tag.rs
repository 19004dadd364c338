//! Names that say whose they are, so that they can be removed when their owner was killed.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, PoisonError};

use super::name::Name;
use crate::os::{Life, random_id, realm, this_process};

/// What other names of blocks begin with, too. The kernel keeps names of less than 40 bytes without an allocation of their own.
const START: &str = "psm_";

impl Name {
    /// A name that nobody else has, with this process in it: `psm_`, where numbers of processes mean the same, the process, and a number of its own.
    /// Where `/proc` does not say who this process is, a name as others.
    pub(crate) fn tagged() -> Self {
        match own_start() {
            Some(start) => Self(format!("{start}{:08x}", next())),
            None => Self::random(),
        }
    }
}

/// How the tagged names of this process begin. A fork is another process.
fn own_start() -> Option<String> {
    static KNOWN: Mutex<Option<(u64, String)>> = Mutex::new(None);
    let process = this_process();
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((_, start)) = known.as_ref().filter(|(of, _)| *of == process) {
        return Some(start.clone());
    }
    let start = start_of(realm()?, Life::own()?);
    *known = Some((process, start.clone()));
    Some(start)
}

/// Of its own for each block of this process. Where it begins differs from one program to the next that one process runs.
#[expect(clippy::cast_possible_truncation, reason = "so many bits are meant")]
fn next() -> u32 {
    static NEXT: LazyLock<AtomicU32> = LazyLock::new(|| AtomicU32::new(random_id() as u32));
    NEXT.fetch_add(1, Ordering::Relaxed)
}

fn start_of(realm: u64, Life { pid, start }: Life) -> String {
    format!("{START}{realm:010x}_{pid:x}_{start:x}_")
}

/// Whose the name is, if it is tagged and was given in this realm.
pub(super) fn owner(name: &str, realm: u64) -> Option<Life> {
    let mut parts = name.strip_prefix(START)?.split('_');
    let mut number = || u64::from_str_radix(parts.next()?, 16).ok();
    let (given_in, pid, start, _) = (number()?, number()?, number()?, number()?);
    let pid = u32::try_from(pid).ok()?;
    let owner = Life { pid, start };
    // Nothing else is written in this way.
    let ours = given_in == realm && name.starts_with(&start_of(realm, owner));
    (ours && parts.next().is_none()).then_some(owner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tagged_name_says_whose_it_is() {
        let (name, other) = (Name::tagged(), Name::tagged());
        assert_ne!(name, other);
        assert!(name.as_str().len() < 40, "{name}");
        let here = realm().unwrap();
        assert_eq!(owner(name.as_str(), here), Life::own());
        assert_eq!(owner(name.as_str(), here ^ 1), None, "of another container");
    }

    #[test]
    fn other_names_are_nobody_s() {
        let realm = 0xab;
        let owned = |name: &str| owner(name, realm).map(|life| (life.pid, life.start));
        let start = "psm_00000000ab";
        assert_eq!(owned(&format!("{start}_7_ff_00000001")), Some((7, 255)));
        for end in [
            "",
            "_7",
            "_7_ff",
            "_7_ff_",
            "_7_ff_1_2",
            "_07_ff_1",
            "_7_FF_1",
            "_+7_ff_1",
            "_100000000_ff_1",
            "_7_-1_1",
        ] {
            assert_eq!(owned(&format!("{start}{end}")), None, "{end}");
        }
        for other in ["psm_0123abcd", "psm_ab_7_ff_1", "ab_7_ff_1", "psm_", ""] {
            assert_eq!(owned(other), None, "{other}");
        }
    }
}
