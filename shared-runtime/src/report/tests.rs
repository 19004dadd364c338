//! Reports made in this process, where nothing but the text of an error tells that it is one.

use std::error::Error as StdError;
use std::fmt;
use std::num::ParseIntError;
use std::sync::{Mutex, PoisonError};

use super::{Context, Report};
use crate::call_error::CallError;
use crate::codec::{decode, encode};
use crate::error::{Error, ErrorKind};
use crate::panic::catch;
use crate::program::label;

fn parse(text: &str) -> Result<u32, Report> {
    Ok(text.parse()?) // parse's `?`
}

/// What `origins` says of the line of this file with `mark`.
fn place(mark: &str) -> String {
    let mut lines = include_str!("tests.rs").lines();
    let at = lines.position(|line| line.trim_end().ends_with(mark));
    let line = at.expect("the mark is there") + 1;
    format!("{}:{line}:", file!())
}

/// The places, by their marks, and nothing else.
fn came_by(report: &Report, marks: &[&str]) {
    let origins: Vec<&str> = report.origins().collect();
    assert_eq!(origins.len(), marks.len(), "{origins:#?}");
    for (origin, mark) in origins.iter().zip(marks) {
        assert!(origin.starts_with(&place(mark)), "{origin} is not {mark}");
        assert!(origin.ends_with(&format!(" in {}", label())), "{origin}");
    }
}

fn chain(report: &Report) -> Vec<&str> {
    report.chain().collect()
}

/// An error with a text of its own and a cause.
#[derive(Debug)]
struct While<E>(&'static str, E);

impl<E> fmt::Display for While<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl<E: StdError + 'static> StdError for While<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.1)
    }
}

/// An error of one's own that passes on what others say.
#[derive(Debug)]
enum Trouble {
    Call(CallError<Report>),
    Said(CallError<CallError<Report>>),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Call(error) => error.fmt(f),
            Self::Said(error) => write!(f, "it said: {error}"),
        }
    }
}

impl StdError for Trouble {}

#[test]
fn an_error_keeps_its_texts_its_type_and_its_line() {
    let report = parse("twelve").unwrap_err();
    assert_eq!(chain(&report), ["invalid digit found in string"]);
    assert_eq!(report.type_name(), std::any::type_name::<ParseIntError>());
    came_by(&report, &["// parse's `?`"]);

    let error = While("a", While("b", "x".parse::<u8>().unwrap_err()));
    let report = Report::from(error);
    assert_eq!(chain(&report), ["a", "b", "invalid digit found in string"]);
    assert!(report.type_name().contains("While<"));
}

#[test]
fn a_report_of_a_text() {
    let report = Report::msg("no such seat"); // msg
    assert_eq!(chain(&report), ["no such seat"]);
    came_by(&report, &["// msg"]);
}

#[test]
fn a_context_comes_first_and_a_line_is_noted_once() {
    let outer = || -> Result<u32, Report> {
        let inner = || -> Result<u32, Report> {
            "x".parse().context("reading the seats") // of an error
        };
        inner().with_context(|| format!("row {}", 7)) // of a report
    };
    let report = outer().unwrap_err().context("at the door"); // by hand
    let expected = [
        "at the door",
        "row 7",
        "reading the seats",
        "invalid digit found in string",
    ];
    assert_eq!(chain(&report), expected);
    assert_eq!(report.chain().len(), 4);
    assert_eq!(report.type_name(), std::any::type_name::<ParseIntError>());
    came_by(&report, &["// of an error", "// of a report", "// by hand"]);
    assert_eq!(
        Ok::<_, Report>(1).with_context(|| -> &str { panic!("not asked for") }),
        Ok(1)
    );
}

#[test]
fn errors_that_borrow_are_errors_too() {
    let mutex = Mutex::new(());
    let poisoned: Result<(), _> = Err(PoisonError::new(mutex.lock()));
    let report = poisoned.context("locking").unwrap_err();
    assert_eq!(report.chain().count(), 2);
}

#[test]
fn a_report_out_of_a_call_is_flattened() {
    let call = || CallError::Method(parse("x").context("there").unwrap_err()); // there
    let here = || -> Result<(), Report> { Err(call())? }; // here
    let report = here().unwrap_err();
    assert_eq!(chain(&report), ["there", "invalid digit found in string"]);
    assert_eq!(report.type_name(), std::any::type_name::<ParseIntError>());
    came_by(&report, &["// parse's `?`", "// there", "// here"]);

    let nested = CallError::Method(CallError::Method(call()));
    let report = Report::from(nested); // nested
    assert_eq!(chain(&report), ["there", "invalid digit found in string"]);
    came_by(&report, &["// parse's `?`", "// there", "// nested"]);

    let report = Report::from(Trouble::Call(call())); // transparent
    assert_eq!(report.type_name(), std::any::type_name::<ParseIntError>());
    came_by(&report, &["// parse's `?`", "// there", "// transparent"]);
}

#[test]
fn a_text_that_only_quotes_a_report_is_not_that_report() {
    let inner = CallError::Method(CallError::Method(parse("x").unwrap_err()));
    let report = Report::from(Trouble::Said(inner)); // quoting
    assert_eq!(chain(&report), ["it said: invalid digit found in string"]);
    assert!(report.type_name().ends_with("Trouble"));
    came_by(&report, &["// quoting"]);
}

#[test]
fn a_report_among_the_causes_keeps_where_it_came_by() {
    let call = CallError::Method(parse("x").context("there").unwrap_err()); // below
    let report = Report::from(While("loading", call)); // above
    let expected = ["loading", "there", "invalid digit found in string"];
    assert_eq!(chain(&report), expected);
    assert!(report.type_name().contains("While<"));
    came_by(&report, &["// parse's `?`", "// below", "// above"]);
}

#[test]
fn a_failed_call_says_what_failed() {
    let error = Error::new(ErrorKind::Timeout, "no answer within 1s").in_method("Shop", "sell");
    let report = Report::from(CallError::<u32>::Remote(error)); // timeout
    assert_eq!(chain(&report), ["Shop::sell: no answer within 1s"]);
    assert_eq!(report.type_name(), std::any::type_name::<Error>());
    came_by(&report, &["// timeout"]);
}

#[test]
fn a_panic_is_reported_with_its_place_and_its_frames() {
    let panic = catch("oven (pid 7)", || panic!("too hot")).unwrap_err(); // panic
    let frames = panic.backtrace().unwrap().to_owned();
    let error = Error::new(ErrorKind::Panicked, panic.to_string()).with_panic(panic);
    let report = Report::from(CallError::<u32>::Remote(error)); // caught
    let origins: Vec<&str> = report.origins().collect();
    assert!(origins[0].starts_with(&place("// panic")), "{origins:?}");
    assert!(origins[0].ends_with(" in oven (pid 7)"), "{origins:?}");
    assert!(origins[1].starts_with(&place("// caught")), "{origins:?}");
    assert_eq!(report.backtrace(), Some(&*frames));
}

#[test]
fn a_boxed_report_is_an_error_with_causes() {
    let error: Box<dyn StdError + Send + Sync> = parse("x").context("a").unwrap_err().into();
    assert_eq!(error.to_string(), "a");
    let cause = error.source().unwrap();
    assert_eq!(cause.to_string(), "invalid digit found in string");
    assert!(cause.source().is_none());
    assert!(format!("{error:?}").contains("report/tests.rs:"));

    let returned = || -> Result<(), Box<dyn StdError>> { Ok(parse("y").context("b").map(drop)?) };
    let error = returned().unwrap_err();
    assert_eq!(
        error.source().unwrap().to_string(),
        "invalid digit found in string"
    );

    let error = CallError::Method(parse("x").context("a").unwrap_err());
    assert_eq!(
        error.source().unwrap().to_string(),
        "invalid digit found in string"
    );
}

#[test]
fn a_call_error_shows_the_error_inside_with_its_sources() {
    let error = CallError::Method(While("a", "x".parse::<u8>().unwrap_err()));
    let inside = error.as_error();
    assert!(inside.is::<While<ParseIntError>>());
    assert!(inside.source().unwrap().is::<ParseIntError>());
    let report = Report::from(inside);
    assert_eq!(chain(&report), ["a", "invalid digit found in string"]);

    let error = CallError::<ParseIntError>::Remote(Error::new(ErrorKind::Gone, "gone"));
    assert!(error.as_error().is::<Error>());
}

#[test]
fn reports_print_short_on_one_line_and_whole() {
    let report = Report::from(While(
        "loading",
        parse("x").map_err(CallError::Method).unwrap_err(),
    ));
    assert_eq!(report.to_string(), "loading");
    assert_eq!(
        format!("{report:#}"),
        "loading: invalid digit found in string"
    );
    let origins: Vec<&str> = report.origins().collect();
    let whole = format!(
        "loading\n  caused by: invalid digit found in string\n  at {}\n  type: {}",
        origins.join("\n  at "),
        report.type_name()
    );
    let printed = format!("{report:?}");
    assert_eq!(printed.split("\nbacktrace:").next().unwrap(), whole);
}

#[test]
fn a_report_survives_the_codec() {
    let mut report = parse("x").context("a").unwrap_err().context("b");
    report.0.backtrace = Some("   0: somewhere".to_owned());
    let bytes = encode(&report).unwrap();
    assert_eq!(decode::<Report>(&bytes).unwrap(), report);
    let other = report.clone().context("c");
    assert_ne!(decode::<Report>(&bytes).unwrap(), other);
}
