//! Where a record comes from: as key-values of the record, and back.

use std::fmt::{self, Write};
use std::time::SystemTime;

use log::kv::{Error, Key, Source, ToKey, Value, VisitSource};

use super::entry::{Entry, Span, this_thread};
use super::packet::Opened;
use super::stamp::Stamp;

const PROCESS: &str = "process";
const PID: &str = "pid";
const THREAD: &str = "thread";
const TIME: &str = "time";
const SPANS: &str = "spans";

/// The key-values of a record from another process: where it comes from, then its own.
pub(super) struct Told<'a> {
    process: &'a str,
    pid: u32,
    thread: &'a str,
    time: String,
    spans: Option<String>,
    entry: &'a Entry<'a>,
}

impl<'a> Told<'a> {
    pub(super) fn new(from: &'a Opened<'_>, entry: &'a Entry<'_>) -> Self {
        Self {
            process: &from.process,
            pid: from.pid,
            thread: &entry.thread,
            time: entry.time.to_string(),
            spans: (!entry.spans.is_empty()).then(|| shown(&entry.spans)),
            entry,
        }
    }
}

/// `outer{n=1}:inner`, as `tracing` prints them.
fn shown(spans: &[Span<'_>]) -> String {
    let mut text = String::new();
    for span in spans {
        if !text.is_empty() {
            text.push(':');
        }
        text.push_str(&span.name);
        for (n, field) in span.fields.iter().enumerate() {
            let open = if n == 0 { '{' } else { ' ' };
            // Writing to a text does not fail.
            let _ = write!(text, "{open}{}={}", field.name, field.value);
        }
        if !span.fields.is_empty() {
            text.push('}');
        }
    }
    text
}

impl Source for Told<'_> {
    fn visit<'kvs>(&'kvs self, visitor: &mut dyn VisitSource<'kvs>) -> Result<(), Error> {
        visitor.visit_pair(PROCESS.to_key(), Value::from(self.process))?;
        visitor.visit_pair(PID.to_key(), Value::from(self.pid))?;
        visitor.visit_pair(THREAD.to_key(), Value::from(self.thread))?;
        visitor.visit_pair(TIME.to_key(), Value::from(&*self.time))?;
        if let Some(spans) = &self.spans {
            visitor.visit_pair(SPANS.to_key(), Value::from(&**spans))?;
        }
        for field in &self.entry.fields {
            visitor.visit_pair(Key::from_str(&field.name), field.value.as_value())?;
        }
        Ok(())
    }
}

/// Where and when a log record was made: what a logger prints beside it.
///
/// A record that another process made has this as its key-values `process`, `pid`, `thread` and `time`, before its own. One that was made here
/// has none of them; its origin is this process, this thread and this moment.
///
/// ```
/// use shared_runtime::logs::Origin;
///
/// struct Lines;
///
/// impl log::Log for Lines {
///     fn enabled(&self, _: &log::Metadata<'_>) -> bool { true }
///     fn log(&self, record: &log::Record<'_>) {
///         let origin = Origin::of(record);
///         println!("{} {} {}: {}", origin.timestamp(), origin.process(), record.level(), record.args());
///     }
///     fn flush(&self) {}
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    process: String,
    pid: u32,
    thread: String,
    time: Stamp,
}

impl Origin {
    /// The origin of `record`.
    #[must_use]
    pub fn of(record: &log::Record<'_>) -> Self {
        Self::told(record.key_values()).unwrap_or_else(Self::here)
    }

    fn told(told: &dyn Source) -> Option<Self> {
        let text = |key: &str| told.get(Key::from_str(key)).map(|value| value.to_string());
        let time = Stamp::parse(&text(TIME)?)?;
        let pid = told.get(Key::from_str(PID))?.to_u64()?;
        Some(Self {
            process: text(PROCESS)?,
            pid: u32::try_from(pid).ok()?,
            thread: text(THREAD)?,
            time,
        })
    }

    fn here() -> Self {
        Self {
            process: crate::program::name().to_owned(),
            pid: std::process::id(),
            thread: this_thread().into_owned(),
            time: Stamp::now(),
        }
    }

    /// The name of the process: what its owner called it; of the root, that of its executable.
    #[must_use]
    pub fn process(&self) -> &str {
        &self.process
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.pid
    }

    /// The name of the thread; of one without a name, the number the kernel gave it.
    #[must_use]
    pub fn thread(&self) -> &str {
        &self.thread
    }

    /// When the record was made, to the microsecond.
    #[must_use]
    pub fn time(&self) -> SystemTime {
        self.time.time()
    }

    /// The same as people write it, in UTC: `2022-12-20T17:39:31.321000Z`.
    #[must_use]
    pub fn timestamp(&self) -> impl fmt::Display + use<> {
        self.time
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_without_an_origin_is_of_here() {
        let origin = Origin::of(&log::Record::builder().build());
        assert_eq!(origin.process(), crate::program::name());
        assert_eq!(origin.pid(), std::process::id());
        assert_eq!(origin.thread(), std::thread::current().name().unwrap());
        assert!(origin.time() <= SystemTime::now());
    }

    #[test]
    fn what_is_told_is_read_and_own_values_do_not_hide_it() {
        let time = "2022-12-20T17:39:31.321000Z";
        let pairs = [
            (PROCESS, Value::from("worker")),
            (PID, Value::from(17u32)),
            (THREAD, Value::from("main")),
            (TIME, Value::from(time)),
            (PROCESS, Value::from("of the user")),
        ];
        let origin = Origin::of(&log::Record::builder().key_values(&pairs).build());
        assert_eq!((origin.process(), origin.pid()), ("worker", 17));
        assert_eq!(origin.thread(), "main");
        assert_eq!(origin.timestamp().to_string(), time);
    }

    #[test]
    fn own_values_of_the_same_names_are_no_origin() {
        let pairs = [(PROCESS, "washing"), (TIME, "soon")];
        let origin = Origin::of(&log::Record::builder().key_values(&pairs).build());
        assert_eq!(origin.process(), crate::program::name());
    }
}
