//! What the macros accept and what they say when they do not: one case for each rule, filed by subject and named after the rule.
//! `TRYBUILD=overwrite cargo test --test ui` writes what they say now.

#[test]
fn cases() {
    let cases = trybuild::TestCases::new();
    cases.pass("tests/ui/pass/*.rs");
    for subject in [
        "attributes",
        "function",
        "generics",
        "impl",
        "main_fn",
        "task",
        "trait",
        "types",
    ] {
        cases.compile_fail(format!("tests/ui/{subject}/*.rs"));
    }
}
