//! Arrays whose holders are killed: while they hold the lock, wait for it, or copy back. The lock passes on, and what is half written is said.
//!
//! `ARRAY_KILLS` says how many are killed: `ARRAY_KILLS=1000 cargo test --test process killed_writers -- --nocapture` is the long run.

use std::sync::Mutex;
use std::time::Duration;

use shared_runtime::memory::SharedArray;
use shared_runtime::{Error, ErrorKind, ServerProcess, Shared, shared, task};

use super::chaos::machine::Random;
use super::chaos::number_in;
use super::leftovers::NothingLeft;
use super::support::until;

/// Changes its copy of the array, says so, and keeps the lock.
#[task]
fn hold(array: SharedArray<u64>, said: SharedArray<u64>) {
    let mut held = array.write().unwrap();
    held.fill(9);
    said.set(0, 1).unwrap();
    loop {
        std::thread::park();
    }
}

/// Waits for the lock, which its parent holds: as a writer, and as a reader.
#[task]
fn wait(array: SharedArray<u64>, said: SharedArray<u64>) {
    assert!(array.try_write().unwrap().is_none());
    let other = SharedArray::<u64>::open(array.name().unwrap()).unwrap();
    std::thread::scope(|scope| {
        scope.spawn(|| array.write().unwrap().fill(9));
        scope.spawn(|| {
            said.set(0, 1).unwrap();
            other.read().unwrap();
            said.set(0, 2).unwrap();
        });
    });
}

/// Fills an array, and knows how that went.
pub struct Filler {
    array: SharedArray<u64>,
    outcome: Mutex<Option<ErrorKind>>,
}

#[shared]
impl Filler {
    pub fn open(name: &str) -> Result<Self, Error> {
        Ok(Self {
            array: SharedArray::open(name)?,
            outcome: Mutex::default(),
        })
    }
    pub fn fill(&self) {
        let held = self.array.write();
        *self.outcome.lock().unwrap() = held.err().map(|error| error.kind());
    }
    pub fn outcome(&self) -> Option<ErrorKind> {
        *self.outcome.lock().unwrap()
    }
}

#[task]
fn call(filler: Shared<Filler>) {
    filler.fill().unwrap();
}

/// Gives all elements one number, then another, again and again. Copies are most of what it does.
#[task]
fn rewrite(array: SharedArray<u64>) {
    let numbers = [1, 2].map(|number| vec![number; array.len()]);
    loop {
        for numbers in &numbers {
            array.write().unwrap().copy_from_slice(numbers);
        }
    }
}

#[task]
fn add(array: SharedArray<u64>, times: usize) {
    for _ in 0..times {
        array
            .write()
            .unwrap()
            .iter_mut()
            .for_each(|number| *number += 1);
    }
}

#[test]
fn a_lock_passes_on_when_its_holder_is_killed() {
    let _nothing_left = NothingLeft::watch();
    let array = SharedArray::<u64>::create(100).unwrap();
    let said = SharedArray::<u64>::create(1).unwrap();
    let mut holder = hold::spawn(array.clone(), said.clone()).unwrap();
    until("the child has the lock", || said.get(0).unwrap() == 1);
    assert!(array.try_read().unwrap().is_none());
    holder.kill();
    assert_eq!(array.read().unwrap()[..], [0; 100], "nothing has changed");
    array.write().unwrap().fill(1);
    assert!(holder.join_timeout(Duration::MAX).unwrap().is_err());
}

#[test]
fn whoever_is_killed_while_it_waits_leaves_nothing_in_the_way() {
    let _nothing_left = NothingLeft::watch();
    let array = SharedArray::<u64>::create(100).unwrap();
    let said = SharedArray::<u64>::create(1).unwrap();
    let held = array.lock().unwrap();
    let mut waiter = wait::spawn(array.clone(), said.clone()).unwrap();
    until("the child waits", || said.get(0).unwrap() == 1);
    waiter.kill();
    assert!(waiter.join_timeout(Duration::MAX).unwrap().is_err());
    drop(held);
    assert_eq!(said.get(0).unwrap(), 1, "it never read");
    assert_eq!(array.try_read().unwrap().unwrap()[..], [0; 100]);
    assert!(array.try_write().unwrap().is_some());
}

/// A method that waits for the lock learns that its caller is gone.
#[test]
fn a_method_does_not_wait_for_the_lock_when_nobody_waits_for_it() {
    let _nothing_left = NothingLeft::watch();
    let array = SharedArray::<u64>::create(10).unwrap();
    let server = ServerProcess::start().unwrap();
    let filler = Filler::open_in(&server, array.name().unwrap()).unwrap();
    let held = array.lock().unwrap();
    let mut caller = call::spawn(filler.clone()).unwrap();
    until("the method waits", || {
        !server.inspect().unwrap().calls.is_empty()
    });
    caller.kill();
    until("the method has given up", || {
        server.inspect().unwrap().calls.is_empty()
    });
    assert!(caller.join_timeout(Duration::MAX).unwrap().is_err());
    drop(held);
    assert_eq!(filler.outcome().unwrap(), Some(ErrorKind::Cancelled));
    assert_eq!(array.try_read().unwrap().unwrap()[..], [0; 10]);
}

#[test]
fn several_processes_lose_no_change() {
    let _nothing_left = NothingLeft::watch();
    let array = SharedArray::<u64>::create([10, 10]).unwrap();
    let adders = [0; 3].map(|_| add::spawn(array.clone(), 200).unwrap());
    for _ in 0..200 {
        let copy = array.read().unwrap();
        assert!(copy.iter().all(|number| *number == copy[0]));
    }
    for adder in adders {
        adder.join().unwrap();
    }
    assert_eq!(array.read().unwrap()[..], [600; 100]);
}

/// Kills until each of the two has been seen: an array as it was, and one that is half written and says so.
#[test]
fn killed_writers_leave_arrays_whole_or_say_that_they_did_not() {
    let _nothing_left = NothingLeft::watch();
    let kills = number_in("ARRAY_KILLS").unwrap_or(12);
    let mut random = Random::new(number_in("ARRAY_SEED").unwrap_or(7), 0);
    let array = SharedArray::<u64>::create(1 << 20).unwrap();
    let (mut whole, mut poisoned, mut torn) = (0, 0, 0);
    while whole + poisoned < kills || whole == 0 || poisoned == 0 {
        let before = array.get(0).unwrap();
        let mut writer = rewrite::spawn(array.clone()).unwrap();
        until("it writes", || array.get(0).unwrap() != before);
        std::thread::sleep(Duration::from_micros(random.below(20_000)));
        writer.kill();
        match array.read() {
            Ok(copy) => {
                assert!(copy.iter().all(|number| *number == copy[0]));
                whole += 1;
            }
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::Poisoned, "{error}");
                assert!(error.to_string().contains("clear_poison"), "{error}");
                for again in [array.write().map(drop), array.lock().map(drop)] {
                    assert_eq!(again.unwrap_err().kind(), ErrorKind::Poisoned);
                }
                let left = array.to_vec().unwrap();
                torn += u64::from(left.iter().any(|number| *number != left[0]));
                array.clear_poison().unwrap();
                array.write().unwrap().fill(left[0]);
                poisoned += 1;
            }
        }
        assert!(writer.join_timeout(Duration::MAX).unwrap().is_err());
    }
    println!("{whole} whole, {poisoned} poisoned, of which {torn} were half written");
}
