//! `#[shared]`, stage by stage.

mod model;

mod checks;
mod interface;
mod marks;

mod expand;
mod faces;
mod rows;

use proc_macro2::TokenStream;
use quote::quote;

use crate::attributes::ItemOptions;
use crate::errors::Errors;

/// The user's item, less our marks, and beside it what was made of it. Errors come with the item
/// too: whatever else uses it must not fail as well.
pub(crate) fn shared(options: TokenStream, item: &TokenStream) -> TokenStream {
    let errors = Errors::new();
    let options = ItemOptions::read(options, &errors);
    let Some(model) = model::Model::read(item, &errors) else {
        let errors = errors.finish();
        return quote!(#item #errors);
    };
    let interface = checks::check(&model, options, &errors);
    let expanded = interface.map(|interface| expand::expand(&interface));
    let errors = errors.finish();
    quote!(#model #expanded #errors)
}
