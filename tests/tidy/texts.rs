//! Texts that must agree, and the form of files.

use super::files::{expect_none, files, members, read, written};
use super::source::bare;

/// Files that do not say at their head what they are for. The runtime's root says it with the README.
fn headless(files: &[(String, String)]) -> Vec<String> {
    let says = |file: &str, text: &str| {
        let readme = file == "shared-runtime/src/lib.rs";
        text.starts_with("//!") || (readme && text.starts_with("#![doc = include_str!"))
    };
    let headless = files.iter().filter(|(file, text)| !says(file, text));
    headless.map(|(file, _)| file.clone()).collect()
}

/// Files of more than 500 lines, tests excepted.
fn overlong(files: &[(String, String)]) -> Vec<String> {
    let tests = |file: &str| file.starts_with("tests/") || file.contains("/tests/");
    let long = files
        .iter()
        .filter(|(file, text)| !tests(file) && text.lines().count() > 500);
    long.map(|(file, _)| file.clone()).collect()
}

/// The commands that begin with `command` in the shell blocks of a page.
fn commands<'a>(page: &'a str, command: &str) -> Vec<&'a str> {
    let blocks = page.split("\n```sh\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    lines.filter(|line| line.starts_with(command)).collect()
}

/// What stands between `open` and `close`, wherever that is, sorted.
fn between<'a>(text: &'a str, open: &str, close: char) -> Vec<&'a str> {
    let parts = text.split(open).skip(1);
    let mut found: Vec<&str> = parts.filter_map(|part| part.split(close).next()).collect();
    found.sort_unstable();
    found
}

/// The marks in a page by which a snippet of it would not be run. One that is nothing but an example is run as that.
fn excuses(page: &str) -> Vec<&str> {
    let mut excuses = Vec::new();
    let mut lines = page.lines().peekable();
    while let Some(line) = lines.next() {
        let marks = ["ignore", "no_run", "compile_fail", "should_panic"];
        let marked = line.starts_with("```") && marks.iter().any(|mark| line.contains(mark));
        let is_example = |inside: &&str| inside.starts_with("{{#include ../../examples/");
        if marked && !lines.peek().is_some_and(is_example) {
            excuses.push(line);
        }
    }
    excuses
}

/// The tests that a text names, as `a_test_has_three_words`, and that no file has.
fn missing_tests<'a>(text: &'a str, files: &[(String, String)]) -> Vec<&'a str> {
    let quoted = text.split('`').skip(1).step_by(2);
    let is_test = |name: &&str| {
        let words = name.trim_matches('_').split('_');
        words.count() > 2 && name.chars().all(|c| c.is_ascii_lowercase() || c == '_')
    };
    let exists = |name: &&str| {
        let head = format!("fn {name}()");
        files.iter().any(|(_, code)| code.contains(&head))
    };
    let missing = quoted.filter(is_test).filter(|name| !exists(name));
    missing.collect()
}

/// Files with tests that a plain `cargo test` passes over.
fn skipping(files: &[(String, String)]) -> Vec<String> {
    let skips = |text: &str| bare(text).contains("#[ignore");
    let skipping = files.iter().filter(|(_, text)| skips(text));
    skipping.map(|(file, _)| file.clone()).collect()
}

#[test]
fn no_test_is_skipped() {
    let advice = "a test that is not run says nothing; let it run, or take it out";
    expect_none(&skipping(&written()), advice);
}

#[test]
fn a_skipped_test_is_found() {
    let file = |text: &str| [("a.rs".to_owned(), text.to_owned())];
    assert_eq!(skipping(&file("#[test]\n#[ignore]\nfn a() {}")), ["a.rs"]);
    assert_eq!(skipping(&file("#[ignore = \"slow\"]")), ["a.rs"]);
    assert!(skipping(&file("f(\"#[ignore]\"); // #[ignore]")).is_empty());
}

#[test]
fn the_architecture_names_tests_that_exist() {
    let text = read("ARCHITECTURE.md");
    let missing = missing_tests(&text, &written());
    assert!(missing.is_empty(), "ARCHITECTURE.md: no test {missing:?}");
}

#[test]
fn a_test_that_is_gone_is_found() {
    let files = [("a.rs".to_owned(), "fn one_two_three() {}".to_owned())];
    let text = "`one_two_three`, `os/fork`, `__private`, `one_two_four`";
    assert_eq!(missing_tests(text, &files), ["one_two_four"]);
}

#[test]
fn every_file_says_what_it_is_for() {
    let advice = "begin each with a line or two of `//!`: what it is for, what it must not know";
    expect_none(&headless(&written()), advice);
}

#[test]
fn no_file_outgrows_its_purpose() {
    let advice = "more than 500 lines; split each by what it is about";
    expect_none(&overlong(&written()), advice);
}

#[test]
fn a_file_without_a_head_or_too_long_is_found() {
    let file = |name: &str, text: String| [(name.to_owned(), text)];
    let include = "#![doc = include_str!(\"../README.md\")]".to_owned();
    assert!(headless(&file("a.rs", "//! A.\n".to_owned())).is_empty());
    assert!(headless(&file("shared-runtime/src/lib.rs", include.clone())).is_empty());
    assert_eq!(headless(&file("a.rs", include)), ["a.rs"]);
    assert_eq!(headless(&file("a.rs", "// A.\n".to_owned())), ["a.rs"]);
    assert!(overlong(&file("a.rs", "\n".repeat(500))).is_empty());
    assert!(overlong(&file("tests/a.rs", "\n".repeat(501))).is_empty());
    assert_eq!(overlong(&file("a.rs", "\n".repeat(501))), ["a.rs"]);
}

#[test]
fn the_crates_show_the_readme_and_the_licences_of_the_project() {
    let same = |copy: String, original: &str| {
        let same = read(&copy) == read(original);
        assert!(same, "{copy} differs: link it to the root's {original}");
    };
    same("shared-runtime/README.md".to_owned(), "README.md");
    let published = |member: &String| {
        !read(format!("{member}/Cargo.toml").as_str()).contains("publish = false")
    };
    for member in members().into_iter().filter(published) {
        same(format!("{member}/LICENSE-MIT"), "LICENSE-MIT");
        same(format!("{member}/LICENSE-APACHE"), "LICENSE-APACHE");
    }
    let root = read("shared-runtime/src/lib.rs");
    let shows = root.starts_with("#![doc = include_str!(\"../README.md\")]");
    assert!(shows, "the README is the runtime's first page, and tested");
}

#[test]
fn the_readme_gives_the_test_command_that_is_run() {
    let readme = read("README.md");
    let commands = commands(&readme, "cargo test");
    assert_eq!(commands.len(), 1, "one `cargo test` in a ```sh block");
    let script = read(".ci/run");
    assert!(
        script.contains("open(\"README.md\")"),
        ".ci/run takes the command from the README, so that the two cannot differ"
    );
}

#[test]
fn a_command_counts_only_in_a_shell_block() {
    let page = "cargo test a\n```sh\ncargo test b\n```\ncargo test c\n```rust\ncargo test d\n```\n";
    assert_eq!(commands(page, "cargo test"), ["cargo test b"]);
}

#[test]
fn the_guide_is_tested_whole() {
    let (summary, tests) = (read("book/src/SUMMARY.md"), read("book/lib.rs"));
    let listed = between(&summary, "](", ')');
    let tested = between(&tests, "#[doc = include_str!(\"src/", '"');
    assert_eq!(listed, tested, "SUMMARY.md and book/lib.rs differ");
    let there = files("book/src");
    let pages = there
        .iter()
        .filter_map(|file| file.strip_prefix("book/src/"));
    let pages: Vec<&str> = pages.filter(|page| *page != "SUMMARY.md").collect();
    assert_eq!(listed, pages, "SUMMARY.md and the files of book/src differ");
    for page in pages {
        let text = read(format!("book/src/{page}"));
        let excuses = excuses(&text);
        assert!(
            excuses.is_empty(),
            "{page}: every snippet is run; {excuses:?}"
        );
    }
}

#[test]
fn a_page_that_is_not_tested_is_found() {
    assert_eq!(
        between("[B](b.md)\n- [A](a.md)", "](", ')'),
        ["a.md", "b.md"]
    );
    assert_eq!(excuses("```rust,no_run\n```\nignore"), ["```rust,no_run"]);
    assert!(excuses("```rust\n```").is_empty());
    let example = "```rust,ignore\n{{#include ../../examples/a.rs}}\n```";
    assert!(excuses(example).is_empty());
}

/// The variants of an enum, in its order.
fn variants<'a>(code: &'a str, name: &str) -> Vec<&'a str> {
    let head = format!("pub enum {name} {{\n");
    let body = code.split(&head).nth(1).unwrap_or_default();
    let lines = body.lines().take_while(|line| *line != "}").map(str::trim);
    lines
        .filter(|line| line.starts_with(char::is_uppercase))
        .map(|line| line.trim_end_matches(','))
        .collect()
}

/// The rows of a page's tables by their first cells, where that is a name; and what else they say.
fn named_rows(page: &str) -> Vec<(&str, Vec<&str>)> {
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    rows.filter_map(|row| row.split_once('`'))
        .map(|(name, rest)| {
            let cells = rest.trim_matches(['|', ' ']).split('|');
            (name, cells.map(str::trim).collect())
        })
        .collect()
}

#[test]
fn the_guide_has_a_row_for_every_kind_of_error() {
    let (page, code) = (
        read("book/src/error-table.md"),
        read("shared-runtime/src/error.rs"),
    );
    let rows = named_rows(&page);
    let named: Vec<&str> = rows.iter().map(|(name, _)| *name).collect();
    let kinds = variants(&code, "ErrorKind");
    assert!(!kinds.is_empty(), "there is no `ErrorKind` in error.rs");
    assert_eq!(
        kinds, named,
        "book/src/error-table.md: a row for each kind, in their order"
    );
    for (name, cells) in rows {
        let full = cells.len() == 3 && cells.iter().all(|cell| !cell.is_empty());
        assert!(full, "{name}: what happened, may it have run, what to do");
    }
    let executed = variants(&code, "Executed");
    for (name, cells) in named_rows(&page) {
        let says = executed
            .iter()
            .any(|word| cells[1].contains(&format!("`{word}`")));
        assert!(says, "{name}: what does `executed()` say?");
    }
}

#[test]
fn a_kind_without_a_row_is_found() {
    let code = "pub enum Kind {\n    /// One.\n    One,\n    #[doc(hidden)]\n    Two,\n}\npub enum B {\n    Three,\n}\n";
    assert_eq!(variants(code, "Kind"), ["One", "Two"]);
    let page = "| kind | what |\n|---|---|\n| `One` | it | `No` |\n";
    assert_eq!(named_rows(page), [("One", vec!["it", "`No`"])]);
}
