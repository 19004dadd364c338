//! Bytes in bulk, beside `memcpy` at its best: both places begin at a page.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use shared_runtime::memory::SharedMemory;

const SIZES: [usize; 3] = [4 << 10, 64 << 10, 1 << 20];

const PAGE: usize = 4096;

/// Bytes of one's own, and which of them to use.
fn own(size: usize) -> (Vec<u8>, std::ops::Range<usize>) {
    let bytes = vec![1; size + PAGE];
    let page = bytes.as_ptr().align_offset(PAGE);
    (bytes, page..page + size)
}

#[divan::bench(args = SIZES)]
fn memcpy(bencher: Bencher<'_, '_>, size: usize) {
    let (from, at) = own(size);
    let (mut to, into) = own(size);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        black_box(&mut to[into.clone()]).copy_from_slice(black_box(&from[at.clone()]));
    });
}

#[divan::bench(args = SIZES)]
fn read_at(bencher: Bencher<'_, '_>, size: usize) {
    let memory = SharedMemory::anonymous(size).unwrap();
    let (mut to, into) = own(size);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let to = black_box(&mut to[into.clone()]);
        memory.read_at(0, to).unwrap();
    });
}

#[divan::bench(args = SIZES)]
fn write_at(bencher: Bencher<'_, '_>, size: usize) {
    let memory = SharedMemory::anonymous(size).unwrap();
    let (from, at) = own(size);
    bencher.counter(BytesCount::new(size)).bench_local(|| {
        let from = black_box(&from[at.clone()]);
        memory.write_at(0, from).unwrap();
    });
}
