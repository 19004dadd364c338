//! What memory that other processes may write to costs beside one's own, beside the system's calls, and beside CPython:
//! `cargo bench -p shared-runtime --bench memory`.
//!
//! No figure is asserted. Compare figures of one run only.

#[path = "memory/array.rs"]
mod array;
#[path = "memory/block.rs"]
mod block;
#[path = "memory/copy.rs"]
mod copy;
#[path = "memory/list.rs"]
mod list;

#[shared_runtime::main]
fn main() {
    divan::main();
    block::measure();
    list::beside_python();
}
