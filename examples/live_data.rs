//! A method returns plain data with live objects in it: what is plain is a copy, what is a handle stays shared, and memory is the same memory
//! for all.
//!
//! `cargo run --example live_data`
#![forbid(unsafe_code)]

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shared_runtime::memory::MemoryBlock;
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
    /// Bytes that every process can map.
    pub memory: Shared<MemoryBlock>,
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
    ///
    /// # Errors
    ///
    /// Where there is no memory left.
    pub fn make_data(&self) -> Result<Data, Error> {
        let companies = Shared::new(Names::of(vec!["ARM".into(), "Shell".into()]));
        Ok(Data {
            name: self.name.clone(),
            hobbies: vec!["soccer".into(), "swimming".into()],
            memory: self.memory(100)?,
            jobs: ("IBM".into(), HashMap::from([("UK".into(), companies)])),
        })
    }

    /// Memory of the server: freed with its last handle.
    ///
    /// # Errors
    ///
    /// Where there is none left.
    pub fn memory(&self, size: usize) -> Result<Shared<MemoryBlock>, Error> {
        Ok(Shared::new(MemoryBlock::new(size)?))
    }
}

/// Runs in a process of its own.
#[task]
fn agent(mut data: Data) -> Result<(), Error> {
    data.hobbies.push("tennis".into());
    data.memory.map()?.write_at(3, &[8])?;
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
    let mut bytes = [0; 5];
    data.memory.map()?.read_at(0, &mut bytes)?;
    println!("the memory begins with {bytes:?}");

    let more = worker.memory(80)?;
    println!("and there are {} bytes more", more.size()?);
    Ok(())
}
