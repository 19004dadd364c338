//! The options that users write: `#[shared(…)]` on an impl and on its methods, `#[task(…)]`,
//! `#[main(…)]`. Only what was written is read here; whether the options fit the item and each
//! other is for the checks.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, Parser};
use syn::punctuated::Punctuated;
use syn::{Attribute, Ident, LitStr, Meta, Path, Token, Visibility};

use crate::errors::Errors;

/// The options of one place.
struct Table {
    /// The place, as messages name it.
    place: &'static str,
    /// The name of each option and how it is written.
    options: &'static [(&'static str, &'static str)],
    /// The other table of the same macro, for options that were written in the wrong place.
    other: Option<&'static Table>,
}

static ITEM: Table = Table {
    place: "`#[shared(…)]` on an impl",
    options: &[
        ("calls", "calls = TallyCalls"),
        ("crate", "crate = path::to::shared_runtime"),
        ("explicit", "explicit"),
        ("name", "name = \"models.Tally\""),
        ("proxy", "proxy = TallyProxy"),
        ("vis", "vis = pub(crate)"),
    ],
    other: Some(&METHOD),
};

static METHOD: Table = Table {
    place: "`#[shared(…)]` on a method",
    options: &[
        ("export", "export"),
        ("plain", "plain"),
        ("rename", "rename = another_name"),
        ("result", "result"),
        ("skip", "skip"),
    ],
    other: Some(&ITEM),
};

static TASK: Table = Table {
    place: "`#[task(…)]`",
    options: &[
        ("crate", "crate = path::to::shared_runtime"),
        ("item", "item = CountTask"),
    ],
    other: None,
};

static MAIN: Table = Table {
    place: "`#[main(…)]`",
    options: &[("crate", "crate = path::to::shared_runtime")],
    other: None,
};

/// What stands in `#[shared(…)]` on an impl.
pub(crate) struct ItemOptions {
    pub(crate) runtime: Path,
    pub(crate) explicit: Option<Ident>,
    pub(crate) name: Option<LitStr>,
    pub(crate) proxy: Option<Ident>,
    pub(crate) calls: Option<Ident>,
    pub(crate) vis: Option<Visibility>,
}

/// What stands in `#[shared(…)]` on a method. The names are kept, for errors to point at.
pub(crate) struct MethodOptions {
    pub(crate) skip: Option<Ident>,
    pub(crate) export: Option<Ident>,
    pub(crate) rename: Option<Ident>,
    pub(crate) result: Option<Ident>,
    pub(crate) plain: Option<Ident>,
}

/// What stands in `#[task(…)]`.
pub(crate) struct TaskOptions {
    pub(crate) runtime: Path,
    pub(crate) item: Option<Ident>,
}

/// What stands in `#[main(…)]`.
pub(crate) struct MainOptions {
    pub(crate) runtime: Path,
}

impl ItemOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let given = Given::read_all(tokens, &ITEM, errors);
        Self {
            runtime: runtime(&given, &ITEM, errors),
            explicit: flag(&given, "explicit", &ITEM, errors),
            name: value(&given, "name", &ITEM, errors),
            proxy: value(&given, "proxy", &ITEM, errors),
            calls: value(&given, "calls", &ITEM, errors),
            vis: value(&given, "vis", &ITEM, errors),
        }
    }
}

impl MethodOptions {
    /// Reads the marks that [`take_marks`] took off a method.
    pub(crate) fn read(marks: &[Attribute], errors: &Errors) -> Self {
        let mut tokens = TokenStream::new();
        for mark in marks {
            match &mark.meta {
                Meta::List(list) => {
                    let list = &list.tokens;
                    tokens.extend(quote!(#list,));
                }
                Meta::Path(_) | Meta::NameValue(_) => {
                    errors.push(mark, format!("say what to do: {}", METHOD.known()));
                }
            }
        }
        let given = Given::read_all(tokens, &METHOD, errors);
        Self {
            skip: flag(&given, "skip", &METHOD, errors),
            export: flag(&given, "export", &METHOD, errors),
            rename: value(&given, "rename", &METHOD, errors),
            result: flag(&given, "result", &METHOD, errors),
            plain: flag(&given, "plain", &METHOD, errors),
        }
    }
}

impl TaskOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let given = Given::read_all(tokens, &TASK, errors);
        Self {
            runtime: runtime(&given, &TASK, errors),
            item: value(&given, "item", &TASK, errors),
        }
    }
}

impl MainOptions {
    pub(crate) fn read(tokens: TokenStream, errors: &Errors) -> Self {
        let given = Given::read_all(tokens, &MAIN, errors);
        Self {
            runtime: runtime(&given, &MAIN, errors),
        }
    }
}

/// Takes our own marks off, so that the compiler never sees them.
pub(crate) fn take_marks(attributes: &mut Vec<Attribute>) -> Vec<Attribute> {
    attributes
        .extract_if(.., |attribute| is_mark(attribute.path()))
        .collect()
}

/// Whether a `cfg_attr` holds one of our marks. It is not evaluated when the macro runs, so the
/// mark would come too late.
pub(crate) fn hides_mark(attribute: &Attribute) -> bool {
    conditional(attribute)
        .iter()
        .any(|meta| is_mark(meta.path()))
}

/// What a `cfg_attr` would write; nothing for other attributes.
pub(crate) fn conditional(attribute: &Attribute) -> Vec<Meta> {
    if !attribute.path().is_ident("cfg_attr") {
        return Vec::new();
    }
    let all = attribute
        .parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated)
        .unwrap_or_default();
    all.into_iter().skip(1).collect()
}

fn is_mark(path: &Path) -> bool {
    path.segments
        .last()
        .is_some_and(|last| last.ident == "shared")
}

/// One option as it was written.
struct Given {
    name: Ident,
    value: Option<TokenStream>,
}

impl Given {
    /// The known options among `tokens`, each once; complains about all others.
    fn read_all(tokens: TokenStream, table: &Table, errors: &Errors) -> Vec<Self> {
        let mut all: Vec<Self> = Vec::new();
        for part in split_at_commas(tokens) {
            let Some(given) = Self::read(part, table, errors) else {
                continue;
            };
            if all.iter().any(|earlier| earlier.name == given.name) {
                errors.push(
                    &given.name,
                    format!("`{}` is given twice; remove one", given.name),
                );
            } else {
                all.push(given);
            }
        }
        all
    }

    fn read(part: TokenStream, table: &Table, errors: &Errors) -> Option<Self> {
        let mut tokens = part.clone().into_iter();
        let Some(TokenTree::Ident(name)) = tokens.next() else {
            errors.push(
                part,
                format!("an option begins with its name. {}", table.known()),
            );
            return None;
        };
        let Some(usage) = table.usage(&name) else {
            errors.push(&name, table.unknown(&name));
            return None;
        };
        let value = match tokens.next() {
            None => None,
            Some(TokenTree::Punct(equals)) if equals.as_char() == '=' => Some(tokens.collect()),
            Some(_) => {
                errors.push(part, format!("write `{usage}`"));
                return None;
            }
        };
        Some(Self { name, value })
    }
}

/// An option without a value.
fn flag(given: &[Given], name: &str, table: &Table, errors: &Errors) -> Option<Ident> {
    let found = given.iter().find(|given| given.name == name)?;
    if let Some(value) = &found.value {
        let at = if value.is_empty() {
            quote!(#found)
        } else {
            value.clone()
        };
        errors.push(
            at,
            format!(
                "`{name}` takes no value; write `{}`",
                table.usage(&found.name).unwrap_or(name)
            ),
        );
    }
    Some(found.name.clone())
}

/// An option with a value.
fn value<T: Parse>(given: &[Given], name: &str, table: &Table, errors: &Errors) -> Option<T> {
    let found = given.iter().find(|given| given.name == name)?;
    let tokens = found.value.clone().unwrap_or_default();
    let parsed = if tokens.is_empty() {
        None
    } else {
        T::parse.parse2(tokens).ok()
    };
    if parsed.is_none() {
        errors.push(
            found,
            format!("write `{}`", table.usage(&found.name).unwrap_or(name)),
        );
    }
    parsed
}

/// Where generated code finds the runtime.
fn runtime(given: &[Given], table: &Table, errors: &Errors) -> Path {
    value(given, "crate", table, errors).unwrap_or_else(|| syn::parse_quote!(::shared_runtime))
}

impl quote::ToTokens for Given {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { name, value } = self;
        tokens.extend(quote!(#name #value));
    }
}

impl Table {
    fn usage(&self, name: &Ident) -> Option<&'static str> {
        self.options
            .iter()
            .find(|(known, _)| name == known)
            .map(|(_, usage)| *usage)
    }

    fn known(&self) -> String {
        let options: Vec<String> = self
            .options
            .iter()
            .map(|(_, usage)| format!("`{usage}`"))
            .collect();
        match options.as_slice() {
            [only] => format!("{} knows {only}", self.place),
            _ => format!("{} knows {}", self.place, options.join(", ")),
        }
    }

    fn unknown(&self, name: &Ident) -> String {
        if let Some(other) = self.other.filter(|other| other.usage(name).is_some()) {
            return format!("`{name}` belongs to {}. {}", other.place, self.known());
        }
        match self.nearest(&name.unraw().to_string()) {
            Some(known) => format!(
                "unknown option `{name}`; did you mean `{known}`? {}",
                self.known()
            ),
            None => format!("unknown option `{name}`. {}", self.known()),
        }
    }

    fn nearest(&self, name: &str) -> Option<&'static str> {
        let (distance, known) = self
            .options
            .iter()
            .map(|(known, _)| (distance(name, known), *known))
            .min()?;
        (distance * 2 <= known.len().max(name.len())).then_some(known)
    }
}

/// How many letters must be added, removed or changed to make one word the other.
fn distance(one: &str, other: &str) -> usize {
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, a) in one.bytes().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, b) in other.bytes().enumerate() {
            let changed = diagonal + usize::from(a != b);
            diagonal = row[column + 1];
            row[column + 1] = changed.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
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
