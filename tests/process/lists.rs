//! Lists that several processes read and write at the same time, and whose writers are killed.
//!
//! `LIST_KILLS` says how many are: `LIST_KILLS=10000 cargo test --test process lists -- --nocapture` is the long run.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use shared_runtime::memory::{Item, ShareableList, SharedMemoryManager};
use shared_runtime::{ErrorKind, task};

use super::chaos::machine::Random;
use super::chaos::number_in;
use super::leftovers::NothingLeft;

/// The largest text, and the room of each item: to write it takes longer than all around it.
const LARGE: usize = 65_000;

const ITEMS: usize = 3;

/// One of many values, of every type. What is a mixture of two is none of them.
fn value(n: u64) -> Item {
    let letter = b'a' + u8::try_from(n / 5 % 26).unwrap();
    let text = vec![letter; length_for(letter)];
    match n % 5 {
        0 => Item::try_from(n % (1 << 31) * 0x1_0000_0001).unwrap(),
        1 => String::from_utf8(text).unwrap().into(),
        2 => text.into(),
        3 => ().into(),
        _ => (n.is_multiple_of(2)).into(),
    }
}

fn length_for(letter: u8) -> usize {
    usize::from(letter - b'a' + 1) * LARGE / 26
}

fn is_whole(item: &Item) -> bool {
    let bytes = match item {
        Item::Int(number) => return number % 0x1_0000_0001 == 0,
        Item::Bool(_) | Item::None => return true,
        Item::Str(text) => text.as_bytes(),
        Item::Bytes(bytes) => bytes,
        Item::Float(_) => return false,
    };
    let [first, ..] = bytes else { return false };
    bytes.len() == length_for(*first) && bytes.iter().all(|byte| byte == first)
}

fn expect_whole(item: &Item) {
    let shown = || format!("{item:?}").chars().take(80).collect::<String>();
    assert!(is_whole(item), "torn: {}", shown());
}

fn list() -> ShareableList {
    ShareableList::new(vec!["z".repeat(LARGE); ITEMS]).unwrap()
}

/// Writes until it is killed.
#[task]
fn write_for_ever(list: ShareableList, seed: u64) {
    let mut random = Random::new(seed, 0);
    loop {
        let index = usize::try_from(random.below(ITEMS as u64)).unwrap();
        list.set(index, value(random.below(1 << 40))).unwrap();
    }
}

/// Whether a process has the lock of the list: the word behind its layout that names it.
fn is_locked(list: &ShareableList) -> bool {
    let layout = 16 + 17 * ITEMS + ITEMS * (LARGE / 8 + 1) * 8;
    let word = layout.next_multiple_of(64) + 64;
    let lock = list.shared_memory().atomic_u64(word).unwrap();
    lock.load(Ordering::Relaxed) != 0
}

#[test]
fn killed_writers_leave_whole_items_and_hold_nobody_up() {
    let _nothing_left = NothingLeft::watch();
    let kills = number_in("LIST_KILLS").unwrap_or(200);
    let list = list();
    let mut random = Random::new(7, 0);
    let mut with_the_lock = 0;
    for kill in 0..kills {
        let writer = write_for_ever::spawn(list.clone(), kill).unwrap();
        let first = list.get(0).unwrap();
        // It is about to write: no two items are alike for long.
        while list.get(0).unwrap() == first {
            std::thread::yield_now();
        }
        sleep(Duration::from_micros(random.below(300)));
        writer.kill();
        writer.join().unwrap_err();
        with_the_lock += u64::from(is_locked(&list));
        if kill % 2 == 0 {
            list.set(1, value(kill)).unwrap();
            assert_eq!(list.get(1).unwrap(), value(kill));
        }
        list.iter().for_each(|item| expect_whole(&item.unwrap()));
        list.set(0, value(5 * kill)).unwrap();
        assert!(!is_locked(&list));
    }
    println!("lists: {with_the_lock} of {kills} writers were killed with the lock");
    assert!(with_the_lock > kills / 20, "{with_the_lock} of {kills}");
}

#[test]
fn writers_are_killed_while_others_read_and_write() {
    let _nothing_left = NothingLeft::watch();
    let kills = number_in("LIST_KILLS").unwrap_or(200) / 4;
    let list = list();
    let goes_on = AtomicBool::new(true);
    std::thread::scope(|scope| {
        for seed in 1..=2 {
            let (list, goes_on) = (&list, &goes_on);
            scope.spawn(move || {
                while goes_on.load(Ordering::Relaxed) {
                    read_and_write(list, seed, 10);
                }
            });
        }
        let mut random = Random::new(11, 0);
        for kill in 0..kills {
            let writer = write_for_ever::spawn(list.clone(), kill).unwrap();
            sleep(Duration::from_micros(random.below(20_000)));
            writer.kill();
            writer.join().unwrap_err();
        }
        goes_on.store(false, Ordering::Relaxed);
    });
    list.iter().for_each(|item| expect_whole(&item.unwrap()));
}

fn read_and_write(list: &ShareableList, seed: u64, rounds: u64) -> u64 {
    let mut random = Random::new(seed, 0);
    for _ in 0..rounds {
        let index = usize::try_from(random.below(ITEMS as u64)).unwrap();
        list.set(index, value(random.below(1 << 40))).unwrap();
        list.iter().for_each(|item| expect_whole(&item.unwrap()));
    }
    rounds
}

#[task]
fn take_part(list: ShareableList, seed: u64, rounds: u64) -> u64 {
    read_and_write(&list, seed, rounds)
}

#[test]
fn four_processes_read_and_write_and_see_no_mixture() {
    let _nothing_left = NothingLeft::watch();
    let list = list();
    let spawn = |seed| take_part::spawn(list.clone(), seed, 500).unwrap();
    let processes: Vec<_> = (1..=4).map(spawn).collect();
    for process in processes {
        assert_eq!(process.join().unwrap(), 500);
    }
}

/// A part of the work of all, with the results in the place of what was there.
#[task]
fn do_work(list: ShareableList, from: usize, to: usize) -> Result<(), shared_runtime::Error> {
    for index in from..to {
        let number = list.get(index)?.as_int().expect("a number");
        list.set(index, number * number)?;
    }
    Ok(())
}

#[test]
fn two_workers_share_the_work_on_a_list_of_two_thousand() {
    let _nothing_left = NothingLeft::watch();
    let manager = SharedMemoryManager::start().unwrap();
    let list = manager.shareable_list(0..2_000).unwrap();
    let first = do_work::spawn(list.clone(), 0, 1_000).unwrap();
    let second = do_work::spawn(list.clone(), 1_000, 2_000).unwrap();
    first.join().unwrap();
    second.join().unwrap();
    let sum: i64 = list
        .iter()
        .map(|item| item.unwrap().as_int().unwrap())
        .sum();
    assert_eq!(sum, (0..2_000).map(|n| n * n).sum::<i64>());
    manager.shutdown().unwrap();
    let error = ShareableList::open(list.name()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}
