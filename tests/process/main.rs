//! Processes as such: how they start, end and die, and that nothing of them stays. The tests run one at a time, because each
//! compares what this process has before and after.
#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    clippy::mutable_key_type,
    clippy::unused_self,
    reason = "a test crate exports nothing; its types and tasks are written as users write theirs"
)]

#[path = "../support/mod.rs"]
mod support;

mod addresses;
mod arrays;
mod async_calls;
mod blocks;
mod builder;
mod chaos;
mod death;
mod ends;
mod examples;
mod faults;
mod futures;
mod handles;
mod leftovers;
mod lists;
mod memory_manager;
mod parity;
mod pools;
mod programs;
mod scribbles;
mod sizes;
mod storm;
mod tasks;
mod tools;
mod versions;
mod waiting;
mod word_count;

shared_runtime::test_support!();
