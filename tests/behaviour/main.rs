//! How shared objects behave, seen from the outside. Every test uses a server process and is independent of the others.
#![forbid(unsafe_code)]
#![allow(
    unreachable_pub,
    clippy::mutable_key_type,
    clippy::unused_self,
    reason = "a test crate exports nothing; its types and tasks are written as users write theirs"
)]

#[path = "../support/mod.rs"]
mod support;

mod arguments;
mod arrays;
mod async_calls;
mod async_methods;
mod both_ways;
mod calls;
mod carrying;
mod codec;
mod crates;
mod current;
mod deadlines;
mod encoding;
mod errors;
mod generics;
mod handles;
mod lists;
mod locks;
mod memory;
mod memory_in_calls;
mod names;
mod one_way;
mod options;
mod panics;
mod parity;
mod pipelines;
mod reports;
mod servers;
mod traits;
mod transports;

shared_runtime::test_support!();
