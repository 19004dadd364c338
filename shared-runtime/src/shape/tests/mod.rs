//! The tracer and the comparison, over types as people write them.

mod differences;
mod tracing;

use serde::Deserialize;

use super::probe::trace;
use super::*;

/// A type as a table, and its place there.
fn shapes<'de, T: Deserialize<'de>>() -> (Vec<Shape>, u32) {
    let traced = trace::<T>().unwrap_or_else(|untraced| panic!("{untraced}"));
    let mut table = Table::default();
    let place = table.add(&traced);
    (table.into_shapes(), place)
}
