//! The cases of what the macros say, `tests/ui/<subject>/<rule>.rs`: each shows a rule, and each is run.

use super::files::{expect_none, files, read};
use super::graph::modules;

/// What is wrong with a case, given all files of `tests/ui`, the code of the macros, and the file that runs the cases.
fn fault(case: &str, files: &[String], macros: &str, runner: &str) -> Option<String> {
    let inside = case.strip_prefix("tests/ui/")?;
    let (subject, name) = inside.split_once('/')?;
    let (rule, kind) = name.rsplit_once('.')?;
    let has = |file: &str| files.iter().any(|there| there == file);
    match kind {
        _ if !runner.contains(&format!("\"{subject}\"")) => {
            Some(format!("{case}: tests/ui/main.rs does not run `{subject}`"))
        }
        "stderr" if !has(&case.replace(".stderr", ".rs")) => {
            Some(format!("{case}: its case is gone"))
        }
        "rs" if !has(&case.replace(".rs", ".stderr")) => Some(format!("{case}: no .stderr")),
        "rs" if !is_rule(rule, macros) => Some(format!(
            "{case}: no rule `fn {rule}` in shared-derive, and no such trait or function in shared-runtime"
        )),
        _ => None,
    }
}

/// A rule is a function of the macros, or what the compiler complains about: a function with a bound, or a trait with its own words.
fn is_rule(rule: &str, code: &str) -> bool {
    let words = rule.split('_').map(|word| {
        let (first, rest) = word.split_at(1);
        first.to_uppercase() + rest
    });
    let name: String = words.collect();
    ["(", "<"]
        .map(|after| format!("fn {rule}{after}"))
        .iter()
        .any(|found| code.contains(found))
        || [":", "<"]
            .map(|after| format!("pub trait {name}{after}"))
            .iter()
            .any(|found| code.contains(found))
}

fn faults(files: &[String], macros: &str, runner: &str) -> Vec<String> {
    let rejected = files
        .iter()
        .filter(|file| !file.starts_with("tests/ui/pass/"));
    rejected
        .filter_map(|case| fault(case, files, macros, runner))
        .collect()
}

#[test]
fn every_case_of_the_macros_messages_is_named_after_a_rule() {
    let mut macros: String = modules("shared-derive/src").into_values().collect();
    for said in [
        "__private",
        "interface/travel",
        "shared",
        "snapshot",
        "traits",
    ] {
        macros += &read(["shared-runtime/src/", said, ".rs"].concat().as_str());
    }
    let cases = files("tests/ui");
    assert!(cases.len() > 20, "{cases:?}");
    let faults = faults(&cases, &macros, &read("tests/ui/main.rs"));
    let advice = "name a case after the function that checks its rule, and let \
                  `TRYBUILD=overwrite cargo test --test ui` write its .stderr";
    expect_none(&faults, advice);
}

#[test]
fn a_misnamed_case_is_found() {
    let found = |names: &[&str]| {
        let files: Vec<String> = names
            .iter()
            .map(|name| format!("tests/ui/{name}"))
            .collect();
        faults(&files, "fn is_free() {}", "for subject in [\"task\"]").len()
    };
    assert_eq!(
        found(&[
            "main.rs",
            "pass/a.rs",
            "task/is_free.rs",
            "task/is_free.stderr"
        ]),
        0
    );
    assert_eq!(found(&["task/is_free.rs"]), 1);
    assert_eq!(found(&["task/is_free.stderr"]), 1);
    assert_eq!(found(&["task/number_3.rs", "task/number_3.stderr"]), 1);
    assert_eq!(found(&["impl/is_free.rs", "impl/is_free.stderr"]), 2);
}
