//! `tests/parity.md` names, for each thing that users of earlier systems know, the tests that show it. They must exist.

use std::path::Path;

use super::files::{read, root};

/// What may be shown later.
const SUBJECTS: [&str; 7] = [
    "traits, options and versions",
    "the ring transport",
    "processes, logs and pools",
    "shared memory",
    "collections and locks",
    "one instance per machine",
    "between machines",
];

/// The rows of a page's tables: what, and what shows it.
fn rows(page: &str) -> Vec<(&str, &str)> {
    let cells = page.lines().filter_map(|line| {
        let row = line.strip_prefix("| ")?.strip_suffix(" |")?;
        row.split_once(" | ")
    });
    cells
        .filter(|(what, _)| *what != "what" && !what.starts_with('-'))
        .collect()
}

/// What is wrong with a row, if anything is.
fn fault((what, shown): (&str, &str), exists: &dyn Fn(&str) -> bool) -> Option<String> {
    let (tests, later) = match shown.split_once("later: ") {
        Some((tests, later)) => (tests, Some(later)),
        None => (shown, None),
    };
    let subject = later.map(|later| later.split(" (").next().unwrap_or(later));
    if let Some(subject) = subject.filter(|subject| !SUBJECTS.contains(subject)) {
        return Some(format!("{what}: no subject {subject:?}"));
    }
    let named: Vec<&str> = tests.split('`').skip(1).step_by(2).collect();
    if named.is_empty() && later.is_none() {
        return Some(format!("{what}: shown by nothing"));
    }
    let missing = named.into_iter().find(|name| !exists(name));
    missing.map(|name| format!("{what}: no test {name}"))
}

/// Whether there is a test, an example or a program of this name.
fn exists(name: &str) -> bool {
    let there = |path: String| root().join(path).exists();
    if let Some(example) = name.strip_prefix("example ") {
        return there(format!("examples/{example}.rs")) || there(format!("examples/{example}"));
    }
    if let Some(program) = name.strip_prefix("program ") {
        return read("tests/programs/main.rs").contains(&format!("\"{program}\""));
    }
    let parts: Vec<&str> = name.split("::").collect();
    match parts[..] {
        ["ui", folder, case] => there(format!("tests/ui/{folder}/{case}.rs")),
        [binary, module, test] => {
            let file = format!("tests/{binary}/{module}");
            let file = [format!("{file}.rs"), format!("{file}/mod.rs")]
                .into_iter()
                .find(|file| there(file.clone()));
            file.is_some_and(|file| is_test(&read(Path::new(&file)), test))
        }
        _ => false,
    }
}

/// Whether the file has a function of this name under `#[test]`.
fn is_test(text: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    let mut lines = text.lines().map(str::trim);
    while lines.any(|line| line == "#[test]") {
        let function = lines.find(|line| !line.starts_with("#["));
        if function.is_some_and(|line| line.starts_with(&head)) {
            return true;
        }
    }
    false
}

#[test]
fn what_earlier_systems_can_do_is_shown_or_has_a_subject() {
    let page = read("tests/parity.md");
    let rows = rows(&page);
    assert!(rows.len() > 100, "{} rows", rows.len());
    let faults: Vec<String> = rows
        .into_iter()
        .filter_map(|row| fault(row, &exists))
        .collect();
    assert!(faults.is_empty(), "tests/parity.md: {faults:#?}");
}

/// A section for each system, with all that is known of it.
#[test]
fn no_table_is_empty() {
    let page = read("tests/parity.md");
    let sections: Vec<&str> = page.split("\n## ").skip(1).collect();
    assert_eq!(sections.len(), 5);
    for section in sections {
        assert!(rows(section).len() >= 7, "{}", &section[..20]);
    }
}

#[test]
fn a_row_that_is_shown_by_nothing_is_found() {
    let known = |name: &str| name == "a::b::c";
    let faulty = |shown| fault(("x", shown), &known).is_some();
    assert!(!faulty("`a::b::c`") && !faulty("later: shared memory (all)"));
    assert!(!faulty("`a::b::c`; later: the ring transport"));
    assert!(faulty("") && faulty("soon") && faulty("`a::b::d`") && faulty("later: never"));
    assert!(is_test(
        "#[test]\nfn a() {}\n#[test]\n#[should_panic]\nfn b() {}",
        "b"
    ));
    assert!(!is_test("#[test]\nfn a() {}\nfn b() {}", "b"));
}
