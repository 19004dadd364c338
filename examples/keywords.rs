//! Finds the words that each of many text files is about, with a pool of processes, a progress bar and what the workers log above it.
//!
//! `cargo run --example keywords [FILE…]`: without files, the guide of this project.
#![forbid(unsafe_code)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::{fs, io};

use indicatif::ProgressBar;
use log::{LevelFilter, Log, Metadata, Record};
use shared_runtime::logs::Origin;
use shared_runtime::{Context, Pool, Report, ServerProcess, Shared, shared, task};

/// How many words are told of each file.
const TOLD: usize = 3;

/// In how many files each word stands. All workers ask one and the same.
#[derive(Debug, Default)]
pub struct Corpus {
    files: u32,
    with: BTreeMap<String, u32>,
}

#[shared]
impl Corpus {
    /// Knows of no file yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a file with these words.
    pub fn add(&mut self, words: &BTreeSet<String>) {
        self.files += 1;
        for word in words {
            *self.with.entry(word.clone()).or_default() += 1;
        }
    }

    /// How much it says about a file that it has each of these words: the less, the more others have it.
    pub fn weights(&self, words: Vec<String>) -> Vec<f64> {
        let files = f64::from(self.files);
        let with = |word: &String| f64::from(self.with.get(word).copied().unwrap_or(1));
        words.iter().map(|word| (files / with(word)).ln()).collect()
    }
}

/// Writes what this program and its workers log on standard error, above the bar.
struct Above(ProgressBar);

impl Log for Above {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let origin = Origin::of(record);
        self.0
            .suspend(|| eprintln!("[{}] {}", origin.process(), record.args()));
    }

    fn flush(&self) {}
}

/// How often each word stands in a file.
fn count(file: &Path) -> Result<BTreeMap<String, u32>, Report> {
    let text = fs::read_to_string(file).context(file.display().to_string())?;
    let mut words = BTreeMap::new();
    for word in text.split(|c: char| !c.is_alphabetic()) {
        if word.len() > 3 {
            *words.entry(word.to_lowercase()).or_default() += 1;
        }
    }
    Ok(words)
}

/// The first stage.
#[task]
fn words(file: PathBuf) -> Result<BTreeSet<String>, Report> {
    let words: BTreeSet<String> = count(&file)?.into_keys().collect();
    log::info!("{}: {} words", file.display(), words.len());
    Ok(words)
}

/// The second stage, when all files have been through the first.
#[task]
fn keywords(file: PathBuf, corpus: Shared<Corpus>) -> Result<Vec<String>, Report> {
    let words: Vec<(String, u32)> = count(&file)?.into_iter().collect();
    let weights = corpus.weights(words.iter().map(|(word, _)| word.clone()).collect())?;
    let scores = weights
        .iter()
        .zip(&words)
        .map(|(w, (_, n))| w * f64::from(*n));
    let mut ranked: Vec<_> = scores.zip(words.iter().map(|(word, _)| word)).collect();
    ranked.sort_by(|(a, _), (b, _)| b.total_cmp(a));
    Ok(ranked
        .into_iter()
        .map(|(_, word)| word.clone())
        .take(TOLD)
        .collect())
}

#[shared_runtime::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut files = files()?;
    // Drawn on standard error, and only where that is a terminal.
    let bar = ProgressBar::new(2 * files.len() as u64);
    log::set_boxed_logger(Box::new(Above(bar.clone())))?;
    log::set_max_level(LevelFilter::Info);
    let server = ServerProcess::start()?;
    let corpus = Corpus::new_in(&server)?;
    let pool = Pool::start()?;

    let mut readable = BTreeSet::new();
    let calls = files.iter().map(|file| words::call(file.clone()));
    for (words, file) in pool.map(calls).zip(&files) {
        bar.set_position(pool.progress().done);
        match words {
            Ok(words) => {
                corpus.add(&words)?;
                readable.insert(file.clone());
            }
            Err(error) => bar.suspend(|| println!("left out: {error}")),
        }
    }
    files.retain(|file| readable.contains(file));
    bar.set_length(pool.progress().done + files.len() as u64);

    // Files differ in length, so each worker is given the next when it has done one.
    let calls = files
        .iter()
        .map(|file| keywords::call(file.clone(), corpus.clone()));
    for (keywords, file) in pool.map(calls).zip(&files) {
        bar.set_position(pool.progress().done);
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let line = format!("{name}: {}", keywords?.join(", "));
        bar.suspend(|| println!("{line}"));
    }
    bar.finish_and_clear();
    let progress = pool.progress();
    println!("{} jobs, {} failed", progress.done, progress.failed);
    Ok(())
}

/// The files named on the command line, or the pages of the guide.
fn files() -> io::Result<Vec<PathBuf>> {
    let named: Vec<PathBuf> = std::env::args_os().skip(1).map(PathBuf::from).collect();
    if !named.is_empty() {
        return Ok(named);
    }
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("book/src");
    let mut found = Vec::new();
    for entry in fs::read_dir(guide)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
