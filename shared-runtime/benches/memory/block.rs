//! Blocks: made and removed beside the raw system calls, and 16 MiB summed in another process beside memory of its own.

use std::hint::black_box;
use std::time::{Duration, Instant};

use memmap2::MmapOptions;
use rustix::fs::{FallocateFlags, Mode, OFlags, fallocate, open, unlink};
use shared_runtime::memory::{Mapping, MemoryBlock, SharedMemory};
use shared_runtime::{Error, ServerProcess, Shared, shared};

const ROUNDS: usize = 15;
const KIBIBYTE: usize = 1 << 10;
const LARGE: usize = 16 << 20;

pub(crate) fn measure() {
    for (size, times) in [(4 * KIBIBYTE, 2000), (1024 * KIBIBYTE, 100)] {
        made_and_removed(size, times);
    }
    summed();
}

/// Prints the medians of the rounds, each beside the first.
fn print(rows: &mut [(String, Vec<Duration>)]) {
    let mut first = None;
    for (name, times) in rows {
        times.sort_unstable();
        let median = times[times.len() / 2];
        let base = *first.get_or_insert(median);
        let ratio = median.as_secs_f64() / base.as_secs_f64();
        println!("{name:<60}{median:>12.2?}{ratio:>8.2}");
    }
}

type Run<'a> = (&'a str, &'a mut dyn FnMut());

/// Takes turns, so that each meets the same noise; `times` of each in a row.
fn compare(about: &str, times: u32, runs: &mut [Run<'_>]) {
    let mut rows: Vec<(String, Vec<Duration>)> = Vec::new();
    for round in 0..=ROUNDS {
        for (at, (name, run)) in runs.iter_mut().enumerate() {
            let start = Instant::now();
            (0..times).for_each(|_| run());
            let time = start.elapsed() / times;
            match round {
                // To warm up.
                0 => rows.push((format!("{about}: {name}"), Vec::new())),
                _ => rows[at].1.push(time),
            }
        }
    }
    print(&mut rows);
}

fn made_and_removed(size: usize, times: u32) {
    let mut number = 0;
    let mut raw = || {
        number += 1;
        raw(
            &format!("/dev/shm/shared-bench-{}-{number}", std::process::id()),
            size,
        );
    };
    let mut memory = || drop(black_box(SharedMemory::create(size).unwrap()));
    let mut block = || {
        let block = MemoryBlock::new(size).unwrap();
        drop(black_box(block.map().unwrap()));
    };
    let about = format!("{} KiB, made, mapped, removed", size / KIBIBYTE);
    compare(
        &about,
        times,
        &mut [
            ("system calls", &mut raw),
            ("SharedMemory", &mut memory),
            ("MemoryBlock", &mut block),
        ],
    );
}

/// What nobody can do without.
fn raw(name: &str, size: usize) {
    // What the C library's `shm_open` does.
    let flags = OFlags::CREATE | OFlags::EXCL | OFlags::RDWR | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    let file = open(name, flags, Mode::RUSR | Mode::WUSR).unwrap();
    fallocate(&file, FallocateFlags::empty(), 0, size as u64).unwrap();
    drop(black_box(
        MmapOptions::new().len(size).map_raw(&file).unwrap(),
    ));
    drop(file);
    unlink(name).unwrap();
}

/// Has memory of its own, and sums that or others'.
struct Summer {
    own: Vec<u64>,
    mapped: Option<Mapping>,
}

#[shared]
#[expect(clippy::unused_self, reason = "methods are called on an object")]
impl Summer {
    pub(crate) fn new() -> Self {
        let own = (0..LARGE as u64 / 8).collect();
        Self { own, mapped: None }
    }
    pub(crate) fn own(&self) -> u64 {
        sum(&self.own)
    }
    /// What a fresh allocation and a copy cost in the place of a mapping.
    pub(crate) fn copied(&self) -> u64 {
        sum(&black_box(&self.own).clone())
    }
    pub(crate) fn take(&mut self, block: &Shared<MemoryBlock>) -> Result<(), Error> {
        self.mapped = Some(block.map()?);
        Ok(())
    }
    pub(crate) fn mapped(&self) -> Result<u64, Error> {
        self.mapped.as_ref().map_or(Ok(0), read_and_sum)
    }
    pub(crate) fn map(&self, block: &Shared<MemoryBlock>) -> Result<u64, Error> {
        read_and_sum(&block.map()?)
    }
    /// What nobody can do without who has not mapped it before: the kernel shows each page once.
    pub(crate) fn map_raw(&self, name: &str) -> u64 {
        let file = open(name, OFlags::RDWR, Mode::empty()).unwrap();
        // SAFETY: nobody writes to the file.
        let mapped = unsafe { MmapOptions::new().len(LARGE).map(&file) }.unwrap();
        sum(bytemuck::cast_slice(&mapped))
    }
    pub(crate) fn numbers(&self, numbers: &[u64]) -> u64 {
        sum(numbers)
    }
}

fn sum(numbers: &[u64]) -> u64 {
    black_box(numbers)
        .iter()
        .fold(0, |sum, n| sum.wrapping_add(*n))
}

/// By what is sound whatever others write: pieces that fit into the first cache.
fn read_and_sum(mapping: &Mapping) -> Result<u64, Error> {
    let mut numbers = [0u64; KIBIBYTE];
    let mut total = 0u64;
    for offset in (0..mapping.size()).step_by(size_of_val(&numbers)) {
        mapping.read_at(offset, bytemuck::bytes_of_mut(&mut numbers))?;
        total = total.wrapping_add(sum(&numbers));
    }
    Ok(total)
}

fn summed() {
    let server = ServerProcess::start().unwrap();
    let summer = Summer::new_in(&server).unwrap();
    let block = Shared::new(MemoryBlock::new(LARGE).unwrap());
    let numbers: Vec<u64> = (0..LARGE as u64 / 8).collect();
    let bytes = bytemuck::cast_slice(&numbers);
    block.map().unwrap().write_at(0, bytes).unwrap();
    let raw = format!("/dev/shm/shared-bench-{}-summed", std::process::id());
    std::fs::write(&raw, bytes).unwrap();
    let expected = sum(&numbers);
    let check = |sum| assert_eq!(sum, expected);
    let mut own = || check(summer.own().unwrap());
    summer.take(&block).unwrap();
    let mut mapped = || check(summer.mapped().unwrap());
    let mut map = || check(summer.map(&block).unwrap());
    let mut map_raw = || check(summer.map_raw(&raw).unwrap());
    let mut copied = || check(summer.copied().unwrap());
    let mut argument = || check(summer.numbers(&numbers).unwrap());
    compare(
        "16 MiB summed in another process",
        5,
        &mut [
            ("its own memory", &mut own),
            ("a block, mapped before", &mut mapped),
            ("a copy of its own memory", &mut copied),
            ("a block, mapped for this", &mut map),
            ("a file, mapped for this by system calls", &mut map_raw),
            ("an argument", &mut argument),
        ],
    );
    unlink(&raw).unwrap();
}
