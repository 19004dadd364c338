//! Reports out of errors, and errors out of reports.

use std::any::{Any, type_name};
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use super::Report;
use super::cause::Causes;
use crate::error::Error;
use crate::panic::RemotePanic;
use crate::shown::text_of;

impl<E: StdError> From<E> for Report {
    #[track_caller]
    fn from(error: E) -> Self {
        read(&error, type_name::<E>()).passing(Location::caller())
    }
}

/// An error with its causes. If it is a report under another type, or one of its causes is, that has come from somewhere.
fn read(error: &dyn StdError, type_name: &str) -> Report {
    let (text, inside) = text_and_report(error);
    if let Some(report) = inside {
        return report;
    }
    let mut texts = Vec::new();
    let mut next = error.source();
    while let Some(error) = next {
        let (cause, inside) = text_and_report(error);
        if let Some(inside) = inside {
            texts.extend(inside.chain().map(str::to_owned));
            let causes = texts.into_iter().collect();
            return come_by(Report::of_texts(text, causes, type_name), inside);
        }
        texts.push(cause);
        next = error.source();
    }
    Report::of_texts(text, texts.into_iter().collect(), type_name)
}

/// The report, having come where its cause had come.
fn come_by(mut report: Report, cause: Report) -> Report {
    report.0.origins = cause.0.origins;
    report.0.backtrace = cause.0.backtrace;
    report
}

/// The text of an error, and the report that it is: one whose text that is, and not a part of it.
fn text_and_report(error: &dyn StdError) -> (String, Option<Report>) {
    let (text, shown) = text_of(error);
    let report = shown.and_then(report_of);
    let report = report.filter(|report| report.0.text == text);
    (text, report)
}

fn report_of(shown: Box<dyn Any>) -> Option<Report> {
    match shown.downcast::<Report>() {
        Ok(report) => Some(*report),
        Err(shown) => shown.downcast_ref().map(of_failed_call),
    }
}

/// What went wrong with a call. A panic brings the place and the frames where it was.
fn of_failed_call(error: &Error) -> Report {
    let text = error.to_string();
    let mut report = Report::of_texts(text, Causes::default(), type_name::<Error>());
    if let Some(panic) = error.panic() {
        report.0.origins.extend(place_of(panic));
        report.0.backtrace = panic.backtrace().map(str::to_owned);
    }
    report
}

fn place_of(panic: &RemotePanic) -> Option<String> {
    let location = panic.location()?;
    Some(format!("{location} in {}", panic.process()))
}

/// `context` for results: what was being done when it failed.
///
/// ```
/// use shared_runtime::{Context, Report};
///
/// fn first_line(path: &str) -> Result<String, Report> {
///     let text = std::fs::read_to_string(path).with_context(|| format!("reading {path}"))?;
///     Ok(text.lines().next().unwrap_or_default().to_owned())
/// }
///
/// let report = first_line("/nowhere").unwrap_err();
/// let chain: Vec<&str> = report.chain().collect();
/// assert_eq!(chain, ["reading /nowhere", "No such file or directory (os error 2)"]);
/// ```
pub trait Context<T> {
    /// The error as a [`Report`], with `text` before its own.
    ///
    /// # Errors
    ///
    /// What was an error before.
    #[track_caller]
    fn context(self, text: impl fmt::Display) -> Result<T, Report>;

    /// As [`context`](Context::context), with a text that is made only if there is an error.
    ///
    /// # Errors
    ///
    /// What was an error before.
    #[track_caller]
    fn with_context<D: fmt::Display>(self, text: impl FnOnce() -> D) -> Result<T, Report>;
}

/// For every error, and for reports.
impl<T, E> Context<T> for Result<T, E>
where
    Report: From<E>,
{
    #[track_caller]
    fn context(self, text: impl fmt::Display) -> Result<T, Report> {
        self.with_context(|| text)
    }

    #[track_caller]
    fn with_context<D: fmt::Display>(self, text: impl FnOnce() -> D) -> Result<T, Report> {
        // No closure around this: the place would be here, not where the caller is.
        match self {
            Ok(value) => Ok(value),
            Err(error) => Err(Report::from(error).context(text())),
        }
    }
}

/// What carries a [`Report`] where an error is asked for.
struct Boxed(Report);

impl fmt::Display for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Boxed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl StdError for Boxed {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.cause()
    }
}

impl From<Report> for Box<dyn StdError + Send + Sync> {
    fn from(report: Report) -> Self {
        Box::new(Boxed(report))
    }
}

impl From<Report> for Box<dyn StdError + Send> {
    fn from(report: Report) -> Self {
        Box::new(Boxed(report))
    }
}

impl From<Report> for Box<dyn StdError> {
    fn from(report: Report) -> Self {
        Box::new(Boxed(report))
    }
}
