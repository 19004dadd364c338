//! `examples/counter_expanded.rs` shows what `#[shared]` writes, with comments. Here it is held to the truth.

use std::path::Path;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{File, Item};

use super::{difference, pretty};

fn example() -> File {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/counter_expanded.rs");
    let text = std::fs::read_to_string(&file).expect("the example is there");
    syn::parse_file(&text).expect("the example is Rust")
}

#[test]
fn the_expanded_example_is_what_the_macro_writes() {
    let shown = example().items;
    let start = shown.iter().position(|item| matches!(item, Item::Impl(_)));
    let shown = &shown[start.expect("the user's impl")..];
    let written = crate::shared::shared(TokenStream::new(), &shown[0].to_token_stream());
    let written = pretty(written);
    let count = syn::parse_file(&written).map_or(0, |file| file.items.len());
    let shown = pretty(
        shown
            .iter()
            .take(count)
            .map(ToTokens::to_token_stream)
            .collect(),
    );
    assert!(
        written == shown,
        "examples/counter_expanded.rs differs from what the macro writes:\n{}",
        difference(&shown, &written)
    );
}
