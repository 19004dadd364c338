//! Blocks of memory that a program still has when it ends.

use std::path::Path;
use std::process::{Command, exit};
use std::sync::OnceLock;
use std::time::Duration;

use shared_runtime::memory::SharedMemory;
use shared_runtime::{Error, task};

/// Never dropped.
static KEPT: OnceLock<SharedMemory> = OnceLock::new();

#[task]
fn opens_late(name: String) -> Result<(), Error> {
    std::thread::sleep(Duration::from_millis(300));
    SharedMemory::open(&name)?;
    println!("opened late");
    Ok(())
}

#[task]
fn nothing() {}

/// Ends with a block in a static, and with a task that opens it when `main` is over.
pub fn goes_with_its_program() {
    let how = std::env::args().nth(2);
    let Some(how) = how.as_deref() else {
        return goes_however_it_ends();
    };
    shared_runtime::init();
    if how == "a task" {
        // Tasks are known before memory is.
        nothing::spawn().unwrap().join().unwrap();
    }
    let memory = KEPT.get_or_init(|| SharedMemory::create(10).unwrap());
    let name = memory.name().unwrap().to_owned();
    println!("{name}");
    if how == "a task" {
        drop(opens_late::spawn(name).unwrap());
    }
    if how == "exits" {
        exit(3);
    }
    if how == "keeps" {
        memory.keep();
    }
}

fn goes_however_it_ends() {
    for how in ["returns", "exits", "a task", "keeps"] {
        let output = Command::new(std::env::current_exe().unwrap())
            .args(["memory_goes_with_its_program", how])
            .output()
            .unwrap();
        let said = String::from_utf8(output.stdout).unwrap();
        let mut lines = said.lines();
        let name = lines.next().unwrap();
        assert_eq!(lines.next(), (how == "a task").then_some("opened late"));
        let is_there = Path::new("/dev/shm").join(name).exists();
        assert_eq!(is_there, how == "keeps", "{how}");
        if is_there {
            SharedMemory::open(name).unwrap().unlink().unwrap();
        }
    }
    println!("checked");
}
