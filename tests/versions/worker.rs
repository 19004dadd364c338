//! A program of its own with the tasks and types of `tests/crates/models`: what `tests/process/builder.rs` runs in the place of itself.

use test_models as _;

#[shared_runtime::main]
fn main() {
    println!("a person has started this");
}
