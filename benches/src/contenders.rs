//! Everybody who is measured.

use std::collections::BTreeMap;

use crate::contender::{Contender, Result};
use crate::floor::Floor;
use crate::futex::Futex;
use crate::ours::Ours;
use crate::tcp::Tcp;
use crate::unix::Unix;

/// Ours as users get it: ratios named after nothing but a case are its.
pub(crate) const DEFAULT: &str = Ours::RING.name;

/// Those of the quick mode; all that others are held against is here.
pub(crate) const QUICK: [&str; 5] = [DEFAULT, Ours::CHANNEL.name, "floor", "futex", "unix"];

/// All, whether they can run here or not.
pub(crate) fn all() -> Vec<Box<dyn Contender>> {
    let own: Vec<Box<dyn Contender>> = vec![
        Box::new(Ours::RING),
        Box::new(Ours::CHANNEL),
        Box::new(Floor),
        Box::new(Futex),
        Box::new(Unix),
        Box::new(Tcp),
    ];
    own.into_iter().chain(peers()).collect()
}

#[cfg(feature = "peers")]
fn peers() -> Vec<Box<dyn Contender>> {
    crate::peers::all()
}

#[cfg(not(feature = "peers"))]
fn peers() -> Vec<Box<dyn Contender>> {
    Vec::new()
}

/// Whether it is one of our transports.
pub(crate) fn is_ours(name: &str) -> bool {
    [Ours::RING.name, Ours::CHANNEL.name].contains(&name)
}

/// Who takes part, and who cannot.
pub(crate) struct Invited<'a> {
    pub(crate) able: Vec<&'a dyn Contender>,
    /// Why not, by name.
    pub(crate) skipped: BTreeMap<&'static str, String>,
}

/// Those that were asked for, or those of the mode if nobody was.
///
/// # Errors
///
/// If there is none of a name.
pub(crate) fn invited<'a>(
    everybody: &'a [Box<dyn Contender>],
    quick: bool,
    wanted: &[String],
) -> Result<Invited<'a>> {
    let known: Vec<&str> = everybody.iter().map(|one| one.name()).collect();
    if let Some(stranger) = wanted.iter().find(|name| !known.contains(&name.as_str())) {
        return Err(format!("no contender {stranger}; there are {}", known.join(", ")).into());
    }
    let is_wanted = |name: &str| match wanted {
        [] => !quick || QUICK.contains(&name),
        wanted => wanted.iter().any(|wanted| wanted == name),
    };
    let (mut able, mut skipped) = (Vec::new(), BTreeMap::new());
    for contender in everybody.iter().filter(|one| is_wanted(one.name())) {
        match contender.missing() {
            Some(why) => _ = skipped.insert(contender.name(), why),
            None => able.push(&**contender),
        }
    }
    Ok(Invited { able, skipped })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_invites_unless_people_do() {
        let everybody = all();
        let names = |quick, wanted: &[&str]| -> Result<Vec<&str>> {
            let wanted: Vec<String> = wanted.iter().map(|name| (*name).to_owned()).collect();
            let able = invited(&everybody, quick, &wanted)?.able;
            Ok(able.iter().map(|one| one.name()).collect())
        };
        assert_eq!(names(true, &[]).unwrap(), QUICK);
        assert!(names(false, &[]).unwrap().contains(&"tcp"));
        assert_eq!(names(true, &["tcp"]).unwrap(), ["tcp"]);
        let error = names(true, &["me"]).unwrap_err().to_string();
        assert!(
            error.starts_with("no contender me; there are ring, channel"),
            "{error}"
        );
    }

    #[test]
    fn names_are_not_given_twice() {
        let all = all();
        let mut names: Vec<&str> = all.iter().map(|contender| contender.name()).collect();
        assert!(QUICK.iter().all(|name| names.contains(name)));
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), all.len());
    }
}
