//! A `/dev/shm` without room: what asks for more gets an error, and everybody lives. The program runs itself again where that folder has one
//! mebibyte.

use std::process::{Command, Stdio};

use shared_runtime::memory::{MemoryBlock, SharedMemory, SharedMemoryManager};
use shared_runtime::{CallError, Error, ErrorKind, ServerProcess, Shared, shared};

/// The word that says that the folder is small.
pub(super) const SMALL: &str = "with_a_folder_of_one_mebibyte";

/// Gives the program that follows a `/dev/shm` of its own.
const MOUNT: &str = "mount -t tmpfs -o size=1m tmpfs /dev/shm && exec \"$0\" \"$@\"";

/// More than half of that.
const LARGE: usize = 600 << 10;

#[derive(Debug)]
struct Depot;

#[shared]
impl Depot {
    pub(super) fn new() -> Self {
        Self
    }
    pub(super) fn block(&self, size: usize) -> Result<Shared<MemoryBlock>, Error> {
        MemoryBlock::new(size).map(Shared::new)
    }
}

/// Runs a program in surroundings of its own.
fn apart(options: &str, program: &str) -> Command {
    let mut command = Command::new("unshare");
    command.args([options, "sh", "-c", MOUNT, program]);
    command
}

/// How this user may make them: by right, or as root of a namespace.
fn possible() -> Option<&'static str> {
    let works = |options: &&str| {
        let mut tried = apart(options, "true");
        let tried = tried.stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    };
    ["-m", "-rm"].into_iter().find(works)
}

pub(super) fn checked() {
    let Some(options) = possible() else {
        println!("skipped: this user can mount nothing, in a namespace neither; checked");
        return;
    };
    let itself = std::env::current_exe().unwrap();
    let ended = apart(options, itself.to_str().unwrap()).arg(SMALL).status();
    assert!(ended.unwrap().success());
    println!("checked");
}

fn in_folder() -> usize {
    std::fs::read_dir("/dev/shm").unwrap().count()
}

fn is_full<T>(result: Result<T, Error>) {
    let error = result.map(drop).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StorageFull, "{error}");
    assert!(error.to_string().contains("/dev/shm"), "{error}");
}

/// The last handle of a block is released in the background, and the kernel takes the room back after the name has gone.
fn when_there_is_room<T>(mut make: impl FnMut() -> Result<T, Error>) -> T {
    loop {
        match make() {
            Err(error) if error.kind() == ErrorKind::StorageFull => std::thread::yield_now(),
            result => return result.unwrap(),
        }
    }
}

pub(super) fn with_a_small_folder() {
    shared_runtime::init();
    let server = ServerProcess::start().unwrap();
    let manager = SharedMemoryManager::start().unwrap();
    let depot = Depot::new_in(&server).unwrap();
    assert_eq!(in_folder(), 0);
    let taken = SharedMemory::create(LARGE).unwrap();

    is_full(SharedMemory::create(LARGE));
    is_full(MemoryBlock::new(LARGE));
    is_full(MemoryBlock::new_in(&server, LARGE));
    is_full(manager.shared_memory(LARGE));
    let Err(CallError::Method(error)) = depot.block(LARGE) else {
        panic!("the method's own error");
    };
    assert_eq!(error.kind(), ErrorKind::StorageFull);
    assert_eq!(in_folder(), 1, "nothing half made is left");
    assert_eq!(server.object_count().unwrap(), 1);

    drop(taken);
    let block = MemoryBlock::new_in(&server, LARGE).unwrap();
    block.map().unwrap().fill(.., 1).unwrap();
    is_full(manager.shared_memory(LARGE));
    drop(block);
    let memory = when_there_is_room(|| manager.shared_memory(LARGE));
    assert_eq!(in_folder(), 1, "the block of nobody is gone");
    memory.fill(.., 2).unwrap();
    manager.shutdown().unwrap();
    assert_eq!(in_folder(), 0);
}
