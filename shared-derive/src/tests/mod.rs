//! Unit tests of whole expansions. What the expansions do when compiled is tested with the runtime.

mod expanded;
mod options;
mod rejections;
mod snapshots;
mod task_and_main;

use proc_macro2::{TokenStream, TokenTree};
use syn::File;

/// Tokens from text.
fn tokens(text: &str) -> TokenStream {
    text.parse().expect("the test's text is Rust")
}

/// An expansion as people read it.
fn pretty(expansion: TokenStream) -> String {
    prettyplease::unparse(&syn::parse2::<File>(expansion).expect("an expansion is a list of items"))
}

/// `#[shared(options)] item`, readable.
fn shared(options: &str, item: &str) -> String {
    pretty(crate::shared::shared(tokens(options), &tokens(item)))
}

/// The texts of all `compile_error!`s.
fn messages(expansion: &TokenStream) -> Vec<String> {
    let all: Vec<TokenTree> = expansion.clone().into_iter().collect();
    let is_error =
        |token: &TokenTree| matches!(token, TokenTree::Ident(name) if name == "compile_error");
    let errors = all
        .iter()
        .enumerate()
        .filter(|(_, token)| is_error(token))
        .filter_map(|(at, _)| all.get(at + 2));
    let texts = errors.filter_map(|token| match token {
        TokenTree::Group(group) => syn::parse2::<syn::LitStr>(group.stream()).ok(),
        _ => None,
    });
    texts.map(|text| text.value()).collect()
}

/// Asserts that `expansion` begins with `item` and complains as `expected`, in this order, and not
/// more.
fn assert_rejected(expansion: &TokenStream, item: &str, expected: &[&str]) {
    assert_messages(expansion, expected);
    let (emitted, item) = (without_spaces(expansion), without_spaces(&tokens(item)));
    assert!(
        emitted.starts_with(&item),
        "the user's item is not emitted:\n{item}\n{emitted}"
    );
}

/// Neighbouring punctuation may be emitted with other spaces than it was written with.
fn without_spaces(tokens: &TokenStream) -> String {
    tokens.to_string().split_whitespace().collect()
}

/// What is said of `async fn` where nobody runs them.
fn without_async<'a>(messages: &'a [&'static str]) -> &'a [&'static str] {
    if cfg!(feature = "async") {
        &[]
    } else {
        messages
    }
}

/// Asserts what is said of an impl with marks, which are not emitted.
fn rejects_marked(options: &str, members: &str, expected: &[&str]) {
    let item = tokens(&format!("impl Tally {{ {members} }}"));
    let expansion = crate::shared::shared(tokens(options), &item);
    assert_messages(&expansion, expected);
}

/// Asserts that `expansion` complains as `expected`, in this order, and not more.
fn assert_messages(expansion: &TokenStream, expected: &[&str]) {
    let found = messages(expansion);
    let matching = found
        .iter()
        .zip(expected)
        .filter(|(found, part)| found.contains(**part));
    let matches = matching.count() == found.len() && found.len() == expected.len();
    assert!(matches, "expected {expected:#?}, found {found:#?}");
}

/// The lines that changed, between the first and the last of them.
fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), found.lines().collect());
    let start = expected
        .iter()
        .zip(&found)
        .take_while(|(one, other)| one == other)
        .count();
    let (old, new) = (&expected[start..], &found[start..]);
    let end = old
        .iter()
        .rev()
        .zip(new.iter().rev())
        .take_while(|(one, other)| one == other)
        .count();
    let gone = old[..old.len() - end]
        .iter()
        .map(|line| format!("-{line}\n"));
    let come = new[..new.len() - end]
        .iter()
        .map(|line| format!("+{line}\n"));
    format!(
        "@@ line {} @@\n{}",
        start + 1,
        gone.chain(come).collect::<String>()
    )
}
