//! The house itself: what the compiler does not check, and what `ARCHITECTURE.md` promises.
#![forbid(unsafe_code)]

mod files;
mod graph;
mod layers;
mod texts;
