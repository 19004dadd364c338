//! Ours: an object in a server process, called through its proxy, over each transport.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};

use shared_runtime::call::Pending;
use shared_runtime::{ServerProcess, Shared, shared};

use crate::contender::{
    Calls, Client, Contender, IN_FLIGHT, Job, Result, Running, Setup, Work, expect, same,
};

/// What is called, in a way that needs no lock.
#[derive(Default)]
struct Adder {
    here: Mutex<usize>,
    all_here: Condvar,
}

#[shared]
impl Adder {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    #[expect(clippy::unused_self, reason = "an object is called, not a function")]
    pub(crate) fn add(&self, n: i64) -> i64 {
        n + 1
    }

    #[expect(clippy::unused_self, reason = "an object is called, not a function")]
    pub(crate) fn echo(&self, data: &[u8]) -> Vec<u8> {
        data.to_vec()
    }

    #[expect(clippy::unused_self, reason = "an object is called, not a function")]
    pub(crate) fn take(&self, other: Shared<Adder>) -> bool {
        Shared::is_local(&other)
    }

    /// Returns when so many calls of it are under way, so that each has a connection of its own.
    pub(crate) fn gather(&self, many: usize) {
        let mut here = self.here.lock().unwrap_or_else(PoisonError::into_inner);
        *here += 1;
        self.all_here.notify_all();
        while *here < many {
            here = self
                .all_here
                .wait(here)
                .unwrap_or_else(PoisonError::into_inner);
        }
    }
}

/// What is called by one at a time.
#[derive(Default)]
struct Counter {
    calls: i64,
}

#[shared]
impl Counter {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    pub(crate) fn add(&mut self, n: i64) -> i64 {
        self.calls += 1;
        n + 1
    }
}

/// Ours over one of its transports.
pub(crate) struct Ours {
    pub(crate) name: &'static str,
    environment: [(&'static str, &'static str); 1],
}

impl Ours {
    pub(crate) const RING: Self = Self::over("ring");
    pub(crate) const CHANNEL: Self = Self::over("channel");

    const fn over(transport: &'static str) -> Self {
        Self {
            name: transport,
            environment: [("SHARED_TRANSPORT", transport)],
        }
    }
}

impl Contender for Ours {
    fn name(&self) -> &'static str {
        self.name
    }

    fn does(&self, _: Work, _: usize) -> bool {
        true
    }

    fn environment(&self) -> &[(&'static str, &'static str)] {
        &self.environment
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        let server = start_server(setup)?;
        Ok(Box::new(Started {
            adder: Adder::new_in(&server)?,
            counter: Counter::new_in(&server)?,
            server,
        }))
    }

    fn serve(&self, _: &str) -> Result<()> {
        Err("ours is served by `ServerProcess`".into())
    }
}

/// All that is said about the server: as its defaults are, but for where it runs. The transport is in the environment.
fn start_server(setup: &Setup) -> Result<ServerProcess> {
    let builder = ServerProcess::builder();
    let builder = builder.cpus(setup.server_cpu);
    Ok(builder.start()?)
}

struct Started {
    adder: Shared<Adder>,
    counter: Shared<Counter>,
    server: ServerProcess,
}

impl Running for Started {
    fn client(&self) -> Result<Box<dyn Client + '_>> {
        Ok(Box::new(Handles { started: self }))
    }

    fn pid(&self) -> u32 {
        self.server.pid()
    }

    /// A connection is borrowed for a call: so many calls at one time leave so many connections.
    fn connections(&self, many: usize) -> Result<Vec<Box<dyn Client + '_>>> {
        let gathering = Adder::new_in(&self.server)?;
        std::thread::scope(|scope| {
            let calls: Vec<_> = (0..many)
                .map(|_| scope.spawn(|| gathering.gather(many)))
                .collect();
            calls
                .into_iter()
                .try_for_each(|call| call.join().unwrap_or(Ok(())))
        })?;
        let mut client = self.client()?;
        client.run(&Job::new(Work::Add), 1)?;
        Ok(vec![client])
    }
}

struct Handles<'a> {
    started: &'a Started,
}

impl Calls for Handles<'_> {
    #[inline]
    fn add(&mut self, n: i64) -> Result<i64> {
        Ok(self.started.adder.add(n)?)
    }

    fn add_mut(&mut self, n: i64) -> Result<i64> {
        Ok(self.started.counter.add(n)?)
    }

    fn echo(&mut self, data: &[u8]) -> Result<bool> {
        Ok(same(data, &self.started.adder.echo(data)?))
    }

    fn pipelined(&mut self, calls: usize) -> Result<()> {
        let mut under_way: VecDeque<(i64, Pending<_>)> = VecDeque::with_capacity(IN_FLIGHT);
        for n in 0..i64::try_from(calls)? {
            if under_way.len() == IN_FLIGHT
                && let Some((n, call)) = under_way.pop_front()
            {
                expect(call.wait()? == n + 1)?;
            }
            under_way.push_back((n, Shared::calls(&self.started.adder).add(n).start()));
        }
        under_way
            .into_iter()
            .try_for_each(|(n, call)| expect(call.wait()? == n + 1))
    }

    fn create(&mut self) -> Result<()> {
        drop(Adder::new_in(&self.started.server)?);
        Ok(())
    }

    fn pass(&mut self) -> Result<()> {
        expect(self.started.adder.take(self.started.adder.clone())?)
    }
}
