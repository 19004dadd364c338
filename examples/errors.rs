//! An error of a grandchild, kept as a value, sent through two queues and raised at the end: it still says where it happened.
//!
//! `cargo run --example errors`: first a process adds one to each number that it gets and sends back what came of it. Then a
//! worker stands between the two, and the first error ends the program.
#![forbid(unsafe_code)]

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use serde::{Deserialize, Serialize};
use shared_runtime::{Context, Report, Shared, shared, task};

/// What is added to, and what came of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Sum {
    number: String,
    result: Result<i64, Report>,
}

/// Values for one process, in order; `None` is the end of them.
#[derive(Debug)]
struct Queue<T> {
    values: Mutex<VecDeque<Option<T>>>,
    more: Condvar,
}

impl<T> Queue<T> {
    fn of(values: impl IntoIterator<Item = T>) -> Self {
        Self {
            values: Mutex::new(values.into_iter().map(Some).collect()),
            more: Condvar::new(),
        }
    }

    fn put(&self, value: Option<T>) {
        let mut values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        values.push_back(value);
        self.more.notify_one();
    }

    fn get(&self) -> Option<T> {
        let values = self.values.lock().unwrap_or_else(PoisonError::into_inner);
        let values = self.more.wait_while(values, |values| values.is_empty());
        values.ok()?.pop_front()?
    }
}

/// Numbers as somebody typed them.
#[derive(Debug)]
pub struct Numbers(Queue<String>);

#[shared]
impl Numbers {
    /// Waits for the next.
    pub fn get(&self) -> Option<String> {
        self.0.get()
    }
}

/// Sums on their way back.
#[derive(Debug)]
pub struct Sums(Queue<Sum>);

#[shared]
impl Sums {
    /// One more, or the end.
    pub fn put(&self, sum: Option<Sum>) {
        self.0.put(sum);
    }

    /// Waits for the next.
    pub fn get(&self) -> Option<Sum> {
        self.0.get()
    }
}

fn add_one(number: &str) -> Result<i64, Report> {
    let number: i64 = number.parse()?; // here it happens
    Ok(number + 1)
}

/// The innermost process.
#[task]
fn increment(numbers: Shared<Numbers>, sums: Shared<Sums>) -> Result<(), Report> {
    while let Some(number) = numbers.get()? {
        let result = add_one(&number);
        sums.put(Some(Sum { number, result }))?;
    }
    Ok(sums.put(None)?)
}

/// The process between.
#[task]
fn worker(numbers: Shared<Numbers>, sums: Shared<Sums>) -> Result<(), Report> {
    let own = Shared::new(Sums(Queue::of([])));
    let child = increment::spawn(numbers, own.clone())?;
    while let Some(Sum { number, result }) = own.get()? {
        let result = result.with_context(|| format!("adding one to {number}")); // the worker passes it on
        sums.put(Some(Sum { number, result }))?;
    }
    child.join()?;
    Ok(sums.put(None)?)
}

fn numbers() -> Shared<Numbers> {
    let typed = ["1", "3", "a", "5"].map(str::to_owned);
    let numbers = Queue::of(typed);
    numbers.put(None);
    Shared::new(Numbers(numbers))
}

#[shared_runtime::main]
fn main() -> Result<(), Report> {
    println!("errors as values:");
    let sums = Shared::new(Sums(Queue::of([])));
    increment::spawn(numbers(), sums.clone())?.join()?;
    while let Some(Sum { number, result }) = sums.get()? {
        match result {
            Ok(sum) => println!("{number}: {sum}"),
            Err(report) => println!("{number}: {report}"),
        }
    }

    println!("through a worker, and raised:");
    worker::spawn(numbers(), sums.clone())?.join()?;
    while let Some(Sum { number, result }) = sums.get()? {
        let sum = result.context("one of the sums is missing")?; // raised
        println!("{number}: {sum}");
    }
    Ok(())
}
