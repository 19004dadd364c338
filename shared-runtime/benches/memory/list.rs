//! Items of lists, read and written here and by CPython.

use std::process::Command;
use std::time::Instant;

use divan::{Bencher, black_box};
use shared_runtime::memory::{Item, ShareableList};

const TEXT: &str = "a text of 31 bytes, as many are";

fn of_numbers() -> ShareableList {
    ShareableList::new(0i64..1_000).unwrap()
}

#[divan::bench]
fn get_number(bencher: Bencher) {
    let list = of_numbers();
    bencher.bench_local(|| list.get(black_box(500)).unwrap());
}

#[divan::bench]
fn set_number(bencher: Bencher) {
    let list = of_numbers();
    bencher.bench_local(|| list.set(black_box(500), black_box(7i64)).unwrap());
}

#[divan::bench]
fn get_number_of_cpythons_list(bencher: Bencher) {
    let words = [1, 0, 8, 7].map(i64::to_ne_bytes).concat();
    let bytes = [&words[..], b"q\0\0\0\0\0\0\0\0"].concat();
    let memory = shared_runtime::memory::SharedMemory::create(bytes.len()).unwrap();
    memory.write_at(0, &bytes).unwrap();
    let list = ShareableList::try_from(memory).unwrap();
    bencher.bench_local(|| list.get(black_box(0)).unwrap());
}

#[divan::bench]
fn get_text(bencher: Bencher) {
    let list = ShareableList::new([TEXT]).unwrap();
    bencher.bench_local(|| list.get(black_box(0)).unwrap());
}

#[divan::bench]
fn set_text(bencher: Bencher) {
    let list = ShareableList::new([TEXT]).unwrap();
    bencher.bench_local(|| list.set(black_box(0), black_box(TEXT)).unwrap());
}

#[divan::bench]
fn set_another_type(bencher: Bencher) {
    let list = of_numbers();
    let mut is_number = true;
    bencher.bench_local(|| {
        is_number = !is_number;
        let item = if is_number {
            Item::Int(7)
        } else {
            Item::Float(0.5)
        };
        list.set(black_box(500), item).unwrap();
    });
}

#[divan::bench]
fn sum_of_a_thousand(bencher: Bencher) {
    let list = of_numbers();
    bencher.bench_local(|| {
        let numbers = list.iter().map(|item| item.unwrap().as_int().unwrap());
        numbers.sum::<i64>()
    });
}

/// The same list, in the same run, read and written by CPython.
pub(crate) fn beside_python() {
    let list = of_numbers();
    let script = format!(
        "
import timeit
from multiprocessing import resource_tracker, shared_memory
shared = shared_memory.ShareableList(name='{}')
resource_tracker.unregister(shared.shm._name, 'shared_memory')
def assign(): shared[500] = 7
for ask in (lambda: shared[500], assign):
    print(min(timeit.repeat(ask, number=20000, repeat=7)) / 20000 * 1e9)
shared.shm.close()",
        list.name()
    );
    let Ok(output) = Command::new("python3").args(["-c", &script]).output() else {
        println!("no python3 to compare with");
        return;
    };
    let text = String::from_utf8_lossy(&output.stdout);
    let theirs: Vec<f64> = text.lines().filter_map(|line| line.parse().ok()).collect();
    let get = best(|| drop(black_box(list.get(black_box(500)))));
    let set = best(|| list.set(black_box(500), black_box(7i64)).unwrap());
    for (name, theirs, ours) in theirs
        .iter()
        .zip([("get", get), ("set", set)])
        .map(|(theirs, (name, ours))| (name, theirs, ours))
    {
        println!(
            "{name}: {ours:.1} ns here, {theirs:.0} ns in CPython: {:.0} times",
            theirs / ours
        );
    }
}

/// Nanoseconds, the best of seven rounds, as Python's `timeit` counts them.
fn best(mut act: impl FnMut()) -> f64 {
    const TIMES: u32 = 1_000_000;
    let round = |_| {
        let began = Instant::now();
        (0..TIMES).for_each(|_| act());
        began.elapsed().as_secs_f64() / f64::from(TIMES) * 1e9
    };
    (0..7).map(round).fold(f64::INFINITY, f64::min)
}
