//! Two executables: a copy of this program is another one to the runtime, with methods that are found by name.

use std::process::Command;
use std::sync::atomic::Ordering;
use std::time::Duration;

use shared_runtime::memory::{FrozenMemory, SharedMemory};
use shared_runtime::{Error, ServerProcess, Shared, Ticket, shared};

/// The word that makes this program the other one.
pub(super) const OTHER: &str = "the_other_executable";

#[derive(Debug, Default)]
pub(super) struct Room {
    guests: Vec<(String, Shared<Guest>)>,
}

#[derive(Debug)]
pub(super) struct Guest(String);

#[shared(name = "test/Room")]
impl Room {
    pub(super) fn new() -> Self {
        Self::default()
    }
    pub(super) fn enter(&mut self, name: &str, guest: Shared<Guest>) -> usize {
        self.guests.push((name.to_owned(), guest));
        self.guests.len()
    }
    pub(super) fn guests(&self) -> usize {
        self.guests.len()
    }
    /// Adds one to a byte, which its owner sees.
    pub(super) fn mark(&self, block: &SharedMemory) -> Result<SharedMemory, Error> {
        block.atomic_u32(0)?.fetch_add(1, Ordering::Relaxed);
        let made = SharedMemory::anonymous(5)?;
        made.fill(.., 9)?;
        Ok(made)
    }
    pub(super) fn read(&self, frozen: &FrozenMemory) -> Vec<u8> {
        frozen.to_vec()
    }
    pub(super) fn ask(&self, n: usize) -> Result<String, String> {
        let (name, guest) = &self.guests[n];
        let said = guest.say().map_err(|error| format!("{:?}", error.kind()))?;
        Ok(format!("{name} says {said}"))
    }
}

#[shared(name = "test/Guest")]
impl Guest {
    pub(super) fn new(name: &str) -> Self {
        Self(name.to_owned())
    }
    pub(super) fn say(&self) -> String {
        format!("hello from {} in process {}", self.0, std::process::id())
    }
}

pub(super) fn checked() {
    shared_runtime::init();
    let server = ServerProcess::start().unwrap();
    let room = Room::new_in(&server).unwrap();
    let ticket = Shared::ticket(&room, Duration::from_mins(10)).unwrap();
    let copy = std::env::temp_dir().join(format!("shared-objects-copy-{}", std::process::id()));
    std::fs::copy(std::env::current_exe().unwrap(), &copy).unwrap();
    let other = Command::new(&copy)
        .arg(OTHER)
        .env("ROOM", ticket.to_string())
        .spawn();
    let mut other = other.unwrap();
    while room.guests().unwrap() < 2 {
        std::thread::sleep(Duration::from_millis(5));
    }
    std::fs::remove_file(&copy).unwrap();
    let pid = other.id();
    assert_eq!(
        room.ask(0).unwrap(),
        format!("first says hello from one in process {pid}")
    );
    assert!(
        room.ask(1)
            .unwrap()
            .contains(&format!("process {}", server.pid()))
    );
    other.kill().unwrap();
    other.wait().unwrap();
    assert!(room.ask(0).is_err(), "the guest left with its process");
    assert!(room.ask(1).is_ok(), "the other one lives in the server");
    println!("checked");
}

/// Enters the room with one guest of its own and one that it makes on the room's server.
pub(super) fn other() {
    let ticket: Ticket = std::env::var("ROOM").unwrap().parse().unwrap();
    let room = Shared::<Room>::from_ticket(&ticket).unwrap();
    hands_memory_over(&room);
    let own = Shared::new(Guest::new("one"));
    Shared::calls(&room).enter("first", own).detach().unwrap();
    let server = Shared::server(&room).unwrap();
    let there = Guest::new_in(&server, "two").unwrap();
    assert_eq!(room.enter("second", there).unwrap(), 2);
    std::thread::sleep(Duration::from_secs(1000));
}

/// What comes along with a message needs the same shape on both sides, as everything else.
fn hands_memory_over(room: &Shared<Room>) {
    let unnamed = SharedMemory::anonymous(8).unwrap();
    let named = SharedMemory::create(8).unwrap();
    for block in [unnamed, named] {
        let made = room.mark(&block).unwrap();
        assert_eq!(block.atomic_u32(0).unwrap().load(Ordering::Relaxed), 1);
        let frozen = made.freeze().map_err(|(_, error)| error).unwrap();
        assert_eq!(room.read(&frozen).unwrap(), [9; 5]);
    }
}
