//! Arrays that several threads and handles share; `tests/process/arrays.rs` has what concerns processes.
#![expect(clippy::float_cmp, reason = "numbers come back as they went")]

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use ndarray::Axis;
use shared_runtime::memory::{FrozenArray, PerDimension, Pod, SharedArray, SharedMemory};
use shared_runtime::{CallError, Error, ErrorKind, ServerProcess, Shared, shared, task};

use super::support::until;

fn kind<T>(result: Result<T, Error>) -> ErrorKind {
    match result {
        Ok(_) => panic!("this should have failed"),
        Err(error) => error.kind(),
    }
}

/// A second handle that shares nothing with the first, as that of another process.
fn again<T: Pod>(array: &SharedArray<T>) -> SharedArray<T> {
    SharedArray::open(array.name().unwrap()).unwrap()
}

#[test]
fn an_array_is_found_with_its_shape_and_its_numbers() {
    let picture = SharedArray::<f32>::create([480, 640]).unwrap();
    assert_eq!(picture.shape(), [480, 640]);
    assert_eq!(picture.len(), 480 * 640);
    assert_eq!(picture.get([479, 639]).unwrap(), 0.0);
    picture.set([2, 3], 0.5).unwrap();
    let same = again(&picture);
    assert_eq!(same.shape(), [480, 640]);
    assert_eq!(same.get([2, 3]).unwrap(), 0.5);
    let mut bytes = [0; 4];
    same.memory()
        .read_at((2 * 640 + 3) * 4, &mut bytes)
        .unwrap();
    assert_eq!(f32::from_ne_bytes(bytes), 0.5, "row by row, from the start");
    let row = SharedArray::<u8>::anonymous(1000).unwrap();
    assert_eq!((row.shape(), row.name()), (&[1000][..], None));
    let name = format!("shared-array-{}", std::process::id());
    let named = SharedArray::<i16>::create_named(&name, vec![2, 2, 2]).unwrap();
    assert_eq!(again(&named).shape(), [2, 2, 2]);
    assert_eq!(
        kind(SharedArray::<i16>::create_named(&name, 1)),
        ErrorKind::AlreadyExists
    );
}

#[test]
fn numbers_of_every_size_are_kept_as_they_are() {
    fn check<T: Pod + PartialEq + std::fmt::Debug>(first: T, second: T) {
        let array = SharedArray::<T>::anonymous(3).unwrap();
        array.set(1, first).unwrap();
        array.set(2, second).unwrap();
        assert_eq!(array.get(1).unwrap(), first);
        assert_eq!(array.to_vec().unwrap(), [T::zeroed(), first, second]);
        array.fill(second).unwrap();
        assert_eq!(array.to_vec().unwrap(), [second; 3]);
    }
    check(7u8, 255);
    check(-7i16, i16::MIN);
    check(u32::MAX, 5);
    check(i64::MIN, -1);
    check(f32::INFINITY, -0.25);
    check(1e-300f64, f64::MAX);
    check(u128::MAX - 1, 3);
    check([1u8, 2, 3], [4, 5, 6]);
    check([1.5f32, 2.5], [-1.0, 0.0]);
}

#[test]
fn an_array_of_other_numbers_is_refused_by_name() {
    let array = SharedArray::<f64>::create(4).unwrap();
    let name = array.name().unwrap();
    let error = SharedArray::<i64>::open(name).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData);
    let text = error.to_string();
    assert!(text.contains("f64") && text.contains("i64"), "{text}");
    // Whoever says the shape may read the same bytes as something else.
    array.set(0, 1.0).unwrap();
    let bits = SharedArray::<u64>::open_shaped(name, 4).unwrap();
    assert_eq!(bits.get(0).unwrap(), 1.0f64.to_bits());
    let sizes = SharedArray::<usize>::create(1).unwrap();
    SharedArray::<u64>::open(sizes.name().unwrap()).unwrap();
}

#[test]
fn a_block_that_others_made_needs_a_shape_that_fits() {
    let memory = SharedMemory::create(48).unwrap();
    let name = memory.name().unwrap();
    let array = SharedArray::<i64>::open_shaped(name, [2, 3]).unwrap();
    array.set([1, 2], 8).unwrap();
    assert_eq!(memory.atomic_i64(40).unwrap().load(Ordering::Relaxed), 8);
    let smaller = SharedArray::<u8>::from_memory(memory.clone(), 47).unwrap();
    assert_eq!(smaller.get(40).unwrap(), 8);
    let error = SharedArray::<i64>::open_shaped(name, [2, 4]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidData, "a truncated block");
    assert!(error.to_string().contains("48 bytes"), "{error}");
    assert_eq!(kind(SharedArray::<i64>::open(name)), ErrorKind::InvalidData);
    let huge: [&dyn PerDimension; 2] = [&usize::MAX, &[1usize << 40, 1 << 40]];
    for shape in huge {
        let shape = shape.numbers();
        assert_eq!(
            kind(SharedArray::<i64>::open_shaped(name, shape)),
            ErrorKind::InvalidInput
        );
        assert_eq!(
            kind(SharedArray::<i64>::anonymous(shape)),
            ErrorKind::InvalidInput
        );
    }
}

#[test]
fn places_outside_of_an_array_name_themselves_and_the_shape() {
    let array = SharedArray::<u16>::anonymous([4, 5]).unwrap();
    for (place, said) in [
        (&[4usize, 0][..], "[4, 0]"),
        (&[0, 5], "[0, 5]"),
        (&[3], "[3]"),
        (&[0; 3], "[0, 0, 0]"),
    ] {
        let errors = [array.get(place).map(drop), array.set(place, 1)];
        for error in errors.map(Result::unwrap_err) {
            assert_eq!(error.kind(), ErrorKind::OutOfRange);
            let text = error.to_string();
            assert!(text.contains(said) && text.contains("[4, 5]"), "{text}");
        }
    }
    let mut three = [7; 3];
    for position in [18, 20, usize::MAX] {
        assert_eq!(
            kind(array.read_into(position, &mut three)),
            ErrorKind::OutOfRange
        );
        assert_eq!(
            kind(array.write_from(position, &three)),
            ErrorKind::OutOfRange
        );
    }
    assert_eq!(three, [7; 3]);
    assert_eq!(array.to_vec().unwrap(), [0; 20], "nothing was written");
    array.write_from(17, &three).unwrap();
    assert_eq!(array.get([3, 4]).unwrap(), 7);
    let empty = SharedArray::<u16>::anonymous([3, 0]).unwrap();
    assert!(empty.is_empty() && empty.read().unwrap().is_empty());
    assert_eq!(kind(empty.get([0, 0])), ErrorKind::OutOfRange);
}

#[test]
fn what_is_read_under_the_lock_is_one_writers_and_whole() {
    let array = SharedArray::<u64>::create(20_000).unwrap();
    let writer = |array: SharedArray<u64>| {
        move || {
            for _ in 0..50 {
                let mut held = array.write().unwrap();
                let next = held[0] + 1;
                held.fill(next);
            }
        }
    };
    let reader = |array: SharedArray<u64>| {
        move || {
            let mut last = 0;
            while last < 200 {
                let copy = array.read().unwrap();
                assert!(copy.iter().all(|number| *number == copy[0]));
                assert!(copy[0] >= last);
                last = copy[0];
            }
        }
    };
    std::thread::scope(|scope| {
        for handle in [array.clone(), array.clone(), again(&array), again(&array)] {
            scope.spawn(writer(handle));
        }
        for handle in [array.clone(), array.clone(), again(&array)] {
            scope.spawn(reader(handle));
        }
    });
    assert_eq!(array.get(0).unwrap(), 200, "no increment is lost");
}

#[test]
fn a_writer_gets_its_turn_among_readers_that_never_pause() {
    let array = SharedArray::<u64>::create(200_000).unwrap();
    let read_until_changed =
        |array: SharedArray<u64>| move || while array.read().unwrap()[0] == 0 {};
    std::thread::scope(|scope| {
        for handle in [array.clone(), array.clone(), again(&array), again(&array)] {
            scope.spawn(read_until_changed(handle));
        }
        scope.spawn(|| again(&array).write().unwrap()[0] = 1);
    });
}

/// How many turns a writer without pauses has at most while each of the others waits fifty times: a wait lasts one or a few of them. Where
/// those who wait keep no place it lasts hundreds.
const TURNS: usize = 2000;

#[test]
fn everybody_gets_a_turn_beside_a_writer_that_never_pauses() {
    let array = SharedArray::<u64>::create(4).unwrap();
    let (turns, waiting) = (&AtomicUsize::new(0), &AtomicUsize::new(4));
    let waits = |array: SharedArray<u64>, take: fn(&SharedArray<u64>)| {
        move || {
            for _ in 0..50 {
                // Until the writer has it again.
                let before = turns.load(Ordering::Relaxed);
                while before < TURNS && turns.load(Ordering::Relaxed) == before {
                    std::thread::yield_now();
                }
                take(&array);
            }
            waiting.fetch_sub(1, Ordering::Relaxed);
        }
    };
    std::thread::scope(|scope| {
        for handle in [array.clone(), again(&array)] {
            scope.spawn(waits(handle.clone(), |array| drop(array.read().unwrap())));
            scope.spawn(waits(handle, |array| drop(array.write().unwrap())));
        }
        while waiting.load(Ordering::Relaxed) > 0 && turns.load(Ordering::Relaxed) < TURNS {
            let _held = array.lock().unwrap();
            turns.fetch_add(1, Ordering::Relaxed);
            // Longer than the moment in which nobody has the lock.
            std::thread::sleep(Duration::from_millis(1));
        }
    });
    let turns = turns.load(Ordering::Relaxed);
    assert!(turns < TURNS, "{turns}");
}

#[test]
fn a_held_lock_keeps_others_out_and_tells_its_own_thread() {
    let array = SharedArray::<i32>::create([2, 2]).unwrap();
    let other = again(&array);
    let mut held = array.write().unwrap();
    held[3] = 9;
    assert_eq!(held.shape(), [2, 2]);
    assert!(other.try_read().unwrap().is_none());
    assert!(other.try_write().unwrap().is_none());
    assert_eq!(other.get([1, 1]).unwrap(), 0, "not copied back yet");
    for error in [
        array.read().map(drop),
        array.write().map(drop),
        array.try_read().map(drop),
        array.lock().map(drop),
        // By another handle the thread would wait for itself.
        other.read().map(drop),
        other.write().map(drop),
    ] {
        assert_eq!(kind(error), ErrorKind::Reentrant);
    }
    std::thread::scope(|scope| {
        let clone = array.clone();
        let tried = scope.spawn(move || clone.try_write().unwrap().is_none());
        assert!(tried.join().unwrap(), "a thread of the same process");
    });
    held.commit().unwrap();
    assert_eq!(other.read().unwrap()[..], [0, 0, 0, 9]);
    let held = other.lock().unwrap();
    assert!(array.try_read().unwrap().is_none());
    held.set([0, 0], 5).unwrap();
    assert_eq!(array.get([0, 0]).unwrap(), 5, "at once");
    drop(held);
    assert_eq!(array.try_write().unwrap().unwrap()[0], 5);
    assert_eq!(array.try_read().unwrap().unwrap().into_vec(), [5, 0, 0, 9]);
}

/// As in two processes of which one has sent its descriptor to the other.
#[test]
fn handles_that_share_an_open_file_have_locks_of_their_own() {
    let memory = SharedMemory::anonymous(80).unwrap();
    let [one, other] = [0, 1].map(|_| SharedArray::<u64>::from_memory(memory.clone(), 10).unwrap());
    let held = one.write().unwrap();
    assert!(other.try_read().unwrap().is_none());
    assert!(other.try_write().unwrap().is_none());
    drop(held);
    assert!(other.try_write().unwrap().is_some());
}

/// Writes when it is dropped.
struct Last(SharedArray<u8>);
impl Drop for Last {
    fn drop(&mut self) {
        self.0.write().unwrap().fill(3);
    }
}

#[test]
fn what_is_discarded_or_panics_changes_nothing_and_frees_the_lock() {
    let array = SharedArray::<u8>::create(8).unwrap();
    let mut held = array.write().unwrap();
    held.fill(1);
    held.discard();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let mut held = array.write().unwrap();
        held.fill(2);
        panic!("as asked");
    }));
    panicked.unwrap_err();
    let other = again(&array);
    assert_eq!(other.try_read().unwrap().unwrap()[..], [0; 8]);
    // A destructor that runs because of another panic is a transaction of its own.
    let last = Last(other);
    catch_unwind(AssertUnwindSafe(|| {
        let _last = last;
        panic!("as asked");
    }))
    .unwrap_err();
    assert_eq!(array.read().unwrap()[..], [3; 8]);
}

thread_local! {
    /// Is there before what the thread notes of its locks, and goes after it.
    static LAST: RefCell<Option<Last>> = const { RefCell::new(None) };
}

#[test]
fn a_thread_that_ends_can_take_the_lock() {
    let array = SharedArray::<u8>::create(8).unwrap();
    let last = Last(array.clone());
    let thread = std::thread::spawn(move || {
        LAST.set(Some(last));
        LAST.with_borrow(|last| last.as_ref().unwrap().0.write().unwrap().fill(1));
    });
    thread.join().unwrap();
    assert_eq!(array.read().unwrap()[..], [3; 8]);
    assert!(array.try_write().unwrap().is_some());
}

struct Keeper(SharedArray<u64>);

#[shared]
impl Keeper {
    pub fn open(name: &str) -> Result<Self, Error> {
        SharedArray::open(name).map(Self)
    }
    /// Takes an array from elsewhere, and says the sum of its elements.
    pub fn sum(&self, other: SharedArray<u64>) -> Result<u64, Error> {
        Ok(other.read()?.iter().sum())
    }
    pub fn own(&self) -> SharedArray<u64> {
        self.0.clone()
    }
    pub fn write(&self) -> Result<(), Error> {
        self.0.write()?.fill(7);
        Ok(())
    }
    pub fn made(&self, shape: Vec<usize>, value: u64) -> Result<SharedArray<u64>, Error> {
        let array = SharedArray::anonymous(shape)?;
        array.fill(value)?;
        Ok(array)
    }
    /// As much as of others is wanted of their lock.
    pub fn is_locked(&self, other: SharedArray<u64>) -> Result<bool, Error> {
        Ok(other.try_read()?.is_none())
    }
    pub fn frozen(&self, shape: Vec<usize>) -> Result<FrozenArray<u64>, Error> {
        self.made(shape, 5)?.freeze().map_err(|(_, error)| error)
    }
    pub fn count_of(&self, others: Vec<FrozenArray<u64>>, number: u64) -> usize {
        let counted = others.iter().flat_map(|other| other.iter());
        counted.filter(|element| **element == number).count()
    }
}

/// Adds one to all elements, and gives the array back.
#[task]
fn raise(array: SharedArray<u64>, times: usize) -> Result<SharedArray<u64>, Error> {
    for _ in 0..times {
        array.write()?.iter_mut().for_each(|number| *number += 1);
    }
    Ok(array)
}

#[task]
fn ends_of(frozen: FrozenArray<u64>) -> Result<(u64, FrozenArray<u64>), Error> {
    Ok((*frozen.at([1, 2])?, frozen))
}

/// Those have no name to be opened by: their files come along.
#[test]
fn arrays_without_a_name_are_arguments_and_results() {
    let server = ServerProcess::start().unwrap();
    let named = SharedArray::<u64>::create(1).unwrap();
    let keeper = Keeper::open_in(&server, named.name().unwrap()).unwrap();
    let array = keeper.made(vec![2, 30], 4).unwrap();
    assert_eq!((array.shape(), array.name()), (&[2, 30][..], None));
    assert_eq!(keeper.sum(array.clone()).unwrap(), 240);
    let held = array.lock().unwrap();
    assert!(keeper.is_locked(array.clone()).unwrap(), "by this process");
    drop(held);
    assert!(!keeper.is_locked(array.clone()).unwrap());
    let raising = [0; 3].map(|_| raise::spawn(array.clone(), 50).unwrap());
    let back = raising.map(|task| task.join().unwrap());
    assert_eq!(array.read().unwrap()[..], [154; 60], "no increment is lost");
    back[0].set([1, 29], 0).unwrap();
    assert_eq!(array.get([1, 29]).unwrap(), 0, "it is the same array");
    assert_eq!(back[1].shape(), [2, 30]);
    let empty = keeper.made(vec![3, 0], 1).unwrap();
    assert_eq!(
        (empty.shape(), empty.read().unwrap().len()),
        (&[3, 0][..], 0)
    );
    assert_eq!(keeper.sum(empty).unwrap(), 0);
}

#[test]
fn frozen_arrays_are_arguments_and_results() {
    let server = ServerProcess::start().unwrap();
    let named = SharedArray::<u64>::create(1).unwrap();
    let keeper = Keeper::open_in(&server, named.name().unwrap()).unwrap();
    let theirs = keeper.frozen(vec![2, 3]).unwrap();
    assert_eq!((theirs.shape(), &theirs[..]), (&[2, 3][..], &[5; 6][..]));
    let ours = SharedArray::<u64>::anonymous([2, 3]).unwrap();
    ours.write_from(0, &[1, 2, 3, 4, 5, 6]).unwrap();
    let ours = ours.freeze().unwrap();
    let both = vec![ours.clone(), theirs];
    assert_eq!(keeper.count_of(both, 5).unwrap(), 7);
    let (end, back) = ends_of::spawn(ours.clone()).unwrap().join().unwrap();
    assert_eq!((end, back.shape(), &back[..]), (6, ours.shape(), &ours[..]));
}

#[test]
fn arrays_are_arguments_and_results() {
    let array = SharedArray::<u64>::create([2, 50]).unwrap();
    array.fill(3).unwrap();
    let server = ServerProcess::start().unwrap();
    let keeper = Keeper::open_in(&server, array.name().unwrap()).unwrap();
    assert_eq!(keeper.sum(array.clone()).unwrap(), 300);
    let back = keeper.own().unwrap();
    assert_eq!(back.shape(), [2, 50]);
    back.set([1, 49], 4).unwrap();
    assert_eq!(keeper.sum(array.clone()).unwrap(), 301);
    let foreign = SharedMemory::create(80).unwrap();
    let foreign = SharedArray::<u64>::from_memory(foreign, [2, 5]).unwrap();
    foreign.fill(1).unwrap();
    assert_eq!(
        keeper.sum(foreign).unwrap(),
        10,
        "one that says nothing of itself"
    );
    // What a hostile sender could write instead: the fields as serde has them, with other numbers.
    let written = serde_json::to_value(&array).unwrap();
    let arrives = |field: &str, value: serde_json::Value| {
        let mut written = written.clone();
        written[field] = value;
        serde_json::from_value::<SharedArray<u64>>(written).map_err(|error| error.to_string())
    };
    assert!(arrives("shape", [2, 50].as_slice().into()).is_ok());
    let error = arrives("shape", [2, 500].as_slice().into()).unwrap_err();
    assert!(error.contains("too short"), "{error}");
    let error = arrives("elements", "f64".into()).unwrap_err();
    assert!(error.contains("f64") && error.contains("u64"), "{error}");
}

#[test]
fn a_wait_for_the_lock_ends_with_the_deadline_of_the_call() {
    let array = SharedArray::<u64>::create(4).unwrap();
    let server = ServerProcess::start().unwrap();
    let keeper = Keeper::open_in(&server, array.name().unwrap()).unwrap();
    let held = array.lock().unwrap();
    let hurried = Shared::with_timeout(&keeper, Duration::from_millis(50));
    let error = hurried.write().unwrap_err();
    // Whichever of the two looks first at the clock.
    let (CallError::Method(error) | CallError::Remote(error)) = error;
    assert_eq!(error.kind(), ErrorKind::Timeout);
    until("the method has given up", || {
        server.inspect().unwrap().calls.is_empty()
    });
    drop(held);
    assert_eq!(array.read().unwrap()[..], [0; 4], "it never had the lock");
    assert!(
        array.try_write().unwrap().is_some(),
        "and left nothing of it"
    );
    keeper.write().unwrap();
    assert_eq!(array.read().unwrap()[..], [7; 4]);
}

#[test]
fn a_frozen_array_is_borrowed() {
    let array = SharedArray::<u64>::anonymous([2, 3]).unwrap();
    array.write_from(0, &[1, 2, 3, 4, 5, 6]).unwrap();
    drop(array.read().unwrap());
    let clone = array.clone();
    let (array, error) = array.freeze().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Overloaded, "{error}");
    drop(clone);
    let frozen = array.freeze().unwrap();
    assert_eq!(frozen[..], [1, 2, 3, 4, 5, 6]);
    assert_eq!(frozen.shape(), [2, 3]);
    assert_eq!(*frozen.at([1, 0]).unwrap(), 4);
    assert_eq!(kind(frozen.at([2, 0])), ErrorKind::OutOfRange);
    let bytes = FrozenArray::<u8>::from_memory(frozen.memory().clone(), 9).unwrap();
    assert_eq!(bytes[..], [1, 0, 0, 0, 0, 0, 0, 0, 2]);
    let longer = FrozenArray::<u8>::from_memory(frozen.memory().clone(), 10_000);
    assert_eq!(kind(longer), ErrorKind::InvalidData);
    let named = SharedArray::<u64>::create(2).unwrap();
    let (named, error) = named.freeze().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    named.write().unwrap()[0] = 1;
    assert_eq!(named.get(0).unwrap(), 1, "as it was");
}

/// As the guide says: the second of the last 32 words.
fn say_half_written(memory: &SharedMemory) {
    let writing = memory.atomic_u64(memory.size() - 31 * 8).unwrap();
    writing.store(1, Ordering::Relaxed);
}

#[test]
fn an_array_that_is_half_written_says_so_in_every_shape() {
    let array = SharedArray::<u64>::create([2, 3]).unwrap();
    let name = array.name().unwrap();
    let flat = SharedArray::<u64>::open_shaped(name, 6).unwrap();
    let bytes = SharedArray::<u8>::open_shaped(name, 5).unwrap();
    say_half_written(array.memory());
    let read = [
        array.read().map(drop),
        flat.read().map(drop),
        flat.write().map(drop),
        bytes.lock().map(drop),
    ];
    for read in read {
        assert_eq!(kind(read), ErrorKind::Poisoned);
    }
    flat.clear_poison().unwrap();
    assert_eq!(array.read().unwrap()[..], [0; 6]);
}

#[test]
fn whoever_opens_an_array_too_early_learns_later_that_it_is_half_written() {
    let array = SharedArray::<u64>::create(6).unwrap();
    let mut made = vec![0; array.memory().size()];
    array.memory().read_at(0, &mut made).unwrap();
    let block = SharedMemory::create(made.len()).unwrap();
    let early = SharedArray::<u64>::open_shaped(block.name().unwrap(), 6).unwrap();
    assert_eq!(early.read().unwrap()[..], [0; 6]);
    block.write_at(0, &made).unwrap();
    say_half_written(&block);
    assert_eq!(kind(early.read()), ErrorKind::Poisoned);
}

#[test]
fn an_array_that_is_half_written_is_not_frozen() {
    let array = SharedArray::<u64>::anonymous(3).unwrap();
    let memory = array.memory().clone();
    say_half_written(&memory);
    let (array, error) = array.freeze().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Poisoned, "{error}");
    array.clear_poison().unwrap();
    drop(memory);
    assert_eq!(array.freeze().unwrap()[..], [0; 3]);
}

#[test]
fn views_have_the_shape_and_the_elements() {
    let array = SharedArray::<f64>::anonymous([2, 3]).unwrap();
    let mut held = array.write().unwrap();
    held.view_mut()[[1, 2]] = 6.0;
    assert_eq!(held.view()[[1, 2]], 6.0);
    held.commit().unwrap();
    let read = array.read().unwrap();
    assert_eq!(read.view().index_axis(Axis(0), 1).sum(), 6.0);
    assert_eq!(array.to_ndarray().unwrap().shape(), [2, 3]);
    let frozen = array.freeze().unwrap();
    assert_eq!(frozen.view()[[1, 2]], 6.0);
    let memory = frozen.memory();
    assert_eq!(memory.view::<f64>([3, 2]).unwrap()[[2, 1]], 6.0);
    assert_eq!(kind(memory.view::<f64>(1000)), ErrorKind::InvalidData);
}
