//! The pages of the guide, compiled and run as tests.
#![allow(
    clippy::doc_markdown,
    clippy::test_attr_in_doctest,
    reason = "the pages are prose for mdBook, and show how tests are written"
)]

#[doc = include_str!("src/introduction.md")]
pub mod introduction {}
#[doc = include_str!("src/getting-started.md")]
pub mod getting_started {}
#[doc = include_str!("src/concepts.md")]
pub mod concepts {}
#[doc = include_str!("src/your-own-type.md")]
pub mod your_own_type {}
#[doc = include_str!("src/arguments-and-replies.md")]
pub mod arguments_and_replies {}
#[doc = include_str!("src/errors-and-panics.md")]
pub mod errors_and_panics {}
#[doc = include_str!("src/keeping-alive.md")]
pub mod keeping_alive {}
#[doc = include_str!("src/passing-handles.md")]
pub mod passing_handles {}
#[doc = include_str!("src/callbacks.md")]
pub mod callbacks {}
#[doc = include_str!("src/traits.md")]
pub mod traits {}
#[doc = include_str!("src/async-calls.md")]
pub mod async_calls {}
#[doc = include_str!("src/deadlines.md")]
pub mod deadlines {}
#[doc = include_str!("src/processes.md")]
pub mod processes {}
#[doc = include_str!("src/logging.md")]
pub mod logging {}
#[doc = include_str!("src/pools.md")]
pub mod pools {}
#[doc = include_str!("src/connecting.md")]
pub mod connecting {}
#[doc = include_str!("src/when-a-process-dies.md")]
pub mod when_a_process_dies {}
#[doc = include_str!("src/memory.md")]
pub mod memory {}
#[doc = include_str!("src/arrays.md")]
pub mod arrays {}
#[doc = include_str!("src/memory-blocks.md")]
pub mod memory_blocks {}
#[doc = include_str!("src/shareable-list.md")]
pub mod shareable_list {}
#[doc = include_str!("src/collections.md")]
pub mod collections {}
#[doc = include_str!("src/singleton.md")]
pub mod singleton {}
#[doc = include_str!("src/versions.md")]
pub mod versions {}
#[doc = include_str!("src/tcp.md")]
pub mod tcp {}
#[doc = include_str!("src/performance.md")]
pub mod performance {}
#[doc = include_str!("src/testing.md")]
pub mod testing {}
#[doc = include_str!("src/attributes.md")]
pub mod attributes {}
/// A page for each option.
pub mod options {
    #[doc = include_str!("src/options/calls.md")]
    pub mod calls {}
    #[doc = include_str!("src/options/crate.md")]
    pub mod crate_ {}
    #[doc = include_str!("src/options/debug.md")]
    pub mod debug {}
    #[doc = include_str!("src/options/explicit.md")]
    pub mod explicit {}
    #[doc = include_str!("src/options/export.md")]
    pub mod export {}
    #[doc = include_str!("src/options/instances.md")]
    pub mod instances {}
    #[doc = include_str!("src/options/item.md")]
    pub mod item {}
    #[doc = include_str!("src/options/lock.md")]
    pub mod lock {}
    #[doc = include_str!("src/options/name.md")]
    pub mod name {}
    #[doc = include_str!("src/options/plain.md")]
    pub mod plain {}
    #[doc = include_str!("src/options/proxy.md")]
    pub mod proxy {}
    #[doc = include_str!("src/options/rename.md")]
    pub mod rename {}
    #[doc = include_str!("src/options/result.md")]
    pub mod result {}
    #[doc = include_str!("src/options/skip.md")]
    pub mod skip {}
    #[doc = include_str!("src/options/snapshot.md")]
    pub mod snapshot {}
    #[doc = include_str!("src/options/timeout.md")]
    pub mod timeout {}
    #[doc = include_str!("src/options/version.md")]
    pub mod version {}
    #[doc = include_str!("src/options/vis.md")]
    pub mod vis {}
}
#[doc = include_str!("src/generated-code.md")]
pub mod generated_code {}
#[doc = include_str!("src/error-table.md")]
pub mod error_table {}
#[doc = include_str!("src/environment.md")]
pub mod environment {}
#[doc = include_str!("src/leases.md")]
pub mod leases {}
#[doc = include_str!("src/transports.md")]
pub mod transports {}
#[doc = include_str!("src/the-ring.md")]
pub mod the_ring {}
#[doc = include_str!("src/protocol.md")]
pub mod protocol {}
