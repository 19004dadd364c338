//! The logger of a process that the runtime started: it sends records to the root, unless the process has a logger of its own.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};

use log::{Log, Metadata, Record, SetLoggerError};

use super::buffer;
use super::entry;
use super::levels::{Levels, filter};

static FORWARDER: Forwarder = Forwarder;

/// The logger that the process put in the place of ours.
static OWN: OnceLock<Box<dyn Log>> = OnceLock::new();

/// Whether ours is the one that `log` knows.
static INSTALLED: AtomicBool = AtomicBool::new(false);

struct Forwarder;

impl Log for Forwarder {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        match OWN.get() {
            Some(own) => own.enabled(metadata),
            None => metadata.level() <= log::max_level(),
        }
    }

    fn log(&self, record: &Record<'_>) {
        if let Some(own) = OWN.get() {
            own.log(record);
        } else if record.level() <= log::max_level() {
            buffer::push(entry::of_record(record));
        }
    }

    fn flush(&self) {
        match OWN.get() {
            Some(own) => own.flush(),
            None => buffer::flush(),
        }
    }
}

/// Installs it, unless the process was faster. Whether it is there now.
pub(super) fn install() -> bool {
    let installed = log::set_logger(&FORWARDER).is_ok();
    INSTALLED.store(installed, Ordering::Release);
    installed
}

/// The levels of the root, where ours is the logger.
pub(super) fn follow(levels: Levels) {
    if INSTALLED.load(Ordering::Acquire) && OWN.get().is_none() {
        log::set_max_level(filter(levels.log));
    }
}

/// Sets the logger of this process, as `log::set_boxed_logger` does; also in a process that a runtime started, where records
/// would go to the root without it.
///
/// In such a process `log::set_boxed_logger` itself always fails: there is a logger already. Set `log::set_max_level` after it, as ever.
///
/// # Errors
///
/// This process has a logger of its own already.
///
/// ```
/// use shared_runtime::{Error, Process, task};
///
/// struct Silence;
///
/// impl log::Log for Silence {
///     fn enabled(&self, _: &log::Metadata<'_>) -> bool { false }
///     fn log(&self, _: &log::Record<'_>) {}
///     fn flush(&self) {}
/// }
///
/// #[task]
/// fn quiet() -> bool {
///     shared_runtime::logs::set_logger(Box::new(Silence)).is_ok()
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     shared_runtime::init();
///     assert!(quiet::spawn()?.join()?);
///     Ok(())
/// }
/// ```
pub fn set_logger(logger: Box<dyn Log>) -> Result<(), SetLoggerError> {
    if !INSTALLED.load(Ordering::Acquire) {
        return log::set_boxed_logger(logger);
    }
    // The error has no other maker: there is a logger, so this one is refused.
    OWN.set(logger).or_else(log::set_boxed_logger)
}
