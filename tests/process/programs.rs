//! Programs that Cargo built beside these tests, run as a person would.

use std::path::PathBuf;
use std::process::{Command, Output};

/// A program that Cargo built beside these tests.
pub fn built(folder: &str, name: &str) -> PathBuf {
    let tests = std::env::current_exe().unwrap();
    let profile = tests.parent().and_then(std::path::Path::parent).unwrap();
    profile.join(folder).join(name)
}

pub fn run(program: &PathBuf, arguments: &[&str]) -> Output {
    let output = Command::new(program).args(arguments).output();
    output.unwrap_or_else(|error| {
        panic!(
            "{}: {error}; `cargo test` without a filter builds the examples",
            program.display()
        )
    })
}
