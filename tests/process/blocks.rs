//! Blocks of memory as objects: they go with their last handle, with their server, and with whoever is killed.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared_runtime::memory::{Mapping, MemoryBlock};
use shared_runtime::{
    CallError, Error, ErrorKind, Process, ServerHandle, ServerProcess, Shared, shared, task,
};

use super::leftovers::NothingLeft;
use super::support::{signal, until};
use super::tools::alive;

pub fn exists(name: &str) -> bool {
    place(name).exists()
}

fn place(name: &str) -> PathBuf {
    Path::new("/dev/shm").join(name)
}

fn byte(mapping: &Mapping, at: usize) -> u8 {
    let mut byte = [0];
    mapping.read_at(at, &mut byte).unwrap();
    byte[0]
}

/// Makes blocks, and keeps some.
#[derive(Default)]
pub struct Depot {
    kept: Vec<Shared<MemoryBlock>>,
}

/// A block, inside of other things.
#[derive(Serialize, Deserialize)]
pub struct Data {
    name: String,
    blocks: (u8, Vec<Option<Shared<MemoryBlock>>>),
}

#[shared]
impl Depot {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn block(&self, size: usize) -> Result<Shared<MemoryBlock>, Error> {
        Ok(Shared::new(MemoryBlock::new(size)?))
    }
    pub fn data(&self) -> Result<Data, Error> {
        let block = self.block(80)?;
        let name = block.name()?;
        let blocks = (7, vec![None, Some(block)]);
        Ok(Data { name, blocks })
    }
    pub fn keep(&mut self, block: Shared<MemoryBlock>) {
        self.kept.push(block);
    }
    pub fn give(&mut self) -> Option<Shared<MemoryBlock>> {
        self.kept.pop()
    }
    pub fn write(&self, block: &Shared<MemoryBlock>, at: usize, byte: u8) -> Result<(), Error> {
        block.map()?.write_at(at, &[byte])
    }
    pub fn stall(&self) {
        std::thread::sleep(Duration::from_secs(1000));
    }
    /// Until this process ends.
    pub fn churn(&self) -> Result<(), Error> {
        loop {
            drop(MemoryBlock::new(4 << 20)?);
        }
    }
}

/// What processes say about themselves: their own numbers or their servers', and their blocks.
#[derive(Default)]
pub struct Roll(Vec<(u32, String)>);

#[shared]
impl Roll {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn enter(&mut self, pid: u32, block: &str) {
        self.0.push((pid, block.to_owned()));
    }
    pub fn first(&self) -> Option<(u32, String)> {
        self.0.first().cloned()
    }
}

impl Roll {
    pub fn awaited(roll: &Shared<Self>) -> (u32, String) {
        let mut first = None;
        until("somebody has said who they are", || {
            first = roll.first().unwrap();
            first.is_some()
        });
        first.unwrap()
    }
}

#[test]
fn a_block_goes_with_its_last_handle() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let block = MemoryBlock::new_in(&server, 100).unwrap();
    let name = block.name().unwrap();
    assert_eq!(block.size().unwrap(), 100);
    assert_eq!(std::fs::metadata(place(&name)).unwrap().len(), 100);
    let clone = block.clone();
    drop(block);
    clone.map().unwrap();
    drop(clone);
    until("it is gone", || !exists(&name));

    let here = Shared::new(MemoryBlock::new(3).unwrap());
    let name = here.name().unwrap();
    assert!(Shared::is_local(&here) && exists(&name));
    drop(here);
    until("the local one is gone", || !exists(&name));

    let never_shared = MemoryBlock::new(5).unwrap();
    assert_eq!(
        (never_shared.size(), never_shared.map().unwrap().size()),
        (5, 5)
    );
    let name = never_shared.name().to_owned();
    drop(never_shared);
    assert!(!exists(&name));
}

#[test]
fn methods_return_blocks_alone_and_inside_of_data_and_objects_keep_them() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let other = ServerProcess::start().unwrap();
    let (depot, keeper) = (
        Depot::new_in(&server).unwrap(),
        Depot::new_in(&other).unwrap(),
    );
    let mut data = depot.data().unwrap();
    let inner = data.blocks.1.remove(1).unwrap();
    assert_eq!(inner.name().unwrap(), data.name);
    let alone = depot.block(100).unwrap();
    assert_eq!(alone.size().unwrap(), 100);
    let names = [data.name, alone.name().unwrap()];

    keeper.keep(alone).unwrap();
    depot.keep(inner).unwrap();
    assert!(
        names.iter().all(|name| exists(name)),
        "the objects have them"
    );
    let back = keeper.give().unwrap().unwrap();
    assert_eq!(back.name().unwrap(), names[1]);
    drop(back);
    until("nobody has it", || !exists(&names[1]));
    assert!(exists(&names[0]));
    drop(depot);
    until("it went with the object that had it", || !exists(&names[0]));
}

#[task]
fn marks(block: Shared<MemoryBlock>, at: usize) -> Result<u8, Error> {
    let mapping = block.map()?;
    mapping.write_at(at, &[u8::try_from(at).unwrap()])?;
    Ok(byte(&mapping, 99))
}

#[test]
fn several_processes_map_one_block_at_once() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let depot = Depot::new_in(&server).unwrap();
    let block = depot.block(100).unwrap();
    let mapping = block.map().unwrap();
    mapping.write_at(99, &[9]).unwrap();
    let children: Vec<_> = (1..=3)
        .map(|at| marks::spawn(block.clone(), at).unwrap())
        .collect();
    depot.write(&block, 50, 5).unwrap();
    for child in children {
        assert_eq!(child.join().unwrap(), 9, "what this process wrote");
    }
    let seen = [1, 2, 3, 50].map(|at| byte(&mapping, at));
    assert_eq!(seen, [1, 2, 3, 5], "what the others wrote");
}

#[test]
fn a_mapping_stays_when_the_handles_and_the_server_are_gone() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let block = MemoryBlock::new_in(&server, 1 << 20).unwrap();
    let name = block.name().unwrap();
    let (mapping, also) = (block.map().unwrap(), block.map().unwrap());
    mapping.write_at(1 << 19, &[3]).unwrap();
    drop(block);
    until("the block is gone", || !exists(&name));
    assert_eq!(byte(&also, 1 << 19), 3);
    server.shutdown().unwrap();
    mapping.fill(.., 4).unwrap();
    assert_eq!(byte(&also, (1 << 20) - 1), 4);
}

#[test]
fn blocks_go_with_their_server_though_handles_are_held() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let block = MemoryBlock::new_in(&server, 100).unwrap();
    let name = block.name().unwrap();
    server.shutdown().unwrap();
    assert!(!exists(&name));
    let error = block.map().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected, "{error}");
}

#[test]
fn the_blocks_of_a_killed_server_are_removed_at_once() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let block = MemoryBlock::new_in(&server, 100).unwrap();
    let mapping = block.map().unwrap();
    let name = block.name().unwrap();
    signal("KILL", server.pid());
    until("nobody has asked, and it is gone", || !exists(&name));
    mapping.write_at(0, &[1]).unwrap();
    assert_eq!(byte(&mapping, 0), 1);
    drop(server);

    let server = ServerProcess::start().unwrap();
    let block = MemoryBlock::new_in(&server, 100).unwrap();
    let name = block.name().unwrap();
    signal("KILL", server.pid());
    let error = server.shutdown().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Exited);
    assert!(!exists(&name), "at the latest when its end is told");
}

#[test]
fn a_server_that_must_be_ended_by_force_leaves_no_block() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::builder()
        .shutdown_timeout(Duration::from_millis(20))
        .start()
        .unwrap();
    let block = MemoryBlock::new_in(&server, 100).unwrap();
    let name = block.name().unwrap();
    signal("STOP", server.pid());
    server.shutdown().unwrap_err();
    assert!(!exists(&name));
}

/// What is in the folder of this process: its number is in the names.
fn blocks_of(pid: u32) -> Vec<String> {
    let names = std::fs::read_dir("/dev/shm").unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let owner = format!("_{pid:x}_");
    names.filter(|name| name.contains(&owner)).collect()
}

#[test]
fn a_server_that_ends_while_blocks_are_made_leaves_none() {
    let _nothing_left = NothingLeft::watch();
    for _ in 0..8 {
        // The half of this is for running calls.
        let builder = ServerProcess::builder().shutdown_timeout(Duration::from_millis(100));
        let server = builder.start().unwrap();
        let pid = server.pid();
        for _ in 0..2 {
            let depot = Depot::new_in(&server).unwrap();
            Shared::calls(&depot).churn().detach().unwrap();
        }
        until("they are at it", || !blocks_of(pid).is_empty());
        let _ended = server.shutdown();
        assert_eq!(blocks_of(pid), [""; 0]);
    }
}

/// Owns a server with a block, and says both.
#[task]
fn owns(roll: Shared<Roll>, stalls: bool) -> Result<(), Error> {
    let server = ServerProcess::builder()
        .shutdown_timeout(Duration::from_millis(50))
        .start()?;
    let block = MemoryBlock::new_in(&server, 100)?;
    let depot = Depot::new_in(&server)?;
    if stalls {
        Shared::calls(&depot).stall().detach()?;
        until("it stalls", || {
            server
                .inspect()
                .is_ok_and(|seen| seen.calls.iter().any(|call| call.method.ends_with("stall")))
        });
    }
    roll.enter(server.pid(), &block.name()?)?;
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

#[test]
fn a_server_whose_owner_is_killed_removes_its_blocks_though_a_call_does_not_end() {
    let _nothing_left = NothingLeft::watch();
    for stalls in [false, true] {
        let roll = Shared::new(Roll::new());
        let owner = owns::spawn(roll.clone(), stalls).unwrap();
        let (server, name) = Roll::awaited(&roll);
        assert!(exists(&name));
        signal("KILL", owner.pid());
        until("the server has ended", || !alive(server));
        // Nobody has collected the end of the owner: nobody else can have done it.
        assert!(!exists(&name), "a call that does not end: {stalls}");
        owner.join().unwrap_err();
    }
}

#[task]
fn makes_a_block() -> Result<(), Error> {
    MemoryBlock::new(1).map(drop)
}

/// Kills a server and its owner so that neither can do anything about what they leave.
fn kill_both(owner: u32, server: u32) {
    signal("STOP", owner);
    signal("KILL", server);
    until("the server has ended", || !alive(server));
    signal("KILL", owner);
    until("the owner has ended", || !alive(owner));
}

/// What is left of a killed server and its killed owner: the owner, whose end nobody has collected, and the name of their block. Any program that
/// makes its first block at that moment removes what the dead left, this one too; then two others are killed.
pub fn left_by_killed(
    start: impl Fn(Shared<Roll>) -> Process<(), Error>,
) -> (Process<(), Error>, String) {
    loop {
        let roll = Shared::new(Roll::new());
        let owner = start(roll.clone());
        let (server, name) = Roll::awaited(&roll);
        kill_both(owner.pid(), server);
        if exists(&name) {
            return (owner, name);
        }
        owner.join().unwrap_err();
    }
}

#[test]
fn a_later_start_removes_what_a_killed_server_and_its_killed_owner_left() {
    let _nothing_left = NothingLeft::watch();
    let (owner, name) = left_by_killed(|roll| owns::spawn(roll, false).unwrap());
    makes_a_block::spawn().unwrap().join().unwrap();
    assert!(!exists(&name));
    owner.join().unwrap_err();
}

/// Has a block of its own, and says so.
#[task]
fn hosts(roll: Shared<Roll>) -> Result<(), Error> {
    let block = Shared::new(MemoryBlock::new(100)?);
    roll.enter(std::process::id(), &block.name()?)?;
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

#[test]
fn what_belongs_to_the_living_or_to_another_container_stays() {
    let _nothing_left = NothingLeft::watch();
    let roll = Shared::new(Roll::new());
    let host = hosts::spawn(roll.clone()).unwrap();
    let (pid, living) = Roll::awaited(&roll);
    let (start, _) = living.rsplit_once('_').unwrap();
    let (realm, owner) = start["psm_".len()..].split_once('_').unwrap();
    assert!(owner.starts_with(&format!("{pid:x}_")), "{living}");

    // Of a process that had this number before, there and here.
    let elsewhere = format!("psm_ffffffffff_{pid:x}_1_0");
    let earlier = format!("psm_{realm}_{pid:x}_1_0");
    let plain = format!("psm_test_{pid:x}_1_0");
    for name in [&elsewhere, &earlier, &plain] {
        std::fs::write(place(name), "left").unwrap();
    }
    makes_a_block::spawn().unwrap().join().unwrap();
    assert!(exists(&living), "its owner lives");
    assert!(exists(&elsewhere), "who knows whether its owner lives");
    assert!(exists(&plain), "nothing of ours");
    assert!(!exists(&earlier));
    for name in [&elsewhere, &plain] {
        std::fs::remove_file(place(name)).unwrap();
    }
    signal("KILL", host.pid());
    host.join().unwrap_err();
    assert!(!exists(&living), "whoever joins it removes what it left");
}

#[test]
fn many_processes_that_clean_up_at_once_harm_nobody() {
    let _nothing_left = NothingLeft::watch();
    let roll = Shared::new(Roll::new());
    let host = hosts::spawn(roll.clone()).unwrap();
    let (pid, living) = Roll::awaited(&roll);
    let realm = living.split('_').nth(1).unwrap().to_owned();
    let left: Vec<String> = (0..50)
        .map(|n| format!("psm_{realm}_{pid:x}_1_{n:x}"))
        .collect();
    for name in &left {
        std::fs::write(place(name), "left").unwrap();
    }
    let starts: Vec<_> = (0..6).map(|_| makes_a_block::spawn().unwrap()).collect();
    for start in starts {
        start.join().unwrap();
    }
    assert!(!left.iter().any(|name| exists(name)));
    assert!(exists(&living));
    host.kill();
    host.join().unwrap_err();
}

/// Owns a process that has a block.
#[task]
fn owns_a_host(roll: Shared<Roll>) -> Result<(), CallError<Error>> {
    hosts::spawn(roll)?.join()
}

#[test]
fn a_task_whose_owner_is_killed_removes_its_blocks() {
    let _nothing_left = NothingLeft::watch();
    let roll = Shared::new(Roll::new());
    let owner = owns_a_host::spawn(roll.clone()).unwrap();
    let (host, name) = Roll::awaited(&roll);
    signal("KILL", owner.pid());
    until("the task has ended", || !alive(host));
    assert!(!exists(&name));
    owner.join().unwrap_err();
}

#[task]
fn exits_with_a_block(roll: Shared<Roll>) -> Result<(), Error> {
    let block = Shared::new(MemoryBlock::new(100)?);
    roll.enter(std::process::id(), &block.name()?)?;
    std::process::exit(0)
}

#[test]
fn a_block_of_any_process_goes_when_that_exits() {
    let _nothing_left = NothingLeft::watch();
    let roll = Shared::new(Roll::new());
    let process = exits_with_a_block::spawn(roll.clone()).unwrap();
    let (_, name) = Roll::awaited(&roll);
    let _ended = process.join();
    assert!(!exists(&name));
}

#[task]
fn makes_there(server: ServerHandle, roll: Shared<Roll>) -> Result<(), Error> {
    let block = MemoryBlock::new_in(&server, 100)?;
    roll.enter(std::process::id(), &block.name()?)?;
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

#[test]
fn a_block_goes_with_a_client_that_is_killed() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let roll = Shared::new(Roll::new());
    let client = makes_there::spawn((*server).clone(), roll.clone()).unwrap();
    let (_, name) = Roll::awaited(&roll);
    assert!(exists(&name));
    signal("KILL", client.pid());
    until("its lease is gone, and the block", || !exists(&name));
    client.join().unwrap_err();
    assert_eq!(server.object_count().unwrap(), 0);
}

#[test]
fn a_block_that_was_cut_or_unlinked_is_an_error() {
    let _nothing_left = NothingLeft::watch();
    let block = Shared::new(MemoryBlock::new(100).unwrap());
    let name = block.name().unwrap();
    let file = std::fs::File::options()
        .write(true)
        .open(place(&name))
        .unwrap();
    file.set_len(50).unwrap();
    let error = block.map().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}");
    std::fs::remove_file(place(&name)).unwrap();
    let error = block.map().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound, "{error}");
    assert!(error.to_string().contains("removed it"), "{error}");
    let error = MemoryBlock::new(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
}
