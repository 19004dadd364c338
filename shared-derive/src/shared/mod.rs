//! `#[shared]`, stage by stage, for each of the three items that it goes on.

mod item;

mod impl_block;
mod trait_block;

mod interface;
mod role;

mod generics;
mod marks;
mod names;
mod trait_checks;
mod trait_impl_checks;
mod type_checks;

mod faces;
mod rows;
mod trait_expand;
mod trait_impl_expand;
mod type_expand;

use proc_macro2::TokenStream;
use quote::quote;

use crate::attributes::{Place, TraitImplOptions, TraitOptions, TypeOptions};
use crate::errors::Errors;
use impl_block::ImplBlock;
use item::Item;
use trait_block::TraitBlock;

/// The user's item, less our marks, and beside it what was made of it. Errors come with the item
/// too: whatever else uses it must not fail as well.
pub(crate) fn shared(options: TokenStream, item: &TokenStream) -> TokenStream {
    let errors = Errors::new();
    let expanded = match item::which(item, &errors) {
        Some(Item::Type) => shared_type(options, item, &errors),
        Some(Item::Trait) => shared_trait(options, item, &errors),
        Some(Item::TraitImpl) => shared_trait_impl(options, item, &errors),
        None => None,
    };
    let expanded = expanded.unwrap_or_else(|| item.clone());
    let errors = errors.finish();
    quote!(#expanded #errors)
}

fn shared_type(options: TokenStream, item: &TokenStream, errors: &Errors) -> Option<TokenStream> {
    let options = TypeOptions::read(options, errors);
    let block = ImplBlock::read(item, Place::Type, errors)?;
    let shared = type_checks::check(&block, options, errors);
    let expanded = shared.map(|shared| type_expand::expand(&shared));
    Some(quote!(#block #expanded))
}

fn shared_trait(options: TokenStream, item: &TokenStream, errors: &Errors) -> Option<TokenStream> {
    let options = TraitOptions::read(options, errors);
    let block = TraitBlock::read(item, errors)?;
    let shared = trait_checks::check(&block, options, errors);
    let expanded = shared.map(|shared| trait_expand::expand(&shared));
    Some(quote!(#block #expanded))
}

fn shared_trait_impl(
    options: TokenStream,
    item: &TokenStream,
    errors: &Errors,
) -> Option<TokenStream> {
    let options = TraitImplOptions::read(options, errors);
    let block = ImplBlock::read(item, Place::Trait, errors)?;
    let shared = trait_impl_checks::check(&block, options, errors);
    let expanded = shared.map(|shared| trait_impl_expand::expand(&shared));
    Some(quote!(#block #expanded))
}
