//! What types look like to serde, traced through their `Deserialize`: two executables compare it, and what the encoding cannot
//! carry shows in it before anything is sent. Knows nothing of calls, and nothing of handles but a name.
//!
//! The tracer is our own. The crate `serde-reflection` knows a type by its bare name, so that `Page<A>` and `Page<B>` in one
//! signature conflict; it follows the variants of an enum only where the enum is asked for by itself; and it offers every
//! integer the same value, which a `NonZeroU32` refuses.

mod form;

mod graph;
mod samples;

mod tracer;

mod table;

mod probe;

mod compare;

use serde::Deserialize;

pub(crate) use compare::{ARGUMENTS, Difference, difference};
pub(crate) use form::Shape;
pub(crate) use probe::{HANDLE, WEAK_HANDLE};
pub(crate) use table::Table;
pub(crate) use tracer::{Trace, Untraced};

/// What a function takes and gives back, filled in by its row.
#[derive(Debug, Default)]
pub struct Shapes {
    pub(crate) arguments: Option<Result<Trace, Untraced>>,
    pub(crate) answer: Option<Result<Trace, Untraced>>,
}

impl Shapes {
    /// The arguments are read as an `A`, which is a tuple, the answer as an `R`.
    pub fn of<'a, 'r, A: Deserialize<'a>, R: Deserialize<'r>>(&mut self) {
        self.arguments = Some(probe::trace::<A>());
        self.answer = Some(probe::trace::<R>());
    }
}

#[cfg(test)]
mod tests;
