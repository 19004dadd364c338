//! Options as they were written: `name`, `name = value` and `name(list)`, between commas.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::{ToTokens, quote};
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::{Ident, Path, Token, Type};

use super::table::Table;
use crate::errors::Errors;

/// The known options of one place, each at most once.
pub(super) struct Given<'a> {
    options: Vec<Written>,
    table: &'a Table,
    errors: &'a Errors,
}

/// One option as it was written.
struct Written {
    name: Ident,
    value: Value,
}

enum Value {
    None,
    Equals(Token![=], TokenStream),
    List(Group),
}

impl<'a> Given<'a> {
    /// Complains about options that are unknown, or given twice.
    pub(super) fn read(tokens: TokenStream, table: &'a Table, errors: &'a Errors) -> Self {
        let mut options: Vec<Written> = Vec::new();
        for part in split_at_commas(tokens) {
            let Some(option) = Written::read(part, table, errors) else {
                continue;
            };
            if options.iter().any(|earlier| earlier.name == option.name) {
                let name = &option.name;
                errors.push(name, format!("`{name}` is given twice; remove one"));
            } else {
                options.push(option);
            }
        }
        Self {
            options,
            table,
            errors,
        }
    }

    /// An option without a value.
    pub(super) fn flag(&self, name: &str) -> Option<Ident> {
        let found = self.find(name)?;
        if !matches!(found.value, Value::None) {
            let text = format!("`{name}` takes no value; write `{}`", self.usage(name));
            self.errors.push(&found.value, text);
        }
        Some(found.name.clone())
    }

    /// An option with a value.
    pub(super) fn value<T: Parse>(&self, name: &str) -> Option<T> {
        let found = self.find(name)?;
        let parsed = match &found.value {
            Value::Equals(_, tokens) if !tokens.is_empty() => T::parse.parse2(tokens.clone()).ok(),
            _ => None,
        };
        self.or_usage(found, parsed)
    }

    /// An option with a list of types; none where it is not given.
    pub(super) fn types(&self, name: &str) -> Vec<Type> {
        let Some(found) = self.find(name) else {
            return Vec::new();
        };
        let list = match &found.value {
            Value::List(group) => Punctuated::<Type, Token![,]>::parse_terminated
                .parse2(group.stream())
                .ok()
                .filter(|list| !list.is_empty()),
            _ => None,
        };
        self.or_usage(found, list).into_iter().flatten().collect()
    }

    /// Where generated code finds the runtime.
    pub(super) fn runtime(&self) -> Path {
        self.value("crate")
            .unwrap_or_else(|| syn::parse_quote!(::shared_runtime))
    }

    fn find(&self, name: &str) -> Option<&Written> {
        self.options.iter().find(|option| option.name == name)
    }

    fn usage(&self, name: &str) -> &'static str {
        self.table.usage(name).unwrap_or_default()
    }

    /// Says how the option is written where it was not read.
    fn or_usage<T>(&self, option: &Written, read: Option<T>) -> Option<T> {
        if read.is_none() {
            let usage = self.usage(&option.name.to_string());
            self.errors.push(option, format!("write `{usage}`"));
        }
        read
    }
}

impl Written {
    fn read(part: TokenStream, table: &Table, errors: &Errors) -> Option<Self> {
        let mut tokens = part.clone().into_iter();
        let Some(TokenTree::Ident(name)) = tokens.next() else {
            let text = format!("an option begins with its name. {}", table.known());
            errors.push(part, text);
            return None;
        };
        let Some(usage) = table.usage(&name.to_string()) else {
            errors.push(&name, table.unknown(&name));
            return None;
        };
        let value = match (tokens.next(), tokens.next()) {
            (None, _) => Value::None,
            (Some(TokenTree::Group(group)), None)
                if group.delimiter() == Delimiter::Parenthesis =>
            {
                Value::List(group)
            }
            (Some(TokenTree::Punct(equals)), first) if equals.as_char() == '=' => {
                let value = first.into_iter().chain(tokens).collect();
                Value::Equals(Token![=](equals.span()), value)
            }
            _ => {
                errors.push(part, format!("write `{usage}`"));
                return None;
            }
        };
        Some(Self { name, value })
    }
}

impl ToTokens for Written {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { name, value } = self;
        tokens.extend(quote!(#name #value));
    }
}

impl ToTokens for Value {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        match self {
            Self::None => {}
            Self::Equals(equals, value) => tokens.extend(quote!(#equals #value)),
            Self::List(list) => tokens.extend(quote!(#list)),
        }
    }
}

/// The parts between commas, so that one bad option does not hide the others.
fn split_at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in ungrouped(tokens) {
        match &token {
            TokenTree::Punct(punct) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            _ => parts
                .last_mut()
                .into_iter()
                .for_each(|part| part.extend([token.clone()])),
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Enters the invisible group that a `macro_rules!` variable leaves around the whole.
fn ungrouped(tokens: TokenStream) -> TokenStream {
    let mut all = tokens.clone().into_iter();
    match (all.next(), all.next()) {
        (Some(TokenTree::Group(group)), None) if is_invisible(&group) => group.stream(),
        _ => tokens,
    }
}

fn is_invisible(group: &Group) -> bool {
    group.delimiter() == Delimiter::None
}
