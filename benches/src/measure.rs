//! One contender in one case, measured in a process of its own: it starts the server, calls it, and prints a sample.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::cases::{Case, Measure, Place};
use crate::child::{neighbour, pin};
use crate::contender::{Client, Contender, Fault, Job, Result, Running, Work};
use crate::machine::{cpu_time, resident};
use crate::stats::{Histogram, median, nanoseconds, number};

/// How long to measure.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Effort {
    /// Half of it for calls in batches, half for calls timed one by one.
    pub(crate) time: Duration,
    /// At least so many calls are timed one by one, however long that takes.
    pub(crate) timed: usize,
}

/// What one contender was in one case, in one round.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Sample {
    /// The figure that ratios are made of: nanoseconds for each call (the median over batches whose calls were not timed one by one),
    /// or what the case says.
    pub(crate) value: f64,
    /// How many calls a second there were, in those batches.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) calls_per_s: Option<f64>,
    /// What calls took that were timed one by one: the clock is read twice for each, for everybody alike.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) timed: Option<Histogram>,
}

impl Sample {
    fn amount(value: f64) -> Self {
        Self {
            value,
            calls_per_s: None,
            timed: None,
        }
    }
}

/// A contender that hangs is no figure: the process ends with this status, and its children with it.
const TOO_LONG: Duration = Duration::from_mins(5);

/// How long a connection is left alone before it counts as idle, and how long the idle are watched.
const QUIET: Duration = Duration::from_secs(1);
const CONNECTIONS: usize = 32;

/// The most calls in a batch: between two readings of the clock.
const BATCH: usize = 1_000;
/// The same where calls do not wait for each other, so that it hardly matters that a batch begins and ends with none under way.
const PIPELINED_BATCH: usize = 50_000;

/// Measures, with the process pinned and its neighbours at work.
pub(crate) fn measure(contender: &dyn Contender, case: &Case, effort: Effort) -> Result<Sample> {
    if !contender.does(case.work(), case.threads) {
        return Err(format!("{} has no {}", contender.name(), case.name).into());
    }
    thread::spawn(give_up);
    let setup = case.setup()?;
    let neighbours = match case.place {
        Place::Busy => [setup.client_cpu, setup.server_cpu].into_iter(),
        _ => [None, None].into_iter(),
    };
    let _neighbours = neighbours
        .flatten()
        .map(neighbour)
        .collect::<Result<Vec<_>>>()?;
    setup.client_cpu.map_or(Ok(()), pin)?;
    let running = contender.start(&setup)?;
    match case.measure {
        Measure::Calls(work) if case.threads == 1 => one_thread(&*running, work, effort),
        Measure::Calls(work) => threads(&*running, work, case.threads, effort),
        Measure::IdleCpu => idle_cpu(&*running),
        Measure::Memory => memory(&*running),
    }
}

fn give_up() {
    thread::sleep(TOO_LONG);
    eprintln!("no end after {} s", TOO_LONG.as_secs());
    std::process::exit(3);
}

fn one_thread(running: &dyn Running, work: Work, effort: Effort) -> Result<Sample> {
    let (mut client, job) = (running.client()?, Job::new(work));
    let one = warm_up(&mut *client, &job, effort.time / 5)?;
    let half = effort.time / 2;
    let mut sample = batches(&mut *client, &job, batch(work, one, half), half)?;
    if work != Work::Pipelined {
        sample.timed = Some(timed(&mut *client, &job, one, effort)?);
    }
    Ok(sample)
}

/// Calls until all is warm, or `time` is over; what one call takes then.
fn warm_up(client: &mut dyn Client, job: &Job, time: Duration) -> Result<Duration> {
    let start = Instant::now();
    let mut calls = 1;
    loop {
        let begun = Instant::now();
        client.run(job, calls)?;
        let one = begun.elapsed() / u32::try_from(calls)?;
        let left = time.saturating_sub(start.elapsed());
        if left.is_zero() {
            return Ok(one);
        }
        calls = (calls * 2).min(fitting(one, left)).min(BATCH);
    }
}

/// How many calls fit into a time; at least one.
fn fitting(one: Duration, time: Duration) -> usize {
    let fitting = time.as_nanos() / one.as_nanos().max(1);
    usize::try_from(fitting).unwrap_or(usize::MAX).max(1)
}

/// How many calls a batch has: so many that there are a few dozen batches.
fn batch(work: Work, one: Duration, time: Duration) -> usize {
    let most = match work {
        Work::Pipelined => PIPELINED_BATCH,
        _ => BATCH,
    };
    fitting(one, time / 30).min(most)
}

/// Calls in batches until the time is over.
fn batches(client: &mut dyn Client, job: &Job, calls: usize, time: Duration) -> Result<Sample> {
    let start = Instant::now();
    let mut each = Vec::new();
    while each.len() < 3 || start.elapsed() < time {
        let begun = Instant::now();
        client.run(job, calls)?;
        each.push(begun.elapsed().as_secs_f64() * 1e9 / number(calls as u64));
    }
    let mean = each.iter().sum::<f64>() / number(each.len() as u64);
    Ok(Sample {
        value: median(&each).unwrap_or_default(),
        calls_per_s: Some(1e9 / mean),
        timed: None,
    })
}

/// Calls timed one by one until the time is over and there are enough of them.
fn timed(client: &mut dyn Client, job: &Job, one: Duration, effort: Effort) -> Result<Histogram> {
    let (start, half) = (Instant::now(), effort.time / 2);
    let calls = fitting(one, half / 10).min(10 * BATCH);
    // Filled once, so that no page of it is new while a call is timed.
    let mut took = vec![1; calls];
    let mut all = Histogram::default();
    let mut count = 0;
    while count < effort.timed || start.elapsed() < half {
        took.clear();
        client.run_timed(job, calls, &mut took)?;
        count += took.len();
        all.extend(took.iter().copied());
    }
    Ok(all)
}

/// So many threads at once, each with a client: the time is that of the wall, by the calls of all of them.
fn threads(running: &dyn Running, work: Work, threads: usize, effort: Effort) -> Result<Sample> {
    let (begin, end) = (Barrier::new(threads + 1), AtomicBool::new(false));
    let (took, calls) = thread::scope(|scope| {
        let clients: Vec<_> = (0..threads)
            .map(|_| scope.spawn(|| until(running, work, &begin, &end)))
            .collect();
        begin.wait();
        let start = Instant::now();
        thread::sleep(effort.time);
        end.store(true, Ordering::Relaxed);
        let calls = clients
            .into_iter()
            .map(|client| client.join().map_err(|_| "a client's thread panicked")?)
            .sum::<Result<u64>>()?;
        Ok::<_, Fault>((start.elapsed(), calls))
    })?;
    let each = took.as_secs_f64() * 1e9 / number(calls);
    Ok(Sample {
        value: each,
        calls_per_s: Some(1e9 / each),
        timed: None,
    })
}

/// One of the threads: how many calls it made. It comes to the beginning whatever happens, or the others would wait for it.
fn until(running: &dyn Running, work: Work, begin: &Barrier, end: &AtomicBool) -> Result<u64> {
    let job = Job::new(work);
    let client = running.client().and_then(|mut client| {
        client.run(&job, 10)?;
        Ok(client)
    });
    begin.wait();
    let mut client = client?;
    let mut calls = 0;
    while !end.load(Ordering::Relaxed) {
        client.run(&job, 10)?;
        calls += 10;
    }
    Ok(calls)
}

/// What a client and a server that do nothing use of the CPUs in a second, from the last call on.
fn idle_cpu(running: &dyn Running) -> Result<Sample> {
    let mut client = running.client()?;
    client.run(&Job::new(Work::Add), BATCH)?;
    let used = || Ok::<_, Fault>(cpu_time(own_pid())? + cpu_time(running.pid())?);
    let before = used()?;
    thread::sleep(QUIET);
    Ok(Sample::amount(number(used()?.saturating_sub(before))))
}

/// What memory both processes have more of for each of many connections that were used once and then left alone. Pages that both map
/// count once.
fn memory(running: &dyn Running) -> Result<Sample> {
    // What the first connection brings is not what each brings.
    let first = running.client()?;
    let one = running.connections(1)?;
    let used = || Ok::<_, Fault>(resident(own_pid())? + resident(running.pid())?);
    let before = used()?;
    let many = running.connections(CONNECTIONS)?;
    thread::sleep(QUIET);
    let after = used()?;
    drop((first, one, many));
    let more = number(after.saturating_sub(before));
    Ok(Sample::amount(more / number(CONNECTIONS as u64)))
}

fn own_pid() -> u32 {
    std::process::id()
}

/// What reading the clock costs, in nanoseconds: each call that is timed by itself has twice the half of it and all of it once.
pub(crate) fn clock_cost() -> f64 {
    const READINGS: u32 = 100_000;
    let start = Instant::now();
    for _ in 0..READINGS {
        std::hint::black_box(Instant::now());
    }
    number(nanoseconds(start.elapsed())) / f64::from(READINGS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_fits_its_time() {
        let half = Duration::from_millis(60);
        assert_eq!(batch(Work::Add, Duration::from_nanos(100), half), BATCH);
        assert_eq!(batch(Work::Add, Duration::from_micros(20), half), 100);
        assert_eq!(batch(Work::Add, Duration::from_secs(1), half), 1);
        let most = batch(Work::Pipelined, Duration::from_nanos(6), half);
        assert_eq!(most, PIPELINED_BATCH);
    }

    #[test]
    fn a_sample_is_written_and_read() {
        let sample = Sample {
            value: 150.5,
            calls_per_s: Some(6e6),
            timed: Some([140, 170].into_iter().collect()),
        };
        let text = serde_json::to_string(&sample).unwrap();
        assert_eq!(serde_json::from_str::<Sample>(&text).unwrap(), sample);
        let amount = serde_json::to_string(&Sample::amount(7.0)).unwrap();
        assert_eq!(amount, r#"{"value":7.0}"#);
    }
}
