//! `tests/parity.md`: each of its rows names tests that exist, or the work that is to come. What a test shows is for people to say.

use std::collections::BTreeSet;

use super::files::{expect_none, files, read};
use super::source::bare;

/// What is to come, as the page may name it.
const TOPICS: [&str; 7] = [
    "traits, options and versions",
    "the ring transport",
    "processes, logs and pools",
    "shared memory",
    "collections and locks",
    "one instance per machine",
    "between machines",
];

/// The rows of a page's tables, less their heads.
fn rows(page: &str) -> Vec<&str> {
    let lines: Vec<&str> = page.lines().collect();
    let is_row = |line: &str| line.starts_with('|') && !line.starts_with("|---");
    let rows = lines.iter().enumerate().filter(|(at, line)| {
        let is_head = lines
            .get(at + 1)
            .is_some_and(|next| next.starts_with("|---"));
        is_row(line) && !is_head
    });
    rows.map(|(_, row)| *row).collect()
}

/// What is wrong with a row, given which tests there are.
fn fault(row: &str, exists: &dyn Fn(&str) -> bool) -> Option<String> {
    let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
    let [what, shown_by] = cells[..] else {
        return Some(format!("{row}: not two cells"));
    };
    if what.is_empty() || shown_by.is_empty() {
        return Some(format!("{row}: an empty cell"));
    }
    let parts: Vec<&str> = shown_by.split("; ").collect();
    let wrong = parts.iter().find_map(|part| {
        let wrong = match part.strip_prefix("later: ") {
            Some(later) => wrong_topic(later, parts.len() > 1),
            None => wrong_test(part, exists),
        };
        wrong.map(|wrong| format!("`{part}`: {wrong}"))
    });
    wrong.map(|wrong| format!("{what}: {wrong}"))
}

/// Where there is more than the topic, it says what is missing.
fn wrong_topic(later: &str, in_part: bool) -> Option<&'static str> {
    let (topic, missing) = later.split_once(" (").unwrap_or((later, ""));
    if !TOPICS.contains(&topic) {
        return Some("not a topic of tests/tidy/parity.rs");
    }
    let said = missing
        .strip_suffix(')')
        .is_some_and(|missing| !missing.is_empty());
    let said = said || (missing.is_empty() && !in_part);
    (!said).then_some("say in brackets, in three words, what is missing")
}

fn wrong_test(part: &str, exists: &dyn Fn(&str) -> bool) -> Option<&'static str> {
    match part
        .strip_prefix('`')
        .and_then(|name| name.strip_suffix('`'))
    {
        Some(name) if exists(name) => None,
        Some(_) => Some("there is no such test"),
        None => Some("neither a test in backticks nor `later: …`"),
    }
}

fn faults(page: &str, exists: &dyn Fn(&str) -> bool) -> Vec<String> {
    let rows = rows(page);
    rows.into_iter()
        .filter_map(|row| fault(row, exists))
        .collect()
}

/// The files that a test may be in, and its name there: `a::b::c` is `c` in a file for `a::b`.
fn places(name: &str) -> Option<(Vec<String>, &str)> {
    let (path, test) = name.rsplit_once("::")?;
    let (binary, modules) = path.split_once("::").unwrap_or((path, ""));
    let (folder, root) = match binary {
        "shared_runtime" | "shared_derive" => (format!("{}/src", binary.replace('_', "-")), "lib"),
        _ => (format!("tests/{binary}"), "main"),
    };
    if modules.is_empty() {
        return Some((vec![format!("{folder}/{root}.rs")], test));
    }
    let file = format!("{folder}/{}", modules.replace("::", "/"));
    Some((vec![format!("{file}.rs"), format!("{file}/mod.rs")], test))
}

/// Whether a file has a function of that name, marked as a test.
pub(crate) fn has_test(text: &str, name: &str) -> bool {
    let text = bare(text);
    let mut before = text.split(&format!("fn {name}()")).collect::<Vec<_>>();
    before.pop();
    before.into_iter().any(|before| {
        let lines = before.trim_end().lines().rev().map(str::trim);
        let mut marks = lines.take_while(|line| line.is_empty() || line.starts_with("#["));
        marks.any(|line| line == "#[test]")
    })
}

/// Whether the repository has what a page names: a test, a program, an example, or a case of what the macros say.
fn exists(name: &str, files: &BTreeSet<String>, read: &dyn Fn(&str) -> String) -> bool {
    if let Some(example) = name.strip_prefix("example ") {
        return files.contains(&format!("examples/{example}.rs"));
    }
    if let Some(case) = name.strip_prefix("case ") {
        return files.contains(&format!("tests/ui/{case}.rs"));
    }
    if let Some(program) = name.strip_prefix("programs::") {
        let mut lists = files
            .iter()
            .filter(|file| file.starts_with("tests/programs/"));
        return lists.any(|file| {
            let programs = read(file);
            let (_, list) = programs.split_once("const PROGRAMS").unwrap_or_default();
            let list = list.split("];").next().unwrap_or_default();
            list.contains(&format!("\"{program}\","))
        });
    }
    places(name).is_some_and(|(places, test)| {
        let mut places = places.iter().filter(|place| files.contains(*place));
        places.any(|place| has_test(&read(place), test))
    })
}

#[test]
fn every_row_of_the_parity_page_is_shown_or_to_come() {
    let page = read("tests/parity.md");
    let rows = rows(&page).len();
    assert!(rows > 100, "{rows} rows: are they still read?");
    let files: BTreeSet<String> = files("").into_iter().collect();
    let faults = faults(&page, &|name| exists(name, &files, &|file| read(file)));
    let advice = "tests/parity.md: name a test that exists, or what is to come";
    expect_none(&faults, advice);
}

#[test]
fn a_row_that_nothing_shows_is_found() {
    let page = "| what | shown by |\n|---|---|\n| calls | later: shared memory |\n\nText.\n";
    assert_eq!(rows(page), ["| calls | later: shared memory |"]);
    assert_eq!(faults("| calls", &|_| true).len(), 1, "half a row");
    let fault = |shown_by: &str| {
        let row = format!("| calls | {shown_by} |");
        fault(&row, &|name| name == "behaviour::calls::one").is_some()
    };
    for right in [
        "`behaviour::calls::one`",
        "`behaviour::calls::one`; later: shared memory (blocks)",
        "later: shared memory",
        "later: traits, options and versions (generics); later: shared memory (blocks)",
    ] {
        assert!(!fault(right), "{right}");
    }
    for wrong in [
        "",
        "behaviour::calls::one",
        "`behaviour::calls::two`",
        "`behaviour::calls::one`; `behaviour::calls::two`",
        "`behaviour::calls::one`; later: shared memory",
        "`behaviour::calls::one`; later: shared memory (blocks",
        "later: some day",
        "`behaviour::calls::one` | more",
    ] {
        assert!(fault(wrong), "{wrong}");
    }
}

#[test]
fn a_test_that_the_page_invents_is_found() {
    let text = |file: &str| match file {
        "tests/programs/main.rs" => {
            "const PROGRAMS: [P; 1] = [(\"one\", f)];\n(\"two\", f)".to_owned()
        }
        "tests/programs/a/mod.rs" => "const PROGRAMS: [P; 1] = [(\"three\", f)];".to_owned(),
        "tests/a/b.rs" => {
            "#[test]\n#[cfg(unix)]\nfn one() {}\nfn two() {}\n// #[test]\nfn three() {}".to_owned()
        }
        _ => "#[test]\nfn one() {}".to_owned(),
    };
    let files = [
        "examples/one.rs",
        "shared-runtime/src/os/fork.rs",
        "tests/a/b.rs",
        "tests/a/main.rs",
        "tests/a/c/mod.rs",
        "tests/programs/a/mod.rs",
        "tests/programs/main.rs",
        "tests/ui/pass/one.rs",
    ];
    let files: BTreeSet<String> = files.into_iter().map(str::to_owned).collect();
    for (name, there) in [
        ("a::b::one", true),
        ("a::c::one", true),
        ("a::one", true),
        ("shared_runtime::os::fork::one", true),
        ("programs::one", true),
        ("programs::three", true),
        ("example one", true),
        ("case pass/one", true),
        ("a::b::two", false),
        ("a::b::three", false),
        ("a::d::one", false),
        ("shared_derive::os::fork::one", false),
        ("programs::two", false),
        ("example two", false),
        ("case pass/two", false),
        ("one", false),
    ] {
        assert_eq!(exists(name, &files, &text), there, "{name}");
    }
}
