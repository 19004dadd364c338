//! The house itself: what the compiler does not check, and what `ARCHITECTURE.md` promises.
#![forbid(unsafe_code)]

mod files;
mod source;

mod graph;
mod layers;

mod cases;
mod links;
mod manifests;
mod options;
mod parity;
mod texts;
