//! Versions stand in the root's `Cargo.toml`, once; members name them.

use super::files::{expect_none, members, read};

/// What every package takes from the workspace.
const TAKEN: [&str; 4] = ["version", "edition", "rust-version", "license"];

/// The lines of a manifest by the section they stand in. The workspace's own sections are where the versions are.
fn lines(manifest: &str) -> Vec<(&str, &str)> {
    let mut section = "";
    let mut found = Vec::new();
    for line in manifest.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line.trim_matches(['[', ']']);
        } else if !line.is_empty() && !line.starts_with('#') && !section.starts_with("workspace") {
            found.push((section, line));
        }
    }
    found
}

fn faults(manifest: &str) -> Vec<String> {
    let lines = lines(manifest);
    let missing = TAKEN
        .map(|key| format!("{key}.workspace = true"))
        .into_iter()
        .filter(|line| !lines.contains(&("package", line)));
    let missing = missing.map(|line| format!("no `{line}`"));
    let pinned = lines
        .iter()
        .filter(|(section, line)| is_dependency(section) && !is_taken(section, line));
    missing
        .chain(pinned.map(|(section, line)| format!("[{section}] `{line}`")))
        .collect()
}

/// Whether a section is one of dependencies, or that of one dependency.
fn is_dependency(section: &str) -> bool {
    section
        .split('.')
        .any(|part| part.ends_with("dependencies"))
}

fn is_taken(section: &str, line: &str) -> bool {
    section.ends_with("dependencies")
        && (line.ends_with(".workspace = true") || line.contains("{ workspace = true"))
}

#[test]
fn versions_stand_in_one_place() {
    for member in members().into_iter().chain([".".to_owned()]) {
        let faults = faults(&read(format!("{member}/Cargo.toml")));
        let advice =
            "versions stand in the root's [workspace] sections; write `….workspace = true`";
        expect_none(&faults, &format!("{member}/Cargo.toml: {advice}"));
    }
    let root = read("Cargo.toml");
    assert_eq!(root.matches("rust-version = \"").count(), 1);
}

#[test]
fn a_version_elsewhere_is_found() {
    let package: String = TAKEN
        .map(|key| format!("{key}.workspace = true\n"))
        .concat();
    let with = |more: &str| faults(&format!("[package]\n{package}{more}")).len();
    assert_eq!(with("[dependencies]\nlibc.workspace = true"), 0);
    let optional = "libc = { workspace = true, optional = true }";
    assert_eq!(with(&format!("[dependencies]\n# why\n{optional}")), 0);
    assert_eq!(with("[workspace.dependencies]\nlibc = \"2\""), 0);
    for pinned in [
        "libc = \"=0.2\"",
        "libc = { path = \"../libc\" }",
        "libc = { git = \"here\" }",
    ] {
        assert_eq!(with(&format!("[dev-dependencies]\n{pinned}")), 1);
        assert_eq!(with(&format!("[target.x.dependencies]\n{pinned}")), 1);
    }
    assert_eq!(with("[dependencies.libc]\nversion = \"2\""), 1);
    assert_eq!(faults("[package]\nversion = \"0.1.0\"").len(), 4);
}
