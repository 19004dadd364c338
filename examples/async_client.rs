//! A search over three servers from one thread: documents are handed out without waiting, and every question is asked everywhere at once.
//!
//! `cargo run --example async_client`
#![forbid(unsafe_code)]

use std::collections::HashMap;

use shared_runtime::{Error, ServerProcess, Shared, shared};

/// A part of the documents, in a server of its own.
#[derive(Debug, Default)]
pub struct Shelf {
    /// The titles by the words in them.
    titles: HashMap<String, Vec<String>>,
}

#[shared]
impl Shelf {
    /// An empty one.
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes a title in; returns how many words it added.
    pub fn put(&mut self, title: &str) -> usize {
        let words = title.split_whitespace().map(str::to_lowercase);
        let mut added = 0;
        for word in words {
            self.titles.entry(word).or_default().push(title.to_owned());
            added += 1;
        }
        added
    }

    /// The titles with this word.
    pub fn find(&self, word: &str) -> Vec<String> {
        self.titles.get(word).cloned().unwrap_or_default()
    }
}

const TITLES: [&str; 7] = [
    "The Sea Wolf",
    "Old Man and the Sea",
    "Wolf Hall",
    "The Old Curiosity Shop",
    "Great Expectations",
    "The Great Gatsby",
    "Steppenwolf",
];

/// Asks all shelves at the same time.
async fn search(shelves: &[Shared<Shelf>], word: &str) -> Result<Vec<String>, Error> {
    let asked: Vec<_> = shelves
        .iter()
        .map(|shelf| tokio::spawn(Shared::calls(shelf).find(word).into_future()))
        .collect();
    let mut found = Vec::new();
    for answer in asked {
        found.extend(answer.await.expect("it only waits")?);
    }
    found.sort();
    Ok(found)
}

#[shared_runtime::main]
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let servers: Vec<ServerProcess> = (0..3)
        .map(|_| ServerProcess::start())
        .collect::<Result<_, _>>()?;
    let shelves: Vec<Shared<Shelf>> = servers
        .iter()
        .map(|server| Shelf::new_in(server))
        .collect::<Result<_, _>>()?;

    // All are on their way before the first answer is looked at.
    let put: Vec<_> = TITLES
        .iter()
        .zip(shelves.iter().cycle())
        .map(|(title, shelf)| Shared::calls(shelf).put(title).start())
        .collect();
    let mut words = 0;
    for added in put {
        words += added.await?;
    }
    println!("{words} words on {} shelves", shelves.len());

    let (sea, wolf, old) = tokio::join!(
        search(&shelves, "sea"),
        search(&shelves, "wolf"),
        search(&shelves, "old"),
    );
    println!("sea: {}", sea?.join(", "));
    println!("wolf: {}", wolf?.join(", "));
    println!("old: {}", old?.join(", "));
    Ok(())
}
