//! Shared types in a crate of their own: what a program links it registers, whoever wrote it.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_runtime::{Error, Shared, shared, task};

/// Counts.
#[derive(Debug, Default)]
pub struct Meter(u64);

#[shared]
impl Meter {
    /// At zero.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds, and says what it makes.
    pub fn add(&mut self, n: u64) -> u64 {
        self.0 += n;
        self.0
    }
}

/// First in, first out. The instances are registered by who needs them.
#[derive(Debug)]
pub struct Line<T>(VecDeque<T>);

#[shared]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Line<T> {
    /// Empty.
    #[must_use]
    pub fn new() -> Self {
        Self(VecDeque::new())
    }

    /// Adds one at the end.
    pub fn put(&mut self, item: T) {
        self.0.push_back(item);
    }

    /// Takes the first.
    pub fn get(&mut self) -> Option<T> {
        self.0.pop_front()
    }
}

impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Default for Line<T> {
    fn default() -> Self {
        Self::new()
    }
}

/// What can say how much there is of it.
#[shared]
pub trait Measured {
    /// How much.
    ///
    /// # Errors
    ///
    /// Those of the call.
    fn measure(&self) -> Result<u64, Error>;
}

#[shared]
impl Measured for Meter {
    fn measure(&self) -> Result<u64, Error> {
        Ok(self.0)
    }
}

/// Adds in another process.
///
/// # Errors
///
/// Those of the call.
#[task]
pub fn add_elsewhere(meter: Shared<Meter>, n: u64) -> Result<u64, Error> {
    meter.add(n)
}
