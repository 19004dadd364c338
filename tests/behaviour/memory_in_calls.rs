//! Blocks of memory as arguments, as parts of them and as answers, between any processes.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use shared_runtime::memory::{FrozenMemory, SharedMemory};
use shared_runtime::{
    CallError, Error, ErrorKind, Executed, Pool, Report, ServerProcess, Shared, shared, task,
};

use super::support::{signal, until};

/// Keeps blocks for others.
#[derive(Default)]
pub struct Shelf {
    blocks: Vec<SharedMemory>,
    frozen: Option<FrozenMemory>,
}

/// A block somewhere inside of an answer.
#[derive(Debug, Serialize, Deserialize)]
pub struct Parcel {
    label: String,
    inside: Option<Vec<(u8, SharedMemory)>>,
}

/// An error that has a block along.
#[derive(Debug, Serialize, Deserialize)]
pub struct Returned(SharedMemory);

impl std::fmt::Display for Returned {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a block came back")
    }
}

impl std::error::Error for Returned {}

#[shared]
impl Shelf {
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one to the first byte of a block that it does not keep.
    pub fn raise(&self, block: &SharedMemory) -> u8 {
        raise(block)
    }

    /// Keeps a block, and adds one to its first byte.
    pub fn keep(&mut self, block: SharedMemory) -> usize {
        raise(&block);
        self.blocks.push(block);
        self.blocks.len()
    }

    pub fn first(&self, number: usize) -> Option<u8> {
        self.blocks.get(number).map(first)
    }

    pub fn kept(&self, number: usize) -> Option<SharedMemory> {
        self.blocks.get(number).cloned()
    }

    pub fn made(&self, size: usize, byte: u8) -> Result<SharedMemory, Error> {
        let block = SharedMemory::anonymous(size)?;
        block.fill(.., byte)?;
        Ok(block)
    }

    pub fn parcel(&self) -> Result<Parcel, Error> {
        let block = self.made(3, 7)?;
        Ok(Parcel {
            label: "two".into(),
            inside: Some(vec![(1, block.clone()), (2, block)]),
        })
    }

    pub fn refuse(&self, block: SharedMemory) -> Result<(), Returned> {
        raise(&block);
        Err(Returned(block))
    }

    /// Hands a block on to another shelf.
    pub fn pass_on(&self, number: usize, to: &Shared<Shelf>) -> Result<usize, Error> {
        to.keep(self.blocks[number].clone())
    }

    pub fn freeze(&mut self, byte: u8) -> Result<FrozenMemory, Error> {
        let frozen = self.made(64, byte)?.freeze().map_err(|(_, error)| error)?;
        self.frozen = Some(frozen.clone());
        Ok(frozen)
    }

    pub fn sum(&self, frozen: &FrozenMemory) -> u64 {
        frozen.iter().map(|byte| u64::from(*byte)).sum()
    }

    /// How many descriptors its process has.
    pub fn descriptors(&self) -> usize {
        std::fs::read_dir("/proc/self/fd").unwrap().count()
    }
}

fn first(block: &SharedMemory) -> u8 {
    let mut byte = [0];
    block.read_at(0, &mut byte).unwrap();
    byte[0]
}

fn raise(block: &SharedMemory) -> u8 {
    let byte = first(block) + 1;
    block.write_at(0, &[byte]).unwrap();
    byte
}

fn shelf() -> (ServerProcess, Shared<Shelf>) {
    let server = ServerProcess::start().unwrap();
    let shelf = Shelf::new_in(&server).unwrap();
    (server, shelf)
}

#[test]
fn an_argument_is_the_same_memory_on_both_sides() {
    let (_server, shelf) = shelf();
    for block in [SharedMemory::anonymous(100), SharedMemory::create(100)] {
        let block = block.unwrap();
        assert_eq!(shelf.raise(&block).unwrap(), 1);
        assert_eq!(shelf.raise(&block).unwrap(), 2);
        assert_eq!(first(&block), 2);
    }
}

#[test]
fn what_a_server_keeps_outlives_what_its_client_dropped() {
    let (_server, shelf) = shelf();
    let block = SharedMemory::anonymous(1).unwrap();
    assert_eq!(shelf.keep(block.clone()).unwrap(), 1);
    block.write_at(0, &[40]).unwrap();
    drop(block);
    assert_eq!(shelf.first(0).unwrap(), Some(40));
    let back = shelf.kept(0).unwrap().unwrap();
    raise(&back);
    assert_eq!(shelf.first(0).unwrap(), Some(41));
}

#[test]
fn answers_have_memory_along_at_any_depth() {
    let (server, shelf) = shelf();
    let block = shelf.made(5000, 9).unwrap();
    assert_eq!(block.size(), 5000);
    let mut all = vec![0; 5000];
    block.read_at(0, &mut all).unwrap();
    assert_eq!(all, [9; 5000]);
    let parcel = shelf.parcel().unwrap();
    let inside = parcel.inside.unwrap();
    assert_eq!(raise(&inside[0].1), 8);
    assert_eq!(first(&inside[1].1), 8, "both are one block");
    let CallError::Method(Returned(back)) = shelf.refuse(block.clone()).unwrap_err() else {
        panic!("the error of the method was expected");
    };
    assert_eq!((first(&back), first(&block)), (10, 10));
    drop(server);
    assert_eq!(raise(&back), 11, "what is mapped stays");
    assert_eq!(first(&block), 11);
}

#[test]
fn every_kind_of_call_takes_memory_along() {
    let (_server, shelf) = shelf();
    let block = SharedMemory::anonymous(1).unwrap();
    let calls = Shared::calls(&shelf);
    let started = calls.raise(&block).start();
    assert_eq!(started.wait().unwrap(), 1);
    assert_eq!(
        pollster::block_on(calls.raise(&block).into_future()).unwrap(),
        2
    );
    let made = pollster::block_on(calls.made(1, 6).into_future()).unwrap();
    assert_eq!(first(&made), 6);
    let made = calls.made(1, 6).start().wait().unwrap();
    assert_eq!(first(&made), 6);
    calls.keep(block.clone()).detach().unwrap();
    let again = block.clone();
    drop(block);
    assert_eq!(shelf.first(0).unwrap(), Some(3), "calls keep their order");
    assert_eq!(first(&again), 3);
}

#[test]
fn many_calls_at_one_time_take_memory_along() {
    let (_server, shelf) = shelf();
    let calls = Shared::calls(&shelf);
    let blocks: Vec<_> = (0..100)
        .map(|_| SharedMemory::anonymous(1).unwrap())
        .collect();
    let raised: Vec<_> = blocks.iter().map(|it| calls.raise(it).start()).collect();
    let made: Vec<_> = (0..100).map(|n| calls.made(1, n).start()).collect();
    let awaited: Vec<_> = blocks
        .iter()
        .map(|it| calls.raise(it).into_future())
        .collect();
    for (n, made) in (0..100).zip(made) {
        assert_eq!(first(&made.wait().unwrap()), n);
    }
    for raised in raised {
        assert!((1..=2).contains(&raised.wait().unwrap()));
    }
    for awaited in awaited {
        pollster::block_on(awaited).unwrap();
    }
    assert!(blocks.iter().all(|it| first(it) == 2));
}

#[test]
fn memory_goes_on_from_server_to_server_and_comes_home() {
    let (_here, one) = shelf();
    let (there, two) = shelf();
    let block = SharedMemory::anonymous(1).unwrap();
    one.keep(block.clone()).unwrap();
    one.pass_on(0, &two).unwrap();
    assert_eq!(first(&block), 2);
    let home = two.kept(0).unwrap().unwrap();
    raise(&home);
    assert_eq!(first(&block), 3);
    drop((block, home));
    drop(there);
    assert_eq!(one.first(0).unwrap(), Some(3));
}

#[test]
fn an_object_of_this_process_gets_memory_from_elsewhere() {
    let (_server, far) = shelf();
    let near = Shared::new(Shelf::new());
    far.keep(SharedMemory::anonymous(1).unwrap()).unwrap();
    far.pass_on(0, &near).unwrap();
    assert_eq!(near.first(0).unwrap(), Some(2));
    let direct = near.made(1, 3).unwrap();
    assert_eq!(near.raise(&direct).unwrap(), 4);
    assert_eq!(first(&direct), 4);
}

#[task]
fn fill(block: SharedMemory, more: Vec<SharedMemory>) -> Result<SharedMemory, Error> {
    block.fill(.., 5)?;
    for block in more {
        block.fill(.., 6)?;
    }
    let made = SharedMemory::anonymous(block.size())?;
    made.fill(.., 7)?;
    Ok(made)
}

/// Has made no memory, and hosts nothing: it only passes on what it has got.
#[task]
fn passes_on(shelf: Shared<Shelf>) -> Result<(u8, u64), Report> {
    let block = shelf.made(1, 3)?;
    let raised = shelf.raise(&block)?;
    let frozen = shelf.freeze(2)?;
    Ok((raised, shelf.sum(&frozen)?))
}

#[test]
fn whoever_got_memory_can_pass_it_on() {
    let (_server, shelf) = shelf();
    let passed = passes_on::spawn(shelf).unwrap().join().unwrap();
    assert_eq!(passed, (4, 128));
}

#[task]
fn prepare(block: SharedMemory) {
    raise(&block);
}

#[test]
fn jobs_of_a_pool_are_given_memory_and_give_it_back() {
    let prepared = SharedMemory::anonymous(1).unwrap();
    let pool = Pool::builder().size(1).max_tasks_per_child(1);
    let pool = pool.initializer(prepare::call(prepared.clone()));
    let pool = pool.start().unwrap();
    let blocks: Vec<_> = (1..4)
        .map(|size| SharedMemory::anonymous(size).unwrap())
        .collect();
    let jobs: Vec<_> = blocks
        .iter()
        .map(|block| pool.submit(fill::call(block.clone(), vec![])))
        .collect();
    for (block, job) in blocks.iter().zip(jobs) {
        let made = job.wait().unwrap();
        assert_eq!((first(&made), made.size()), (7, block.size()));
        assert_eq!(first(block), 5);
    }
    pool.join();
    assert!(first(&prepared) >= 3, "by each of the workers");
}

#[test]
fn a_server_is_prepared_with_memory() {
    let block = SharedMemory::anonymous(1).unwrap();
    let server = ServerProcess::builder().initializer(prepare::call(block.clone()));
    let _server = server.start().unwrap();
    assert_eq!(first(&block), 1);
}

/// Ends when it has sent what it does not wait for.
#[task]
fn gives_and_goes(shelf: Shared<Shelf>) -> Result<(), Error> {
    for byte in 0..20 {
        let block = SharedMemory::anonymous(1)?;
        block.fill(.., byte)?;
        Shared::calls(&shelf).keep(block).detach()?;
    }
    Ok(())
}

#[test]
fn what_a_process_gave_before_it_ended_arrives() {
    let (_server, shelf) = shelf();
    gives_and_goes::spawn(shelf.clone())
        .unwrap()
        .join()
        .unwrap();
    until("all calls have run", || {
        shelf.first(19).unwrap() == Some(20)
    });
    assert_eq!(shelf.first(0).unwrap(), Some(1));
}

#[task]
fn names_memory(shelf: Shared<Shelf>) -> Result<(), Error> {
    let named = SharedMemory::create(1)?;
    shelf.keep(named.clone())?;
    std::thread::sleep(Duration::from_mins(10));
    Ok(())
}

#[task]
fn owns_a_task(shelf: Shared<Shelf>) -> Result<(), Report> {
    Ok(names_memory::spawn(shelf)?.join()?)
}

#[test]
fn a_name_goes_with_a_task_whose_owner_is_killed() {
    let (_server, shelf) = shelf();
    let owner = owns_a_task::spawn(shelf.clone()).unwrap();
    until("it is there", || shelf.first(0).unwrap().is_some());
    let block = shelf.kept(0).unwrap().unwrap();
    let path = std::path::Path::new("/dev/shm").join(block.name().unwrap());
    assert!(path.exists());
    owner.kill();
    until("its name is gone", || !path.exists());
}

#[test]
fn tasks_are_given_memory_and_give_it_back() {
    let blocks: Vec<_> = (1..4)
        .map(|size| SharedMemory::anonymous(size).unwrap())
        .collect();
    let named = SharedMemory::create(9).unwrap();
    let more = vec![blocks[1].clone(), named.clone(), blocks[2].clone()];
    let task = fill::spawn(blocks[0].clone(), more).unwrap();
    let made = task.join().unwrap();
    assert_eq!((first(&made), made.size()), (7, 1), "its process has ended");
    assert_eq!(first(&blocks[0]), 5);
    assert!([&blocks[1], &blocks[2], &named].map(first) == [6; 3]);
}

#[test]
fn frozen_memory_is_borrowed_on_both_sides() {
    let (_server, mut_shelf) = shelf();
    let frozen = mut_shelf.freeze(3).unwrap();
    assert_eq!(*frozen, [3; 64]);
    assert_eq!(mut_shelf.sum(&frozen).unwrap(), 192);
    let own = SharedMemory::anonymous(2).unwrap();
    own.fill(.., 1).unwrap();
    let own = own.freeze().unwrap();
    assert_eq!(mut_shelf.sum(&own).unwrap(), 2);
}

#[test]
fn memory_that_somebody_else_has_mapped_is_not_frozen() {
    let (_server, shelf) = shelf();
    let block = SharedMemory::anonymous(4).unwrap();
    shelf.keep(block.clone()).unwrap();
    let (block, error) = block.freeze().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
    raise(&block);
    assert_eq!(shelf.first(0).unwrap(), Some(2), "as it was");
}

#[task]
fn nothing() {}

/// Between fork and exec a child has all that its parent has mapped.
#[test]
fn memory_is_frozen_while_processes_start() {
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..20 {
                nothing::spawn().unwrap().join().unwrap();
            }
            done.store(true, Ordering::Relaxed);
        });
        while !done.load(Ordering::Relaxed) {
            let block = SharedMemory::anonymous(1).unwrap();
            block.freeze().map_err(|(_, error)| error).unwrap();
        }
    });
}

#[test]
fn a_name_that_is_gone_is_an_error_of_the_call() {
    let (_server, shelf) = shelf();
    let block = SharedMemory::create(1).unwrap();
    block.unlink().unwrap();
    let error = shelf.raise(&block).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Decode, Executed::No)
    );
    assert!(error.to_string().contains(block.name().unwrap()), "{error}");
}

#[test]
fn outside_of_calls_only_a_name_can_be_written() {
    let named = SharedMemory::create(1).unwrap();
    let text = serde_json::to_string(&named).unwrap();
    assert!(text.contains(named.name().unwrap()), "{text}");
    let same: SharedMemory = serde_json::from_str(&text).unwrap();
    raise(&same);
    assert_eq!(first(&named), 1);
    let error = serde_json::to_string(&SharedMemory::anonymous(1).unwrap()).unwrap_err();
    assert!(error.to_string().contains("memory with a name"), "{error}");
}

#[task]
fn lend(shelf: Shared<Shelf>) -> Result<(), Error> {
    shelf.keep(SharedMemory::anonymous(1)?)?;
    std::thread::sleep(Duration::from_mins(10));
    Ok(())
}

#[test]
fn what_a_killed_client_gave_stays_with_the_server() {
    let (_server, shelf) = shelf();
    let client = lend::spawn(shelf.clone()).unwrap();
    until("it is there", || shelf.first(0).unwrap().is_some());
    client.kill();
    assert_eq!(client.join().unwrap_err().executed(), Executed::Maybe);
    assert_eq!(shelf.first(0).unwrap(), Some(1));
}

#[test]
fn a_server_that_is_stopped_keeps_nobody_beyond_the_deadline() {
    let (server, shelf) = shelf();
    let (_other, keeper) = self::shelf();
    keeper.keep(SharedMemory::anonymous(1).unwrap()).unwrap();
    let block = keeper.kept(0).unwrap().unwrap();
    signal("STOP", server.pid());
    let brief = Shared::with_timeout(&shelf, Duration::from_millis(300));
    let error = brief.raise(&block).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    signal("CONT", server.pid());
    assert!(shelf.raise(&block).unwrap() >= 2);
}

#[test]
fn nothing_is_kept_of_memory_that_was_only_passed_by() {
    let (_server, shelf) = shelf();
    let block = SharedMemory::anonymous(1).unwrap();
    shelf.raise(&block).unwrap();
    let before = shelf.descriptors().unwrap();
    for _ in 0..50 {
        shelf.raise(&SharedMemory::anonymous(1).unwrap()).unwrap();
        drop(shelf.made(1, 1).unwrap());
    }
    until("its descriptors are closed", || {
        shelf.descriptors().unwrap() <= before
    });
}

#[test]
fn more_than_a_message_may_have_along_is_an_error() {
    let near = SharedMemory::anonymous(1).unwrap();
    let (_server, shelf) = shelf();
    let blocks: Vec<_> = (0..257)
        .map(|_| SharedMemory::anonymous(1).unwrap())
        .collect();
    let task = fill::spawn(near.clone(), blocks[..256 - 1].to_vec());
    task.unwrap().join().unwrap();
    assert_eq!(first(&blocks[254]), 6);
    let error = fill::spawn(near, blocks.clone()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Encode);
    assert!(error.to_string().contains("256"), "{error}");
    assert_eq!(shelf.raise(&blocks[0]).unwrap(), 7);
}

#[test]
fn memory_that_is_on_its_way_is_not_frozen() {
    let (server, shelf) = shelf();
    let mut block = SharedMemory::anonymous(4).unwrap();
    // The first one-way call opens the way for all, for which the server must run.
    Shared::calls(&shelf).raise(&block).detach().unwrap();
    until("the first has run", || first(&block) == 1);
    signal("STOP", server.pid());
    Shared::calls(&shelf).raise(&block).detach().unwrap();
    let (back, error) = block.freeze().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
    assert!(error.to_string().contains("on its way"), "{error}");
    signal("CONT", server.pid());
    block = back;
    let frozen = loop {
        match block.freeze() {
            Ok(frozen) => break frozen,
            Err((back, _)) => block = back,
        }
    };
    assert_eq!(*frozen, [2, 0, 0, 0], "the call was not lost");
}
