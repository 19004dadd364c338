//! A method returns plain data with live objects in it: what is plain is a copy, what is a handle stays shared.
//!
//! `cargo run --example live_data`
#![forbid(unsafe_code)]

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shared_runtime::{Error, ServerProcess, Shared, shared, task};

/// A list that several processes add to.
#[derive(Debug, Default)]
pub struct Names {
    names: Vec<String>,
}

#[shared]
impl Names {
    /// With these to begin with.
    pub fn of(names: Vec<String>) -> Self {
        Self { names }
    }

    /// One more.
    pub fn push(&mut self, name: &str) {
        self.names.push(name.to_owned());
    }

    /// All so far.
    pub fn all(&self) -> Vec<String> {
        self.names.clone()
    }
}

/// What a worker hands out: plain in some places, live in others.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Data {
    /// Who it is about.
    pub name: String,
    /// A copy: whoever changes it changes their own.
    pub hobbies: Vec<String>,
    /// Live, two levels down.
    pub jobs: (String, HashMap<String, Shared<Names>>),
}

/// Lives in the server.
#[derive(Debug)]
pub struct Worker {
    name: String,
}

#[shared]
impl Worker {
    /// Called `Tom`, say.
    pub fn named(name: String) -> Self {
        Self { name }
    }

    /// `Shared::new` hosts a value where this runs, in the server, and makes a handle of it.
    pub fn make_data(&self) -> Data {
        let companies = Shared::new(Names::of(vec!["ARM".into(), "Shell".into()]));
        Data {
            name: self.name.clone(),
            hobbies: vec!["soccer".into(), "swimming".into()],
            jobs: ("IBM".into(), HashMap::from([("UK".into(), companies)])),
        }
    }
}

/// Runs in a process of its own.
#[task]
fn agent(mut data: Data) -> Result<(), Error> {
    data.hobbies.push("tennis".into());
    data.jobs.1["UK"].push("BP")
}

#[shared_runtime::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let server = ServerProcess::start()?;
    let worker = Worker::named_in(&server, "Tom".into())?;
    let data = worker.make_data()?;
    println!("the server hosts {} objects", server.object_count()?);

    agent::spawn(data.clone())?.join()?;
    println!("{} likes {}", data.name, data.hobbies.join(" and "));
    println!("in the UK: {}", data.jobs.1["UK"].all()?.join(", "));
    Ok(())
}
