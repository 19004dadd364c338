//! draft
#![forbid(unsafe_code)]

/// `quote!` whose names are our own: a local variable written here never meets one of the user's.
macro_rules! generated {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}

mod attributes;
mod carried;
mod errors;
mod function;
mod main_fn;
mod shared;
mod signature;
mod task;
#[cfg(test)]
mod tests;
mod types;
mod wire;

use proc_macro::TokenStream;

/// draft
#[proc_macro_attribute]
pub fn shared(options: TokenStream, item: TokenStream) -> TokenStream {
    shared::shared(options.into(), item.into()).into()
}

/// draft
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    task::task(options.into(), item.into()).into()
}

/// draft
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    main_fn::main(options.into(), item.into()).into()
}
