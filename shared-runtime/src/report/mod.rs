//! An error chain that travels: texts, the first error's type, and the places it has come by. Knows nothing of calls.

mod cause;
mod make;

use std::backtrace::{Backtrace, BacktraceStatus};
use std::error::Error as StdError;
use std::fmt;
use std::panic::Location;

use serde::{Deserialize, Serialize};

use crate::panic::frames_below;
use crate::{program, shown};
use cause::Causes;

pub use make::Context;

/// Any error with its chain of causes, in a form that survives every serde format.
///
/// For tasks and methods that fail in more than one way: `?` turns any [`std::error::Error`] into a `Report` and notes
/// the line where it did. One that comes out of another process, in a [`CallError`](crate::CallError) or an error that shows
/// it, is not wrapped: its chain, type and backtrace stay what they were, and the line is added to its
/// [`origins`](Report::origins).
///
/// It is no [`std::error::Error`] itself, so that it can be made from every one of them; `Box<dyn Error>` can be made from it.
///
/// | printed as | is |
/// |---|---|
/// | `{}` | the first text |
/// | `{:#}` | all texts, with `: ` between them |
/// | `{:?}` | all texts, the origins, the type and the backtrace, on lines of their own; what `unwrap` and a failing `main` print |
///
/// ```
/// use shared_runtime::{Context, Report};
///
/// fn parse(text: &str) -> Result<u32, Report> {
///     let number = text.trim().parse().context("reading the number of seats")?;
///     if number == 0 {
///         return Err(Report::msg("there must be a seat"));
///     }
///     Ok(number)
/// }
///
/// assert_eq!(parse("0").unwrap_err().to_string(), "there must be a seat");
/// let report = parse("twelve").unwrap_err();
/// assert_eq!(report.to_string(), "reading the number of seats");
/// assert_eq!(format!("{report:#}"), "reading the number of seats: invalid digit found in string");
/// assert!(report.type_name().ends_with("ParseIntError"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report(Box<Parts>);

/// Kept apart so that a result stays one word wide.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Parts {
    text: String,
    causes: Causes,
    type_name: String,
    origins: Vec<String>,
    backtrace: Option<String>,
}

impl Report {
    /// A report of a text alone, made here.
    ///
    /// There is no `From<&str>`: it would be in the way of the conversion from every error.
    #[must_use]
    #[track_caller]
    pub fn msg<M: fmt::Display>(message: M) -> Self {
        let type_name = std::any::type_name::<M>();
        let report = Self::of_texts(message.to_string(), Causes::default(), type_name);
        report.passing(Location::caller())
    }

    /// The texts, from the error itself down to its deepest cause. There is always one.
    pub fn chain(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        let first = std::iter::once(self.0.text.as_str());
        let all: Vec<&str> = first.chain(self.0.causes.iter()).collect();
        all.into_iter()
    }

    /// The type of the error that the report was first made from, as the process that made it calls it.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.0.type_name
    }

    /// Where the error came by, the place where it was first made into a report before all others: each as
    /// `file:line:column in name (pid 123)`.
    ///
    /// A place is where `?`, [`context`](Report::context) or [`msg`](Report::msg) stands. For the panic of a method, the first is
    /// where it panicked.
    pub fn origins(&self) -> impl ExactSizeIterator<Item = &str> + DoubleEndedIterator {
        self.0.origins.iter().map(String::as_str)
    }

    /// The frames that led to where the report was first made. As with `std`, only if `RUST_BACKTRACE` or `RUST_LIB_BACKTRACE`
    /// asked for it there; a method that panicked has it whatever they say.
    #[must_use]
    pub fn backtrace(&self) -> Option<&str> {
        self.0.backtrace.as_deref()
    }

    /// The same report with `text` before its others, and with this place after its others.
    #[must_use]
    #[track_caller]
    pub fn context(self, text: impl fmt::Display) -> Self {
        self.under(text.to_string()).passing(Location::caller())
    }

    /// The first cause, for `source()`.
    pub(crate) fn cause(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.causes.as_source()
    }

    /// A report that has been nowhere yet.
    fn of_texts(text: String, causes: Causes, type_name: &str) -> Self {
        Self(Box::new(Parts {
            text,
            causes,
            type_name: type_name.to_owned(),
            origins: Vec::new(),
            backtrace: None,
        }))
    }

    fn under(mut self, text: String) -> Self {
        let parts = &mut *self.0;
        let before = std::mem::replace(&mut parts.text, text);
        parts.causes = std::mem::take(&mut parts.causes).under(before);
        self
    }

    /// Notes that the report has come by `place`: once, if a conversion and a context stand in one expression. The first place
    /// is where a backtrace is worth something.
    fn passing(mut self, place: &Location<'_>) -> Self {
        let origin = format!("{place} in {}", program::label());
        if self.0.origins.is_empty() {
            self.0.backtrace = captured();
        }
        if self.0.origins.last() != Some(&origin) {
            self.0.origins.push(origin);
        }
        self
    }
}

/// The frames that lead here, if the environment asks for them: those of the user, without `?` and what it calls.
fn captured() -> Option<String> {
    const MAKING: [&str; 2] = ["shared_runtime::report::", "FromResidual"];
    let backtrace = Backtrace::capture();
    let wanted = backtrace.status() == BacktraceStatus::Captured;
    wanted.then(|| frames_below(&MAKING, &backtrace.to_string()))
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        shown::show(self);
        f.write_str(&self.0.text)?;
        if f.alternate() {
            for cause in self.0.causes.iter() {
                write!(f, ": {cause}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.text)?;
        for cause in self.0.causes.iter() {
            write!(f, "\n  caused by: {cause}")?;
        }
        for origin in &self.0.origins {
            write!(f, "\n  at {origin}")?;
        }
        write!(f, "\n  type: {}", self.0.type_name)?;
        if let Some(backtrace) = self.backtrace() {
            write!(f, "\nbacktrace:\n{}", backtrace.trim_end())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
