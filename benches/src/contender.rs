//! What is measured, as the measuring sees it: somebody who starts a server, and clients that call it.

use std::error::Error;
use std::time::Instant;

use crate::stats::nanoseconds;

pub(crate) type Fault = Box<dyn Error + Send + Sync>;
pub(crate) type Result<T> = std::result::Result<T, Fault>;

/// What one call does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Work {
    /// `add(i64) -> i64`.
    Add,
    /// The same with `&mut self`.
    AddMut,
    /// So many bytes there and back.
    Echo(usize),
    /// `add` again, with [`IN_FLIGHT`] calls under way at once.
    Pipelined,
    /// An object is made in the server, and dropped.
    Create,
    /// A call whose argument is a handle.
    Pass,
}

/// How many calls are under way in [`Work::Pipelined`].
pub(crate) const IN_FLIGHT: usize = 64;

/// Where the two processes run (`None` is anywhere), and what for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Setup {
    pub(crate) client_cpu: Option<usize>,
    pub(crate) server_cpu: Option<usize>,
    pub(crate) work: Work,
}

/// Somebody who can be called in another process. One file has one.
pub(crate) trait Contender {
    /// By which it is known in reports.
    fn name(&self) -> &'static str;

    /// Why it cannot be measured here, if it cannot.
    fn missing(&self) -> Option<String> {
        None
    }

    /// The packages it consists of, each with its version.
    fn versions(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Whether it can do this from so many threads at once.
    fn does(&self, work: Work, threads: usize) -> bool;

    /// What its processes are to find in their environment.
    fn environment(&self) -> &[(&'static str, &'static str)] {
        &[]
    }

    /// Starts its server. The calling process is pinned already, as `setup` says.
    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>>;

    /// Is its server: in the process that `start` started through [`child`](crate::child), which is pinned already too.
    fn serve(&self, address: &str) -> Result<()>;
}

/// A server that runs until this is dropped.
pub(crate) trait Running: Sync {
    /// For one thread.
    fn client(&self) -> Result<Box<dyn Client + '_>>;

    /// The process of the server.
    fn pid(&self) -> u32;

    /// Has so many connections open, each used once, until what it returns is dropped.
    fn connections(&self, many: usize) -> Result<Vec<Box<dyn Client + '_>>> {
        let connect = |_| {
            let mut client = self.client()?;
            client.run(&Job::new(Work::Add), 1)?;
            Ok(client)
        };
        (0..many).map(connect).collect()
    }
}

/// What a client is to do again and again.
pub(crate) struct Job {
    pub(crate) work: Work,
    pub(crate) payload: Vec<u8>,
}

impl Job {
    pub(crate) fn new(work: Work) -> Self {
        let size = match work {
            Work::Echo(size) => size,
            _ => 0,
        };
        // Not all one byte: nothing that compares or compresses is to gain by it.
        let payload = (0..=u8::MAX).cycle().take(size).collect();
        Self { work, payload }
    }
}

/// What one thread calls by, many calls at a time.
pub(crate) trait Client {
    /// Makes so many calls, and fails if an answer is wrong.
    fn run(&mut self, job: &Job, calls: usize) -> Result<()>;

    /// The same, and adds what each call took, in nanoseconds.
    fn run_timed(&mut self, job: &Job, calls: usize, took: &mut Vec<u64>) -> Result<()>;
}

/// A client that makes one call at a time. The loops around it are compiled for each, so that they cost everybody the same.
pub(crate) trait Calls {
    fn add(&mut self, n: i64) -> Result<i64>;

    /// Has what came back in memory of its own, and says whether it is the same.
    fn echo(&mut self, data: &[u8]) -> Result<bool>;

    fn add_mut(&mut self, _n: i64) -> Result<i64> {
        Err(unsupported("methods that take `&mut self`"))
    }

    /// Makes so many calls of `add` with [`IN_FLIGHT`] under way at once.
    fn pipelined(&mut self, _calls: usize) -> Result<()> {
        Err(unsupported("calls that do not wait for each other"))
    }

    fn create(&mut self) -> Result<()> {
        Err(unsupported("objects"))
    }

    fn pass(&mut self) -> Result<()> {
        Err(unsupported("handles"))
    }
}

impl<C: Calls> Client for C {
    fn run(&mut self, job: &Job, calls: usize) -> Result<()> {
        match job.work {
            Work::Add => each(calls, |n| expect(self.add(n)? == n + 1)),
            Work::AddMut => each(calls, |n| expect(self.add_mut(n)? == n + 1)),
            Work::Echo(_) => each(calls, |_| expect(self.echo(&job.payload)?)),
            Work::Pipelined => self.pipelined(calls),
            Work::Create => each(calls, |_| self.create()),
            Work::Pass => each(calls, |_| self.pass()),
        }
    }

    fn run_timed(&mut self, job: &Job, calls: usize, took: &mut Vec<u64>) -> Result<()> {
        match job.work {
            Work::Add => timed(calls, took, |n| expect(self.add(n)? == n + 1)),
            Work::AddMut => timed(calls, took, |n| expect(self.add_mut(n)? == n + 1)),
            Work::Echo(_) => timed(calls, took, |_| expect(self.echo(&job.payload)?)),
            Work::Pipelined => Err(unsupported("the time of single calls among many")),
            Work::Create => timed(calls, took, |_| self.create()),
            Work::Pass => timed(calls, took, |_| self.pass()),
        }
    }
}

fn each(calls: usize, mut call: impl FnMut(i64) -> Result<()>) -> Result<()> {
    (0i64..).take(calls).try_for_each(&mut call)
}

fn timed(calls: usize, took: &mut Vec<u64>, mut call: impl FnMut(i64) -> Result<()>) -> Result<()> {
    each(calls, |n| {
        let start = Instant::now();
        call(n)?;
        took.push(nanoseconds(start.elapsed()));
        Ok(())
    })
}

/// Whether a payload came back as it went: its length and its ends, because comparing all of it would cost more than some send it for.
pub(crate) fn same(sent: &[u8], came: &[u8]) -> bool {
    sent.len() == came.len() && sent.first() == came.first() && sent.last() == came.last()
}

pub(crate) fn expect(right: bool) -> Result<()> {
    if right {
        return Ok(());
    }
    Err("a call gave a wrong answer".into())
}

pub(crate) fn unsupported(what: &str) -> Fault {
    format!("this contender has no {what}").into()
}
