//! Two containers that share `/dev/shm`, where numbers of processes mean something else in each: neither removes what the other has. The program
//! runs itself again in a namespace of processes.

use std::path::Path;
use std::process::{Command, Output};

use shared_runtime::memory::MemoryBlock;

/// The word that says that this is the other container.
pub(super) const OTHER: &str = "in_another_container";

/// How a container is made: with a `/proc` of its own, or with that of this one, in which it finds other processes under its numbers.
const WAYS: [(&str, [&str; 3]); 2] = [
    ("its own /proc", ["-p", "-f", "--mount-proc"]),
    ("the /proc of others", ["-p", "-f", "-m"]),
];

fn apart(options: &[&str], program: &str, arguments: &[&str]) -> Option<Output> {
    // By right, or as root of a namespace.
    [None, Some("-r")].into_iter().find_map(|more| {
        let mut command = Command::new("unshare");
        command
            .args(more)
            .args(options)
            .arg(program)
            .args(arguments);
        let output = command.output().ok()?;
        output.status.success().then_some(output)
    })
}

pub(super) fn checked() {
    let itself = std::env::current_exe().unwrap();
    let ours = MemoryBlock::new(1).unwrap();
    for (way, options) in WAYS {
        if apart(&options, "true", &[]).is_none() {
            println!("skipped: this user can make no namespace of processes, with {way}");
            continue;
        }
        let output = apart(&options, itself.to_str().unwrap(), &[OTHER]);
        let said = String::from_utf8(output.unwrap().stdout).unwrap();
        let theirs = said.trim();
        assert!(theirs.starts_with("psm_"), "{way}: {said}");
        assert_ne!(tag(theirs), tag(ours.name()), "{way}");
        assert!(exists(ours.name()), "{way}: its owner lives, here");
        assert!(!exists(theirs), "{way}: it went with its process");
    }
    println!("checked");
}

/// What a name says about where it was given.
fn tag(name: &str) -> Option<&str> {
    name.split('_').nth(1)
}

fn exists(name: &str) -> bool {
    Path::new("/dev/shm").join(name).exists()
}

/// Makes a block, and so removes what the dead have left.
pub(super) fn other() {
    let block = MemoryBlock::new(1).unwrap();
    assert!(exists(block.name()));
    println!("{}", block.name());
}
