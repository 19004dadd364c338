//! A fork of a client that outlives it: what the client held is given back all the same, and the fork can use none of it.
#![expect(unsafe_code, reason = "fork without exec")]

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

pub(super) fn checked() {
    shared_runtime::init();
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
    println!("checked");
}

fn wait_until(condition: impl Fn() -> bool) {
    while !condition() {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
}
