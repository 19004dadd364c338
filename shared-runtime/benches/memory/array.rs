//! Elements, and whole arrays under their lock.

use divan::{Bencher, black_box};
use shared_runtime::memory::SharedArray;

fn array(count: usize) -> SharedArray<f64> {
    let array = SharedArray::create(count).unwrap();
    array.fill(1.5).unwrap();
    array
}

#[divan::bench]
fn get(bencher: Bencher<'_, '_>) {
    let array = array(1000);
    bencher.bench_local(|| black_box(&array).get(black_box(500)).unwrap());
}

#[divan::bench]
fn set(bencher: Bencher<'_, '_>) {
    let array = array(1000);
    bencher.bench_local(|| black_box(&array).set(black_box(500), 2.5).unwrap());
}

#[divan::bench]
fn get_of_two_dimensions(bencher: Bencher<'_, '_>) {
    let array = SharedArray::<f64>::create([40, 25]).unwrap();
    bencher.bench_local(|| black_box(&array).get(black_box([20, 12])).unwrap());
}

/// The lock alone: there is next to nothing to copy.
#[divan::bench]
fn read_under_the_lock(bencher: Bencher<'_, '_>) {
    let array = array(1);
    bencher.bench_local(|| array.read().unwrap());
}

#[divan::bench]
fn write_under_the_lock(bencher: Bencher<'_, '_>) {
    let array = array(1);
    bencher.bench_local(|| array.write().unwrap()[0] = 2.5);
}
