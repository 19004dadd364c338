//! A fork of a client that outlives it: what the client held is given back all the same, and the fork can use none of it.
#![expect(unsafe_code, reason = "fork without exec")]

use std::path::Path;
use std::sync::OnceLock;

use shared_runtime::memory::{SharedArray, SharedMemory};
use shared_runtime::{ErrorKind, ServerHandle, ServerProcess, Shared, shared, task};

/// What the processes tell each other.
#[derive(Debug, Default)]
pub(super) struct Board {
    pid: i32,
}

#[shared]
impl Board {
    pub(super) fn new() -> Self {
        Self::default()
    }
    pub(super) fn note(&mut self, pid: i32) {
        self.pid = pid;
    }
    pub(super) fn wait(&self, millis: u64) {
        std::thread::sleep(std::time::Duration::from_millis(millis));
    }
    pub(super) fn fork(&self) -> i32 {
        // SAFETY: the child only sleeps.
        let pid = unsafe { libc::fork() };
        if pid == 0 {
            loop {
                std::thread::sleep(std::time::Duration::from_secs(1));
            }
        }
        pid
    }
    pub(super) fn noted(&self) -> i32 {
        self.pid
    }
}

#[task]
fn forks(server: ServerHandle, board: Shared<Board>) {
    let held = Board::new_in(&server).unwrap();
    held.note(1).unwrap();
    // SAFETY: the child runs nothing but the code below, which takes no lock that another thread of the parent might have held: its
    // calls are refused before they touch one.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let refused = held.noted().unwrap_err().kind() == ErrorKind::Disconnected;
        drop((held, board));
        if !refused {
            std::process::abort();
        }
        loop {
            std::thread::sleep(std::time::Duration::from_secs(1));
        }
    }
    board.note(pid).unwrap();
    std::thread::sleep(std::time::Duration::from_secs(1000));
}

/// Calls that a fork makes are refused, whatever its parent had under way.
#[task]
fn calls_in_a_fork(there: Shared<Board>) {
    let here = Shared::new(Board::new());
    for board in [&here, &there] {
        Shared::calls(board).wait(50).detach().unwrap();
    }
    let pending = [&here, &there].map(|board| Shared::calls(board).wait(50).start());
    let unread = Shared::calls(&there).wait(50).start();
    // SAFETY: as above.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let refused = there.noted().is_err()
            && Shared::calls(&there).note(1).detach().is_err()
            && Shared::calls(&here).note(1).detach().is_err()
            && Shared::calls(&there).note(1).start().wait().is_err()
            && Shared::calls(&here).note(1).start().wait().is_err()
            && pending
                .into_iter()
                .all(|call| call.is_finished() && call.wait().is_err());
        drop(unread);
        // SAFETY: ends the child without running anything of the parent's.
        unsafe { libc::_exit(if refused { 7 } else { 8 }) };
    }
    let mut status = 0;
    // SAFETY: waits for the child just made, with room for its status.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(libc::WEXITSTATUS(status), 7);
    // The parent's own are what they were.
    assert!(pending.into_iter().all(|call| call.wait().is_ok()));
    unread.wait().unwrap();
}

/// A server that has forked and is killed: its fork holds the sockets, and still everybody learns of its end.
fn a_fork_of_a_server_hides_nothing() {
    let server = ServerProcess::start().unwrap();
    let board = Board::new_in(&server).unwrap();
    Shared::calls(&board).wait(1_000_000).detach().unwrap();
    let forker = Board::new_in(&server).unwrap();
    let fork = forker.fork().unwrap();
    // SAFETY: ends the server.
    unsafe { libc::kill(server.pid().cast_signed(), libc::SIGKILL) };
    // Waits for the one-way call before it.
    assert_eq!(board.noted().unwrap_err().kind(), ErrorKind::Disconnected);
    // SAFETY: ends the fork.
    unsafe { libc::kill(fork, libc::SIGKILL) };
}

/// A fork has the open file that the lock of an array belongs to: it neither gives its parent's lock back nor writes its changes.
fn a_fork_leaves_the_locks_of_its_parent_alone() {
    let array = SharedArray::<u64>::create(4).unwrap();
    let mut held = array.write().unwrap();
    held.fill(1);
    // SAFETY: the child takes no lock that another thread might have held.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        let refused = array.read().unwrap_err().kind() == ErrorKind::Disconnected;
        drop(held);
        // SAFETY: ends the child without running anything of the parent's.
        unsafe { libc::_exit(if refused { 7 } else { 8 }) };
    }
    let mut status = 0;
    // SAFETY: waits for the child just made, with room for its status.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(libc::WEXITSTATUS(status), 7);
    let other = SharedArray::<u64>::open(array.name().unwrap()).unwrap();
    assert!(other.try_read().unwrap().is_none(), "still held");
    assert_eq!(other.get(0).unwrap(), 0, "not written");
    held.commit().unwrap();
    assert_eq!(other.read().unwrap()[..], [1; 4]);
}

/// A fork leaves the names of its parent, and removes its own.
fn a_fork_has_names_of_its_own() {
    static KEPT: OnceLock<SharedMemory> = OnceLock::new();
    let is_there = |name: &str| Path::new("/dev/shm").join(name).exists();
    let parents = SharedMemory::create(1).unwrap();
    let inherited = parents.name().unwrap().to_owned();
    let own = format!("shared-runtime-fork-{}", std::process::id());
    // SAFETY: this process has no other thread yet.
    let pid = unsafe { libc::fork() };
    if pid == 0 {
        drop(parents);
        let brief = SharedMemory::create(1).unwrap();
        let name = brief.name().unwrap().to_owned();
        drop(brief);
        KEPT.get_or_init(|| SharedMemory::create_named(&own, 1).unwrap());
        let right = is_there(&inherited) && !is_there(&name) && is_there(&own);
        std::process::exit(if right { 7 } else { 8 });
    }
    let mut status = 0;
    // SAFETY: waits for the child just made, with room for its status.
    assert_eq!(unsafe { libc::waitpid(pid, &raw mut status, 0) }, pid);
    assert_eq!(libc::WEXITSTATUS(status), 7);
    assert!(!is_there(&own), "it went when the fork ended");
    assert!(is_there(&inherited));
    drop(parents);
    assert!(!is_there(&inherited));
}

#[task]
fn own_number() -> u32 {
    std::process::id()
}

/// A task in a container of its own does not see its parent, and runs all the same: `main` must not.
pub(super) fn contained() {
    shared_runtime::init();
    // SAFETY: concerns the later children of this thread alone.
    if unsafe { libc::unshare(libc::CLONE_NEWPID) } == 0 {
        assert_eq!(own_number::spawn().unwrap().join().unwrap(), 1);
    } else {
        println!("SKIPPED: only root can make a container");
    }
    println!("checked");
}

pub(super) fn checked() {
    shared_runtime::init();
    a_fork_leaves_the_locks_of_its_parent_alone();
    a_fork_has_names_of_its_own();
    a_fork_of_a_server_hides_nothing();
    let server = ServerProcess::start().unwrap();
    let board = Board::new_in(&server).unwrap();
    let client = forks::spawn((*server).clone(), board.clone()).unwrap();
    wait_until(|| board.noted().unwrap() != 0);
    let fork = board.noted().unwrap();
    assert_eq!(server.object_count().unwrap(), 2);
    client.kill();
    wait_until(|| server.object_count().unwrap() == 1);
    wait_until(|| server.inspect().unwrap().sessions.len() == 1);
    // SAFETY: asks whether the process exists.
    assert_eq!(unsafe { libc::kill(fork, 0) }, 0, "the fork still lives");
    // SAFETY: ends it.
    unsafe { libc::kill(fork, libc::SIGKILL) };
    calls_in_a_fork::spawn(board).unwrap().join().unwrap();
    println!("checked");
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
