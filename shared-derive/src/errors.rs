//! The sink that gathers every error of one expansion, so that the user sees all of them at once.
//! Knows nothing of what is checked.

use std::cell::RefCell;
use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Errors found so far. Dropping it unread would turn a rejected program into one that compiles, so
/// that panics.
pub(crate) struct Errors {
    found: RefCell<Option<Vec<syn::Error>>>,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Self {
            found: RefCell::new(Some(Vec::new())),
        }
    }

    /// Complains about `at`, which should be tokens that the user wrote.
    pub(crate) fn push(&self, at: impl ToTokens, message: impl Display) {
        self.add(syn::Error::new_spanned(at.into_token_stream(), message));
    }

    /// Takes over an error of the parser.
    pub(crate) fn add(&self, error: syn::Error) {
        if let Some(found) = self.found.borrow_mut().as_mut() {
            found.push(error);
        }
    }

    /// How many there are. Two equal counts around a check say that it found nothing.
    pub(crate) fn count(&self) -> usize {
        self.found.borrow().as_ref().map_or(0, Vec::len)
    }

    /// All of them as `compile_error!` items; nothing if there are none.
    pub(crate) fn finish(self) -> TokenStream {
        let found = self.found.take().unwrap_or_default();
        found.iter().map(syn::Error::to_compile_error).collect()
    }
}

impl Drop for Errors {
    fn drop(&mut self) {
        let unread = self.found.borrow().is_some();
        assert!(
            !unread || std::thread::panicking(),
            "the errors of an expansion were never read"
        );
    }
}
