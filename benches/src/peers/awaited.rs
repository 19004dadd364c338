//! Clients whose calls are awaited: their loops run inside of one executor, on one thread, so that none of them pays for entering it.

use std::time::Instant;

use futures::StreamExt;
use futures::stream::iter;
use tokio::runtime::{Builder, Runtime};

use crate::contender::{Client, IN_FLIGHT, Job, Result, Work, expect, same, unsupported};
use crate::stats::nanoseconds;

/// What a client of such a library can do.
pub(super) trait Awaited {
    async fn add(&self, n: i64) -> Result<i64>;
    async fn echo(&self, data: &[u8]) -> Result<Vec<u8>>;
}

/// A client with the executor that it lives on.
pub(super) struct Awaiting<C> {
    calls: C,
    runtime: Runtime,
}

/// An executor of one thread: with one CPU for each process, more would only be in each other's way.
pub(super) fn executor() -> Result<Runtime> {
    Ok(Builder::new_current_thread().enable_all().build()?)
}

impl<C: Awaited> Awaiting<C> {
    /// With what `connect` makes on the executor.
    pub(super) fn with(connect: impl Future<Output = Result<C>>) -> Result<Self> {
        let runtime = executor()?;
        let calls = runtime.block_on(connect)?;
        Ok(Self { calls, runtime })
    }
}

impl<C: Awaited> Client for Awaiting<C> {
    fn run(&mut self, job: &Job, calls: usize) -> Result<()> {
        self.runtime.block_on(run(&self.calls, job, calls))
    }

    fn run_timed(&mut self, job: &Job, calls: usize, took: &mut Vec<u64>) -> Result<()> {
        self.runtime.block_on(async {
            for n in (0i64..).take(calls) {
                let start = Instant::now();
                one(&self.calls, job, n).await?;
                took.push(nanoseconds(start.elapsed()));
            }
            Ok(())
        })
    }
}

async fn run<C: Awaited>(client: &C, job: &Job, calls: usize) -> Result<()> {
    let all = (0i64..).take(calls);
    if job.work == Work::Pipelined {
        let calls = iter(all).map(async |n| expect(client.add(n).await? == n + 1));
        let mut answers = calls.buffered(IN_FLIGHT);
        while let Some(answer) = answers.next().await {
            answer?;
        }
        return Ok(());
    }
    for n in all {
        one(client, job, n).await?;
    }
    Ok(())
}

async fn one<C: Awaited>(client: &C, job: &Job, n: i64) -> Result<()> {
    match job.work {
        Work::Add => expect(client.add(n).await? == n + 1),
        Work::Echo(_) => expect(same(&job.payload, &client.echo(&job.payload).await?)),
        _ => Err(unsupported("such a call")),
    }
}
