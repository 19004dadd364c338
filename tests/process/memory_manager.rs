//! The manager of shared memory: whatever its users do, and however it ends, nothing stays.

use std::path::{Path, PathBuf};
use std::time::Duration;

use shared_runtime::memory::{MemoryManagerHandle, SharedMemory, SharedMemoryManager};
use shared_runtime::{Address, AuthKey, Error, ErrorKind, ServerProcess, Shared, task};

use super::blocks::{Roll, exists, left_by_killed};
use super::leftovers::NothingLeft;
use super::support::{signal, until};
use super::tools::alive;

fn name_of(memory: &SharedMemory) -> String {
    memory.name().unwrap().to_owned()
}

#[test]
fn a_shutdown_removes_all_blocks_also_where_a_user_has_unlinked_some() {
    let _nothing_left = NothingLeft::watch();
    let manager = SharedMemoryManager::start().unwrap();
    let blocks: Vec<SharedMemory> = (1..=5)
        .map(|size| manager.shared_memory(size).unwrap())
        .collect();
    let names: Vec<String> = blocks.iter().map(name_of).collect();
    blocks[0].unlink().unwrap();
    blocks[3].unlink().unwrap();
    let error = blocks[3].unlink().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // Somebody else may have a name by then that a user has given up.
    let other = SharedMemory::create_named(&names[3], 7).unwrap();
    let there = |name: &String| exists(name);
    assert_eq!(names.iter().filter(|name| there(name)).count(), 4);
    manager.shutdown().unwrap();
    assert!(exists(&names[3]), "that is another block");
    drop(other);
    assert!(!names.iter().any(there));
    blocks[4].write_at(4, &[1]).unwrap();
}

#[test]
fn dropping_a_block_leaves_it_to_the_manager_and_dropping_that_removes_it() {
    let _nothing_left = NothingLeft::watch();
    let manager = SharedMemoryManager::start().unwrap();
    let memory = manager.shared_memory(10).unwrap();
    assert_eq!(memory.size(), 10);
    memory.write_at(0, b"howdy").unwrap();
    let name = name_of(&memory);
    drop(memory);
    let memory = SharedMemory::open(&name).unwrap();
    let mut bytes = [0; 5];
    memory.read_at(0, &mut bytes).unwrap();
    assert_eq!(&bytes, b"howdy");
    let handle = manager.handle().clone();
    drop(manager);
    assert!(!exists(&name));
    let error = handle.shared_memory(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    let says = error.to_string();
    assert!(
        says.contains("SharedMemoryManager::shared_memory"),
        "{says}"
    );
}

#[test]
fn the_memory_of_an_unlinked_block_goes_with_its_last_user() {
    let _nothing_left = NothingLeft::watch();
    let manager = SharedMemoryManager::start().unwrap();
    let memory = manager.shared_memory(1 << 20).unwrap();
    let name = name_of(&memory);
    memory.unlink().unwrap();
    drop(memory);
    // What is mapped or open somewhere has its memory.
    let process = Path::new("/proc").join(manager.pid().to_string());
    let maps = std::fs::read_to_string(process.join("maps")).unwrap();
    assert!(!maps.contains(&name), "the manager has it mapped");
    let open = std::fs::read_dir(process.join("fd")).unwrap();
    let open = open.filter_map(|entry| std::fs::read_link(entry.unwrap().path()).ok());
    let has_it = |file: &PathBuf| file.to_string_lossy().contains(&name);
    assert!(!open.collect::<Vec<_>>().iter().any(has_it), "it is open");
}

#[test]
fn no_bytes_are_refused_as_everywhere() {
    let _nothing_left = NothingLeft::watch();
    let manager = SharedMemoryManager::start().unwrap();
    let error = manager.shared_memory(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}

/// Makes a block through a manager and says so, then stays.
#[task]
fn uses(manager: MemoryManagerHandle, roll: Shared<Roll>) -> Result<(), Error> {
    let memory = manager.shared_memory(4)?;
    memory.write_at(0, &[1, 2, 3, 4])?;
    roll.enter(std::process::id(), memory.name().unwrap_or_default())?;
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

#[test]
fn what_a_child_made_that_is_killed_belongs_to_the_manager() {
    let _nothing_left = NothingLeft::watch();
    let manager = SharedMemoryManager::start().unwrap();
    let roll = Shared::new(Roll::new());
    let user = uses::spawn(manager.handle().clone(), roll.clone()).unwrap();
    let (_, name) = Roll::awaited(&roll);
    signal("KILL", user.pid());
    user.join().unwrap_err();
    let memory = SharedMemory::open(&name).unwrap();
    let mut bytes = [0; 4];
    memory.read_at(0, &mut bytes).unwrap();
    assert_eq!(bytes, [1, 2, 3, 4]);
    manager.shutdown().unwrap();
    assert!(!exists(&name));
}

/// Owns a manager with two blocks, one of which is unlinked, and says so.
#[task]
fn owns_a_manager(roll: Shared<Roll>) -> Result<(), Error> {
    let manager = SharedMemoryManager::start()?;
    manager.shared_memory(1)?.unlink()?;
    let memory = manager.shared_memory(2)?;
    roll.enter(manager.pid(), memory.name().unwrap_or_default())?;
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

#[test]
fn a_manager_whose_owner_is_killed_removes_all() {
    let _nothing_left = NothingLeft::watch();
    let roll = Shared::new(Roll::new());
    let owner = owns_a_manager::spawn(roll.clone()).unwrap();
    let (manager, name) = Roll::awaited(&roll);
    assert!(exists(&name));
    signal("KILL", owner.pid());
    until("the manager has ended", || !alive(manager));
    assert!(!exists(&name));
    owner.join().unwrap_err();
}

#[test]
fn what_a_killed_manager_leaves_is_removed_by_its_owner_at_once() {
    let _nothing_left = NothingLeft::watch();
    let manager = SharedMemoryManager::start().unwrap();
    let (first, second) = (
        manager.shared_memory(1).unwrap(),
        manager.shared_memory(2).unwrap(),
    );
    first.unlink().unwrap();
    let name = name_of(&second);
    signal("KILL", manager.pid());
    until("nobody has asked, and it is gone", || !exists(&name));
    second.write_at(1, &[1]).unwrap();
    let error = manager.shared_memory(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
    let error = manager.shutdown().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exited, "{error}");
}

#[task]
fn starts_a_manager() -> Result<(), Error> {
    SharedMemoryManager::start()?.shutdown()
}

#[test]
fn the_next_manager_removes_what_a_killed_one_and_its_killed_owner_left() {
    let _nothing_left = NothingLeft::watch();
    let (owner, name) = left_by_killed(|roll| owns_a_manager::spawn(roll).unwrap());
    starts_a_manager::spawn().unwrap().join().unwrap();
    assert!(!exists(&name));
    owner.join().unwrap_err();
}

#[test]
fn a_manager_is_found_at_its_address_by_those_who_have_the_key() {
    let _nothing_left = NothingLeft::watch();
    let folder = std::env::temp_dir();
    let address = format!(
        "unix:{}/shared-manager-{}",
        folder.display(),
        std::process::id()
    );
    let key = AuthKey::random();
    let builder = SharedMemoryManager::builder()
        .name("blocks")
        .address(address.parse().unwrap())
        .auth_key(key.clone());
    let manager = builder.start().unwrap();
    assert_eq!(manager.name(), "blocks");
    assert_eq!(manager.address().to_string(), address);

    let connected = SharedMemoryManager::connect(&manager.address(), &key).unwrap();
    assert_eq!(connected.pid(), manager.pid());
    let name = name_of(&connected.shared_memory(5).unwrap());
    drop(connected);
    assert_eq!(SharedMemory::open(&name).unwrap().size(), 5);
    let error = SharedMemoryManager::connect(&manager.address(), &AuthKey::random()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Denied, "{error}");
    manager.shutdown().unwrap();
    assert!(!exists(&name));
}

#[test]
fn whoever_reaches_a_manager_can_use_it_however_early() {
    let _nothing_left = NothingLeft::watch();
    let key = AuthKey::random();
    for n in 0..10 {
        let address = format!("unix:@shared-early-{n}-{}", std::process::id());
        let address: Address = address.parse().unwrap();
        let connected = std::thread::scope(|scope| {
            let early = scope.spawn(|| {
                loop {
                    match SharedMemoryManager::connect(&address, &key) {
                        Err(error) if error.to_string().contains("no server at") => {}
                        other => break other,
                    }
                }
            });
            let builder = SharedMemoryManager::builder().address(address.clone());
            let _manager = builder.auth_key(key.clone()).start().unwrap();
            early.join().unwrap().map(drop)
        });
        connected.unwrap();
    }
}

#[test]
fn a_server_that_is_no_manager_is_said_to_be_none() {
    let _nothing_left = NothingLeft::watch();
    let address = format!("unix:@shared-no-manager-{}", std::process::id());
    let server = ServerProcess::builder().address(address.parse().unwrap());
    let server = server.start().unwrap();
    let key = server.auth_key().unwrap();
    let error = SharedMemoryManager::connect(&server.address(), key).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("no manager"), "{error}");
}
