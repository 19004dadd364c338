//! Reports that have come through several processes.

use std::num::ParseIntError;

use serde::{Deserialize, Serialize};
use shared_runtime::{CallError, Context, ErrorKind, Report, ServerProcess, Shared, shared, task};

/// Sells by the book, in a server of its own.
#[derive(Default)]
pub struct Stock {
    fallen: bool,
}

#[shared]
impl Stock {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn take(&self, amount: &str) -> Result<u32, Report> {
        let amount: u32 = amount.parse()?; // in the stock
        Ok(amount)
    }
    pub fn fall(&mut self) -> Result<u32, Report> {
        self.fallen = true;
        panic!("the shelf fell") // the shelf
    }
    pub fn again(&mut self) -> bool {
        self.fallen
    }
}

/// Passes on what it hears, in a server of its own.
pub struct Counter {
    stock: Shared<Stock>,
}

#[shared]
impl Counter {
    pub fn of(stock: Shared<Stock>) -> Self {
        Self { stock }
    }
    pub fn order(&self, amount: &str) -> Result<u32, Report> {
        Ok(self.stock.take(amount)?) // at the counter
    }
    pub fn plain(&self, amount: &str) -> Result<u32, Report> {
        let taken = self.stock.take(amount);
        taken.with_context(|| format!("taking {amount}")) // taking
    }
    pub fn fall(&self) -> Result<u32, Report> {
        Ok(self.stock.fall()?) // under the shelf
    }
    pub fn again(&self) -> Result<bool, Report> {
        Ok(self.stock.again()?)
    }
    /// An error of another call as one's own: a `CallError` in a `CallError`.
    pub fn verbatim(&self, amount: &str) -> Result<u32, CallError<Report>> {
        self.stock.take(amount)
    }
}

#[task]
fn shop(counter: Shared<Counter>, amount: String) -> Result<u32, Report> {
    let taken = counter.order(&amount)?; // in the shop
    Ok(taken)
}

struct Street {
    servers: [ServerProcess; 2],
    counter: Shared<Counter>,
    /// The processes of the stock and of the counter, as errors name them.
    labels: [String; 2],
}

fn street() -> Street {
    let start = |name| ServerProcess::builder().name(name).start().unwrap();
    let servers = [start("stock"), start("counter")];
    let stock = Stock::new_in(&servers[0]).unwrap();
    let counter = Counter::of_in(&servers[1], stock).unwrap();
    let labels = servers
        .each_ref()
        .map(|server| format!("{} (pid {})", server.name(), server.pid()));
    Street {
        servers,
        counter,
        labels,
    }
}

/// The line of this file that ends with `mark`, as `file:line:`.
fn place(mark: &str) -> String {
    let mut lines = include_str!("reports.rs").lines();
    let line = lines.position(|line| line.ends_with(mark)).unwrap() + 1;
    format!("{}:{line}:", file!())
}

/// The origins are these lines, in processes whose labels begin so, and no others.
fn came_by(report: &Report, expected: &[(&str, &str)]) {
    let origins: Vec<&str> = report.origins().collect();
    assert_eq!(origins.len(), expected.len(), "{report:?}");
    for (origin, (mark, process)) in origins.iter().zip(expected) {
        let (line, label) = origin.split_once(" in ").unwrap();
        assert!(line.starts_with(&place(mark)), "{origin} is not {mark}");
        assert!(label.starts_with(process), "{origin} is not in {process}");
    }
}

fn here() -> String {
    format!(" (pid {})", std::process::id())
}

#[test]
fn a_report_names_the_line_of_every_process_it_came_through() {
    let street = street();
    let [stock, counter] = &street.labels;
    let task = shop::spawn(street.counter.clone(), "a dozen".into()).unwrap();
    let shop = format!("shop (pid {})", task.pid());
    let join = || -> Result<u32, Report> { Ok(task.join()?) }; // here
    let report = join().unwrap_err();

    assert_eq!(report.to_string(), "invalid digit found in string");
    assert_eq!(
        report.chain().len(),
        1,
        "the same text, not once for each hop"
    );
    assert_eq!(report.type_name(), std::any::type_name::<ParseIntError>());
    let expected = [
        ("// in the stock", &**stock),
        ("// at the counter", counter),
        ("// in the shop", &shop),
        ("// here", ""),
    ];
    came_by(&report, &expected);
    assert!(report.origins().next_back().unwrap().ends_with(&here()));
}

#[test]
fn a_context_is_told_with_its_process() {
    let street = street();
    let [stock, counter] = &street.labels;
    let Err(CallError::Method(report)) = street.counter.plain("seven") else {
        panic!("it is no number")
    };
    let chain: Vec<&str> = report.chain().collect();
    assert_eq!(chain, ["taking seven", "invalid digit found in string"]);
    came_by(
        &report,
        &[("// in the stock", stock), ("// taking", counter)],
    );
}

#[test]
fn a_call_error_in_a_call_error_is_one_report() {
    let street = street();
    let call = || -> Result<u32, Report> { Ok(street.counter.verbatim("x")?) }; // verbatim
    let report = call().unwrap_err();
    assert_eq!(report.type_name(), std::any::type_name::<ParseIntError>());
    let stock = &street.labels[0];
    came_by(&report, &[("// in the stock", stock), ("// verbatim", "")]);
}

#[test]
fn a_panic_two_processes_away_is_told_with_its_place_and_its_frames() {
    let street = street();
    let [stock, counter] = &street.labels;
    let Err(CallError::Method(report)) = street.counter.fall() else {
        panic!("the counter heard of it and went on")
    };
    assert!(report.to_string().contains("the shelf fell"), "{report}");
    assert_eq!(
        report.type_name(),
        std::any::type_name::<shared_runtime::Error>()
    );
    let expected = [("// the shelf", &**stock), ("// under the shelf", counter)];
    came_by(&report, &expected);
    let frames = report.backtrace().unwrap();
    assert!(
        frames.contains("Stock>::fall") || frames.contains("Stock::fall"),
        "{frames}"
    );

    let Err(CallError::Method(report)) = street.counter.again() else {
        panic!("poisoned")
    };
    assert_eq!(report.backtrace().is_some(), asked_for_backtraces());
}

fn asked_for_backtraces() -> bool {
    std::backtrace::Backtrace::capture().status() == std::backtrace::BacktraceStatus::Captured
}

#[test]
fn a_call_that_does_not_come_through_is_reported_as_what_it_is() {
    let Street {
        servers, counter, ..
    } = street();
    drop(servers);
    let error = counter.again().unwrap_err();
    assert_eq!(error.remote().unwrap().kind(), ErrorKind::Disconnected);
    let text = error.to_string();
    let report = Report::from(error); // lost
    let chain: Vec<&str> = report.chain().collect();
    assert_eq!(chain, [text]);
    came_by(&report, &[("// lost", "")]);
}

/// What a program may keep of its errors.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Record {
    when: u64,
    report: Option<Report>,
}

#[test]
fn a_report_survives_json_and_back() {
    let street = street();
    let Err(CallError::Method(report)) = street.counter.plain("two\nlines “here”") else {
        panic!("it is no number")
    };
    let panicked = Report::from(street.counter.fall().unwrap_err());
    for report in [report, panicked] {
        let record = Record {
            when: 7,
            report: Some(report.clone().context("kept")),
        };
        let json = serde_json::to_string(&record).unwrap();
        let again: Record = serde_json::from_str(&json).unwrap();
        assert_eq!(again, record);
        let again = again.report.unwrap();
        assert_eq!(
            format!("{again:?}"),
            format!("{:?}", record.report.unwrap())
        );
        let value = serde_json::to_value(&report).unwrap();
        assert_eq!(serde_json::from_value::<Report>(value).unwrap(), report);
    }
    assert!(serde_json::from_str::<Report>("{}").is_err());
}
