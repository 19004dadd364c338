//! An error chain that travels: texts, types and the places where each error was turned into a report.

use std::fmt;
use std::panic::Location;

use serde::{Deserialize, Serialize};

/// Any error with its chain of causes, in a form that survives every serde format.
///
/// For tasks and methods that fail in more than one way: `?` turns any [`std::error::Error`] into a `Report` and notes
/// the line where it did.
///
/// ```
/// use shared_runtime::Report;
///
/// fn parse(text: &str) -> Result<u32, Report> {
///     Ok(text.trim().parse()?)
/// }
/// let report = parse("twelve").unwrap_err();
/// assert_eq!(report.to_string(), "invalid digit found in string");
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    type_name: String,
    chain: Vec<String>,
    origin: String,
}

impl Report {
    /// The texts, from the error itself down to its deepest cause.
    pub fn chain(&self) -> impl ExactSizeIterator<Item = &str> {
        self.chain.iter().map(String::as_str)
    }

    /// The type of the error that the report was made from.
    #[must_use]
    pub fn type_name(&self) -> &str {
        &self.type_name
    }
}

/// A report is itself no [`std::error::Error`], so that it can be made from every one of them.
impl<E: std::error::Error> From<E> for Report {
    #[track_caller]
    fn from(error: E) -> Self {
        let mut chain = vec![error.to_string()];
        let mut cause = error.source();
        while let Some(error) = cause {
            chain.push(error.to_string());
            cause = error.source();
        }
        Self {
            type_name: std::any::type_name::<E>().to_owned(),
            chain,
            origin: Location::caller().to_string(),
        }
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.chain.first().map_or("", String::as_str))
    }
}

/// The whole chain and where the report was made: what `unwrap` and a failing `main` print.
impl fmt::Debug for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")?;
        for cause in self.chain.iter().skip(1) {
            write!(f, "\n  caused by: {cause}")?;
        }
        write!(f, "\n  at {} ({})", self.origin, self.type_name)
    }
}

/// What carries a [`Report`] where a boxed error is asked for.
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

impl std::error::Error for Boxed {}

impl From<Report> for Box<dyn std::error::Error + Send + Sync> {
    fn from(report: Report) -> Self {
        Box::new(Boxed(report))
    }
}
