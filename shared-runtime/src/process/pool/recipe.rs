//! How a worker of a pool is started: its name, where it may run, and what prepares it.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::Error;
use crate::message::{FromChild, ToChild};
use crate::process::initializer::{Initializer, first_answer, order};
use crate::process::settings::Settings;
use crate::process::spawn::{self, Spawned};

pub(super) struct Recipe {
    pub(super) name: String,
    pub(super) settings: Settings,
    pub(super) initializer: Option<Initializer>,
    /// How many have been started.
    pub(super) started: AtomicU64,
}

impl Recipe {
    /// Starts the process of a worker.
    pub(super) fn begin(&self) -> Result<Spawned, Error> {
        let number = self.started.fetch_add(1, Ordering::Relaxed) + 1;
        spawn::spawn(&format!("{}-{number}", self.name), &self.settings)
    }

    /// Waits until a worker is ready for jobs.
    pub(super) fn finish(&self, spawned: &mut Spawned) -> Result<(), Error> {
        let (initializer, body) = order(self.initializer.as_ref())?;
        spawned.tell(&ToChild::Work { initializer }, body)?;
        match first_answer(spawned, self.initializer.as_ref())? {
            FromChild::Started => Ok(()),
            _ => Err(spawned.unexpected()),
        }
    }
}
