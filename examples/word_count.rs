//! Counts the words of text files with several processes, into one tally that they share.
//!
//! `cargo run --example word_count [FILE…]`: without files, the Markdown of this project.
#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use shared_runtime::{Report, ServerProcess, Shared, shared, task};

/// How many processes count.
const COUNTERS: usize = 4;

/// How many lines a process counts by itself before it adds them to the tally.
const LINES: usize = 10_000;

/// How often each word was seen. It lives in the server; everybody else holds a handle.
#[derive(Debug, Default)]
pub struct Tally {
    words: HashMap<String, u64>,
}

#[shared]
impl Tally {
    /// Nothing counted yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds what one process has counted.
    pub fn add(&mut self, counted: &HashMap<String, u64>) {
        for (word, n) in counted {
            *self.words.entry(word.clone()).or_default() += n;
        }
    }

    /// The `n` most frequent words; of equally frequent ones the first in the alphabet.
    pub fn top(&self, n: usize) -> Vec<(String, u64)> {
        let mut words: Vec<_> = self
            .words
            .iter()
            .map(|(word, n)| (word.clone(), *n))
            .collect();
        words.sort_by(|(a, m), (b, n)| n.cmp(m).then(a.cmp(b)));
        words.truncate(n);
        words
    }
}

/// Runs in a process of its own; the tally is where it always was.
#[task]
fn count(files: Vec<PathBuf>, tally: Shared<Tally>) -> Result<u64, Report> {
    let mut total = 0;
    for file in files {
        let mut lines = BufReader::new(File::open(file)?).lines();
        loop {
            let mut counted: HashMap<String, u64> = HashMap::new();
            for line in lines.by_ref().take(LINES) {
                for word in words(&line?) {
                    *counted.entry(word).or_default() += 1;
                }
            }
            if counted.is_empty() {
                break;
            }
            total += counted.values().sum::<u64>();
            tally.add(&counted)?;
        }
    }
    Ok(total)
}

fn words(line: &str) -> impl Iterator<Item = String> {
    line.split(|c: char| !c.is_alphabetic())
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}

#[shared_runtime::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let files = files()?;
    let server = ServerProcess::start()?;
    let tally = Tally::new_in(&server)?;

    let mut counters = Vec::new();
    for files in files.chunks(files.len().div_ceil(COUNTERS).max(1)) {
        counters.push(count::spawn(files.to_vec(), tally.clone())?);
    }
    let processes = counters.len();
    let mut total = 0;
    for counter in counters {
        total += counter.join()?;
    }

    println!(
        "{total} words in {} files, counted by {processes} processes",
        files.len()
    );
    for (word, n) in tally.top(10)? {
        println!("{n:>9}  {word}");
    }
    Ok(())
}

/// The files named on the command line, or this project's Markdown.
fn files() -> std::io::Result<Vec<PathBuf>> {
    let named: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let mut found = Vec::new();
    for folder in [".", "book/src"] {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "md") {
                found.push(path);
            }
        }
    }
    found.sort();
    Ok(found)
}
