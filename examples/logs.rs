//! A process and the one that it starts log through one logger: that of the process that a person started.
//!
//! `cargo run --example logs`
#![forbid(unsafe_code)]

use log::{LevelFilter, Log, Metadata, Record, debug, error, info, warn};
use shared_runtime::logs::Origin;
use shared_runtime::{Process, task};

/// Prints each record on a line; of the root's records and of others in one way.
struct Lines;

impl Log for Lines {
    fn enabled(&self, _metadata: &Metadata<'_>) -> bool {
        true
    }

    fn log(&self, record: &Record<'_>) {
        let origin = Origin::of(record);
        println!(
            "[{}; {}; {}; {}, {}] [{}] {}",
            origin.timestamp(),
            record.level(),
            record.target(),
            record.file().unwrap_or_default(),
            record.line().unwrap_or_default(),
            origin.process(),
            record.args(),
        );
    }

    fn flush(&self) {}
}

/// Knows nothing of any logger.
#[task]
fn worker() {
    error!(target: "worker.error", "worker error");
    warn!(target: "worker.warn", "worker warning");
    info!(target: "worker.info", "worker info");
    debug!(target: "worker.debug", "worker debug");
}

#[shared_runtime::main]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    log::set_boxed_logger(Box::new(Lines))?;
    log::set_max_level(LevelFilter::Debug);

    error!(target: "main.error", "main error");
    info!(target: "main.info", "main info");
    Process::builder()
        .name("worker-1")
        .spawn(worker::call())?
        .join()?;
    warn!(target: "main.warn", "main warning");
    debug!(target: "main.debug", "main debug");
    Ok(())
}
