//! What memory that other processes may write to costs beside one's own: `cargo bench -p shared-runtime --bench memory`.
//!
//! No figure is asserted. Compare figures of one run only.

fn main() {
    divan::main();
}

/// Bytes in bulk, beside `memcpy` at its best: both places begin at a page.
mod copy {
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
}

/// Elements, and whole arrays under their lock.
mod array {
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
}
