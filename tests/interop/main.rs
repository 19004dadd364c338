//! Programs in other languages that use the same memory: CPython, and NumPy in it.
#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    reason = "a test crate exports nothing; its tasks are written as users write theirs"
)]

mod python;

mod arrays;
mod blocks;
mod lists;

shared_runtime::test_support!();
