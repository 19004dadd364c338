//! One trait, three ways to have it: a value in this process, an object in another, and a value here that asks the other and remembers.
//! The code that uses a dictionary cannot tell them apart.
//!
//! `cargo run --example dictionary`

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use shared_runtime::{Error, ServerProcess, Shared, shared};

/// A dictionary, wherever it is.
#[shared]
pub trait Dictionary {
    /// The word in the other language.
    ///
    /// # Errors
    ///
    /// `Unknown`, or what went wrong on the way.
    fn translate(&self, word: &str) -> Result<String, LookupError>;

    /// Adds a word, and returns how many there are.
    ///
    /// # Errors
    ///
    /// What went wrong on the way.
    fn learn(&mut self, word: &str, translation: &str) -> Result<usize, LookupError>;

    /// All words of a text. A dictionary in another process does this there, in one call.
    ///
    /// # Errors
    ///
    /// As [`translate`](Dictionary::translate).
    fn translate_all(&self, text: &str) -> Result<String, LookupError> {
        let words = text.split(' ').map(|word| self.translate(word));
        Ok(words.collect::<Result<Vec<_>, _>>()?.join(" "))
    }
}

/// Why there is no translation. A call can fail, so a shared trait's errors can be made from an [`Error`].
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum LookupError {
    /// The word is not in the dictionary.
    Unknown(String),
    /// The dictionary could not be asked.
    Call(Error),
}

impl From<Error> for LookupError {
    fn from(error: Error) -> Self {
        Self::Call(error)
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unknown(word) => write!(f, "no translation of `{word}`"),
            Self::Call(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for LookupError {}

/// A dictionary in memory.
#[derive(Debug, Default)]
pub struct Memory {
    words: BTreeMap<String, String>,
    lookups: std::sync::atomic::AtomicUsize,
}

// What only this kind can do, and how it is made in another process.
#[shared]
impl Memory {
    /// An empty one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How often it was asked.
    #[must_use]
    pub fn lookups(&self) -> usize {
        self.lookups.load(std::sync::atomic::Ordering::Relaxed)
    }
}

// That objects of this type are dictionaries too, for other processes.
#[shared]
impl Dictionary for Memory {
    fn translate(&self, word: &str) -> Result<String, LookupError> {
        self.lookups
            .fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let found = self.words.get(word).cloned();
        found.ok_or_else(|| LookupError::Unknown(word.to_owned()))
    }

    fn learn(&mut self, word: &str, translation: &str) -> Result<usize, LookupError> {
        self.words.insert(word.to_owned(), translation.to_owned());
        Ok(self.words.len())
    }
}

/// Asks another dictionary once for each word. Nothing here knows of processes.
#[derive(Debug, Default)]
struct Remembering<D> {
    other: D,
    seen: std::sync::Mutex<BTreeMap<String, String>>,
}

impl<D: Dictionary> Dictionary for Remembering<D> {
    fn translate(&self, word: &str) -> Result<String, LookupError> {
        let mut seen = self.seen.lock().expect("no panic while it is held");
        if let Some(translation) = seen.get(word) {
            return Ok(translation.clone());
        }
        let translation = self.other.translate(word)?;
        seen.insert(word.to_owned(), translation.clone());
        Ok(translation)
    }

    fn learn(&mut self, word: &str, translation: &str) -> Result<usize, LookupError> {
        self.seen.get_mut().expect("as above").remove(word);
        self.other.learn(word, translation)
    }
}

/// What a user of dictionaries does.
fn use_it(what: &str, dictionary: &mut impl Dictionary) -> Result<(), LookupError> {
    for (word, translation) in [("der", "the"), ("alte", "old"), ("Baum", "tree")] {
        dictionary.learn(word, translation)?;
    }
    let text = dictionary.translate_all("der alte alte Baum")?;
    let missing = dictionary.translate("Zaun").unwrap_err();
    println!("{what}: {text}; {missing}");
    Ok(())
}

#[shared_runtime::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    use_it("a value", &mut Memory::new())?;

    let server = ServerProcess::builder().name("library").start()?;
    let memory = Memory::new_in(&server)?;
    let mut remote = Shared::cast::<dyn Dictionary>(&memory);
    use_it("an object of the library", &mut remote)?;
    println!("the library looked {} words up", memory.lookups()?);

    let mut remembering = Remembering {
        other: remote.clone(),
        seen: std::sync::Mutex::default(),
    };
    use_it("a value that asks the library", &mut remembering)?;
    println!("the library looked {} words up", memory.lookups()?);

    // A dictionary of this process, handed to others: nobody needs to know what it is.
    let own = Shared::<dyn Dictionary>::new_dyn(remembering);
    println!("{} of this process", own.translate("Baum")?);

    server.shutdown()?;
    println!("without the library: {}", remote.translate("Baum").is_err());
    println!("remembered: {}", own.translate("Baum")?);
    Ok(())
}
