//! The files of the repository, as the checks see them.

use std::fs;
use std::path::{Path, PathBuf};

pub(crate) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

pub(crate) fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// All files below `folder`, by their paths from the root, in order.
pub(crate) fn files(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    gather(&root().join(folder), &mut found);
    found.sort();
    found
}

pub(crate) fn rust_files(folder: &str) -> Vec<String> {
    let is_rust = |file: &String| Path::new(file).extension().is_some_and(|end| end == "rs");
    files(folder).into_iter().filter(is_rust).collect()
}

fn gather(folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.is_dir() {
            found.push(path.strip_prefix(root()).unwrap().display().to_string());
        } else if !is_made(&path) {
            gather(&path, found);
        }
    }
}

/// Whether a folder is made by tools, and not by people.
fn is_made(folder: &Path) -> bool {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with('.') || name == "target" || folder.ends_with("book/html")
}

/// The Rust files that people write, with their texts: not the macro's cases, whose lines are counted, nor what it has written.
pub(crate) fn written() -> Vec<(String, String)> {
    let counted = |file: &str| file.starts_with("tests/ui/") && file != "tests/ui/main.rs";
    let generated = |file: &str| file.starts_with("shared-derive/src/snapshots/");
    let files = rust_files("").into_iter();
    files
        .filter(|file| !counted(file) && !generated(file))
        .map(|file| (file.clone(), read(&file)))
        .collect()
}

/// The folders of the crates that are published.
pub(crate) fn members() -> Vec<String> {
    let manifest = read("Cargo.toml");
    let line = manifest.lines().find(|line| line.starts_with("members = "));
    let names = line
        .expect("Cargo.toml lists its members on one line")
        .split('"');
    let names = names.skip(1).step_by(2).filter(|name| *name != ".");
    names.map(str::to_owned).collect()
}

/// Fails if there are `faults`, with what to do about them.
pub(crate) fn expect_none(faults: &[String], advice: &str) {
    assert!(faults.is_empty(), "{advice}:\n  {}", faults.join("\n  "));
}
