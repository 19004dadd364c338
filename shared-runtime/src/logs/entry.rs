//! A log record on its way between processes.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::field::{self, Field};
use super::levels::number;
use super::stamp::Stamp;
use crate::codec;

/// What is said of one record. The process is said once for many: see `packet`.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Entry<'a> {
    pub(super) maker: Maker,
    /// 1 is an error, 5 is a trace.
    pub(super) level: u8,
    pub(super) target: &'a str,
    #[serde(borrow)]
    pub(super) message: Cow<'a, str>,
    pub(super) module: Option<&'a str>,
    pub(super) file: Option<&'a str>,
    pub(super) line: Option<u32>,
    pub(super) time: Stamp,
    /// Its name, else its number.
    #[serde(borrow)]
    pub(super) thread: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) fields: Vec<Field<'a>>,
    /// The outermost first.
    #[serde(borrow)]
    pub(super) spans: Vec<Span<'a>>,
}

/// Which of the two crates made it, and so which of the root's gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Maker {
    Log,
    Tracing,
}

/// A span of `tracing` that an event happened in.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Span<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) target: Cow<'a, str>,
    pub(super) level: u8,
    #[serde(borrow)]
    pub(super) module: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) file: Option<Cow<'a, str>>,
    pub(super) line: Option<u32>,
    #[serde(borrow)]
    pub(super) fields: Vec<Field<'a>>,
}

/// The longest text of a record; what is longer is cut, and says so.
pub(super) const LONGEST_TEXT: usize = 4 * 1024 * 1024;

impl Entry<'_> {
    /// `None` for what is larger than a record may be.
    pub(super) fn encode(&self) -> Option<Vec<u8>> {
        codec::encode(self)
            .ok()
            .filter(|bytes| bytes.len() <= LARGEST)
    }
}

/// The most bytes of an encoded record.
pub(super) const LARGEST: usize = 16 * 1024 * 1024;

/// Puts a record of `log` into bytes; runs the user's formatting.
pub(super) fn of_record(record: &log::Record<'_>) -> Option<Vec<u8>> {
    let message = match record.args().as_str() {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(record.args().to_string()),
    };
    let entry = Entry {
        maker: Maker::Log,
        level: number(record.level().to_level_filter()),
        target: record.target(),
        message: shortened(message),
        module: record.module_path(),
        file: record.file(),
        line: record.line(),
        time: Stamp::now(),
        thread: this_thread(),
        fields: field::of_record(record),
        spans: Vec::new(),
    };
    entry.encode()
}

/// What this process itself has to say about its records.
pub(super) fn notice(message: &str) -> Option<Vec<u8>> {
    let entry = Entry {
        maker: Maker::Log,
        level: number(log::LevelFilter::Warn),
        target: NOTICES,
        message: Cow::Borrowed(message),
        module: None,
        file: None,
        line: None,
        time: Stamp::now(),
        thread: this_thread(),
        fields: Vec::new(),
        spans: Vec::new(),
    };
    entry.encode()
}

/// The target of what the runtime says about logs.
pub(super) const NOTICES: &str = "shared_runtime::logs";

pub(super) fn shortened(message: Cow<'_, str>) -> Cow<'_, str> {
    if message.len() <= LONGEST_TEXT {
        return message;
    }
    let end = message.floor_char_boundary(LONGEST_TEXT);
    let rest = message.len() - end;
    Cow::Owned(format!("{} … ({rest} bytes more)", &message[..end]))
}

pub(super) fn this_thread() -> Cow<'static, str> {
    let thread = std::thread::current();
    match thread.name() {
        Some(name) => Cow::Owned(name.to_owned()),
        None => Cow::Owned(rustix::thread::gettid().to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_comes_back_as_it_was_made() {
        let pairs = [("tree", "oak")];
        let record = log::Record::builder()
            .level(log::Level::Warn)
            .target("wood")
            .args(format_args!("fell"))
            .module_path(Some("a::b"))
            .file(Some("a/b.rs"))
            .line(Some(17))
            .key_values(&pairs)
            .build();
        let bytes = of_record(&record).unwrap();
        let entry: Entry<'_> = codec::decode(&bytes).unwrap();
        assert_eq!((entry.maker, entry.level), (Maker::Log, 2));
        assert_eq!((entry.target, &*entry.message), ("wood", "fell"));
        assert_eq!((entry.module, entry.file), (Some("a::b"), Some("a/b.rs")));
        assert_eq!(entry.line, Some(17));
        assert_eq!(entry.thread, std::thread::current().name().unwrap());
        assert_eq!(entry.fields[0].name, "tree");
        assert!(entry.spans.is_empty());
    }

    #[test]
    fn texts_of_any_length_are_cut_between_characters() {
        let long = "ü".repeat(LONGEST_TEXT);
        let cut = shortened(Cow::Borrowed(&long));
        assert!(
            cut.ends_with(" … (4194304 bytes more)"),
            "{}",
            &cut[cut.len() - 40..]
        );
        assert!(cut.len() < LONGEST_TEXT + 100);
        assert_eq!(shortened(Cow::Borrowed("short")), "short");
    }
}
