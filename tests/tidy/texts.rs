//! Texts that must agree, and the form of files.

use super::files::{read, root, rust_files};

/// The files that people write: not the macro's cases, whose lines are counted, nor what it has written.
fn written() -> Vec<String> {
    let folders = [
        "book",
        "examples",
        "shared-derive",
        "shared-runtime",
        "tests",
    ];
    let files = folders.iter().flat_map(|folder| rust_files(folder));
    files
        .filter(|file| {
            !file.contains("/snapshots/")
                && (!file.starts_with("tests/ui/") || file == "tests/ui/main.rs")
        })
        .collect()
}

#[test]
fn every_file_says_what_it_is_for() {
    for file in written() {
        let text = read(&file);
        let head = text.starts_with("//!") || text.starts_with("#![doc = include_str!");
        assert!(head, "{file} has no `//!` at its head: say what it is for");
    }
}

#[test]
fn no_file_outgrows_its_purpose() {
    for file in written()
        .into_iter()
        .filter(|file| !file.starts_with("tests/") && !file.contains("/tests/"))
    {
        let lines = read(&file).lines().count();
        assert!(
            lines <= 500,
            "{file} has {lines} lines: is it about one thing?"
        );
    }
}

#[test]
fn the_crates_show_the_readme_and_the_licences_of_the_project() {
    assert_eq!(read("shared-runtime/README.md"), read("README.md"));
    assert!(
        read("shared-runtime/src/lib.rs").starts_with("#![doc = include_str!(\"../README.md\")]")
    );
    for member in ["shared-runtime", "shared-derive"] {
        for licence in ["LICENSE-MIT", "LICENSE-APACHE"] {
            assert_eq!(read(format!("{member}/{licence}")), read(licence));
        }
    }
}

#[test]
fn the_readme_gives_the_test_command_that_is_run() {
    let readme = read("README.md");
    let commands: Vec<&str> = readme
        .lines()
        .filter(|line| line.starts_with("cargo test"))
        .collect();
    assert_eq!(commands.len(), 1, "{commands:?}");
    assert!(
        read(".ci/run").contains("open(\"README.md\")"),
        "the script takes the command from the README"
    );
}

#[test]
fn every_case_of_the_macros_messages_is_named_after_a_rule() {
    let sources: String = rust_files("shared-derive/src").iter().map(read).collect();
    let cases = rust_files("tests/ui");
    let rejected: Vec<&String> = cases
        .iter()
        .filter(|case| *case != "tests/ui/main.rs" && !case.starts_with("tests/ui/pass/"))
        .collect();
    assert!(rejected.len() > 10, "{rejected:?}");
    for case in rejected {
        let rule = case.rsplit('/').next().unwrap().trim_end_matches(".rs");
        assert!(
            sources.contains(&format!("fn {rule}(")),
            "{case}: shared-derive has no rule `{rule}`"
        );
        assert!(
            root().join(case.replace(".rs", ".stderr")).exists(),
            "{case} has no .stderr"
        );
    }
}

#[test]
fn versions_stand_in_one_place() {
    for member in ["shared-runtime", "shared-derive"] {
        for line in read(format!("{member}/Cargo.toml")).lines() {
            let key = line.split(['=', ' ']).next().unwrap_or_default();
            let fixed = ["version", "edition", "rust-version", "license"].contains(&key);
            assert!(!fixed, "{member}: `{line}`; write `{key}.workspace = true`");
            let pinned = line.contains("version = \"")
                || line
                    .split(" = ")
                    .nth(1)
                    .is_some_and(|value| value.starts_with("\"0") || value.starts_with("\"1"));
            assert!(
                !pinned,
                "{member}: `{line}`; versions stand in the root's Cargo.toml"
            );
        }
    }
    let root = read("Cargo.toml");
    assert_eq!(root.matches("rust-version = \"").count(), 1);
}

#[test]
fn the_guide_is_tested_whole() {
    let summary = read("book/src/SUMMARY.md");
    let mut listed: Vec<&str> = summary
        .split("](")
        .skip(1)
        .filter_map(|rest| rest.split(')').next())
        .collect();
    let included = read("book/lib.rs");
    let mut tested: Vec<&str> = included
        .split("include_str!(\"src/")
        .skip(1)
        .filter_map(|rest| rest.split('"').next())
        .collect();
    listed.sort_unstable();
    tested.sort_unstable();
    assert_eq!(
        listed, tested,
        "SUMMARY.md and book/lib.rs name the same pages"
    );
    for page in &listed {
        let text = read(format!("book/src/{page}"));
        let excused = [
            "```rust,ignore",
            "```rust,no_run",
            "```ignore",
            "```no_run",
            "should_panic",
        ];
        assert!(
            excused.iter().all(|mark| !text.contains(mark)),
            "{page}: every snippet is run"
        );
    }
}
