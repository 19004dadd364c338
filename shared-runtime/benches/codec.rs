//! What the codec alone costs, beside postcard alone: `cargo bench -p shared-runtime --bench codec`.
//!
//! No figure is asserted. Compare figures of one run only.

use divan::counter::BytesCount;
use divan::{Bencher, black_box};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared_runtime::__private as runtime;

fn main() {
    divan::main();
}

/// Something that writes and reads values.
trait Codec {
    fn write<T: Serialize>(value: &T, buffer: &mut Vec<u8>);
    fn read<T: DeserializeOwned>(bytes: &[u8]) -> T;
}

struct Ours;

impl Codec for Ours {
    fn write<T: Serialize>(value: &T, buffer: &mut Vec<u8>) {
        runtime::write(value, buffer).unwrap();
    }
    fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
        runtime::read(bytes).unwrap()
    }
}

struct Postcard;

impl Codec for Postcard {
    fn write<T: Serialize>(value: &T, buffer: &mut Vec<u8>) {
        *buffer = postcard::to_extend(value, std::mem::take(buffer)).unwrap();
    }
    fn read<T: DeserializeOwned>(bytes: &[u8]) -> T {
        postcard::from_bytes(bytes).unwrap()
    }
}

/// What is written and read.
trait Sample: Serialize + DeserializeOwned {
    fn sample() -> Self;
}

impl Sample for (i64,) {
    fn sample() -> Self {
        (1_234_567,)
    }
}

#[derive(Serialize, Deserialize)]
struct Person {
    name: String,
    street: String,
    city: Option<String>,
    born: u16,
    visits: u64,
}

impl Sample for Person {
    fn sample() -> Self {
        Self {
            name: "Ada Lovelace".to_owned(),
            street: "12 St James's Square".to_owned(),
            city: Some("London".to_owned()),
            born: 1815,
            visits: 1_000_000,
        }
    }
}

/// 1 MiB.
impl Sample for Vec<u8> {
    fn sample() -> Self {
        vec![7; 1 << 20]
    }
}

/// 64 KiB.
impl Sample for Vec<f64> {
    fn sample() -> Self {
        (0..8192).map(f64::from).collect()
    }
}

/// 64 KiB, of numbers that postcard writes in fewer bytes.
impl Sample for Vec<u64> {
    fn sample() -> Self {
        (0..8192).collect()
    }
}

impl Sample for Vec<(u32, u32)> {
    fn sample() -> Self {
        (0..10_000).map(|n| (n, n * n)).collect()
    }
}

#[divan::bench(
    types = [(i64,), Person, Vec<u8>, Vec<f64>, Vec<u64>, Vec<(u32, u32)>],
    consts = [0, 1],
)]
fn write<T: Sample, const CODEC: usize>(bencher: Bencher<'_, '_>) {
    if CODEC == 0 {
        writing::<T, Ours>(bencher);
    } else {
        writing::<T, Postcard>(bencher);
    }
}

fn writing<T: Sample, C: Codec>(bencher: Bencher<'_, '_>) {
    let value = T::sample();
    let mut buffer = Vec::new();
    C::write(&value, &mut buffer);
    bencher
        .counter(BytesCount::new(buffer.len()))
        .bench_local(|| {
            buffer.clear();
            C::write(black_box(&value), &mut buffer);
            black_box(buffer.as_ptr());
        });
}

#[divan::bench(
    types = [(i64,), Person, Vec<u8>, Vec<f64>, Vec<u64>, Vec<(u32, u32)>],
    consts = [0, 1],
)]
fn read<T: Sample, const CODEC: usize>(bencher: Bencher<'_, '_>) {
    if CODEC == 0 {
        reading::<T, Ours>(bencher);
    } else {
        reading::<T, Postcard>(bencher);
    }
}

fn reading<T: Sample, C: Codec>(bencher: Bencher<'_, '_>) {
    let mut bytes = Vec::new();
    C::write(&T::sample(), &mut bytes);
    bencher
        .counter(BytesCount::new(bytes.len()))
        .bench_local(|| C::read::<T>(black_box(&bytes)));
}
