//! What memory that other processes may write to costs beside one's own: `cargo bench -p shared-runtime --bench memory`.
//!
//! No figure is asserted. Compare figures of one run only.

#[path = "memory/array.rs"]
mod array;
#[path = "memory/copy.rs"]
mod copy;
#[path = "memory/list.rs"]
mod list;

fn main() {
    divan::main();
    list::beside_python();
}
