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
#[doc = include_str!("src/when-a-process-dies.md")]
pub mod when_a_process_dies {}
#[doc = include_str!("src/memory.md")]
pub mod memory {}
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
#[doc = include_str!("src/testing.md")]
pub mod testing {}
#[doc = include_str!("src/attributes.md")]
pub mod attributes {}
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
#[doc = include_str!("src/protocol.md")]
pub mod protocol {}
