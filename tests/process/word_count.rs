//! The first program on 20 MB of real text, against a count by a single process.

use std::collections::HashMap;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use super::leftovers::NothingLeft;
use super::programs::{built, run};

const SIZE: usize = 20_000_000;

#[test]
fn four_processes_count_twenty_megabytes_like_one() {
    let _nothing_left = NothingLeft::watch();
    let folder = std::env::temp_dir().join(format!("shared-words-{}", std::process::id()));
    fs::create_dir(&folder).unwrap();
    let text = real_text();
    let files: Vec<PathBuf> = (0..8).map(|n| folder.join(format!("{n}.txt"))).collect();
    // Cut between lines, where no word is.
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    for (file, lines) in files
        .iter()
        .zip(lines.chunks(lines.len().div_ceil(files.len())))
    {
        fs::write(file, lines.concat()).unwrap();
    }
    let arguments: Vec<&str> = files.iter().map(|file| file.to_str().unwrap()).collect();
    let output = run(&built("examples", "word_count"), &arguments);
    fs::remove_dir_all(&folder).unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{printed}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert_eq!(printed, expected(&text, files.len()));
}

/// The same count, written another way.
fn expected(text: &str, files: usize) -> String {
    let mut counts: HashMap<String, u64> = HashMap::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_alphabetic() {
            word.extend(c.to_lowercase());
        } else if !word.is_empty() {
            *counts.entry(std::mem::take(&mut word)).or_default() += 1;
        }
    }
    let total: u64 = counts.values().sum();
    let mut sorted: Vec<_> = counts.into_iter().collect();
    sorted.sort_by(|(a, m), (b, n)| (n, a).cmp(&(m, b)));
    let mut printed = format!("{total} words in {files} files, counted by 4 processes\n");
    for (word, n) in &sorted[..10] {
        writeln!(printed, "{n:>9}  {word}").unwrap();
    }
    printed
}

/// Twenty megabytes of what people wrote: this project's own text, then the sources of the crates it is built from, which
/// every machine that can build it has; again from the start if that is not enough.
fn real_text() -> String {
    let mut folders = vec![
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("book"),
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("shared-runtime/src"),
    ];
    folders.extend(sources_of_dependencies());
    let mut text = String::new();
    while text.len() < SIZE {
        let before = text.len();
        for folder in &folders {
            append(folder, &mut text);
        }
        assert!(text.len() > before, "there is text in {folders:?}");
    }
    text
}

fn append(folder: &Path, text: &mut String) {
    let Ok(entries) = fs::read_dir(folder) else {
        return;
    };
    let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    paths.sort();
    for path in paths {
        if text.len() >= SIZE {
            return;
        }
        if path.is_dir() {
            append(&path, text);
        } else if path
            .extension()
            .is_some_and(|extension| extension == "md" || extension == "rs")
            && let Ok(file) = fs::read_to_string(&path)
        {
            text.push_str(&file);
            text.push('\n');
        }
    }
}

/// As Cargo tells where they are.
fn sources_of_dependencies() -> Vec<PathBuf> {
    let output = std::process::Command::new(env!("CARGO"))
        .args([
            "metadata",
            "--format-version",
            "1",
            "--offline",
            "--manifest-path",
        ])
        .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
        .output()
        .unwrap();
    let metadata = String::from_utf8(output.stdout).unwrap();
    let paths = metadata
        .split("\"manifest_path\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let mut folders: Vec<PathBuf> = paths
        .filter_map(|path| Path::new(path).parent())
        .map(|path| path.join("src"))
        .collect();
    folders.sort();
    folders
}
