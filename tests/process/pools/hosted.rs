//! A pool as a part of an object that a server hosts, which other processes use by its handle.

use shared_runtime::{CallError, ErrorKind, Pool, Report, ServerProcess, Shared, shared, task};

use super::super::leftovers::NothingLeft;
use super::super::support::until;
use super::super::tools::{Counter, alive};
use super::{add, counts, ends, meets, who};

/// Runs calls for whoever has its handle.
pub struct Crew {
    pool: Pool,
}

#[shared]
impl Crew {
    pub fn new(size: usize) -> Result<Self, Report> {
        let pool = Pool::builder().size(size).start()?;
        Ok(Self { pool })
    }
    pub fn add(&self, a: u64, b: u64) -> Result<u64, CallError<shared_runtime::Never>> {
        self.pool.submit(add::call(a, b)).wait()
    }
    pub fn sum(&self, numbers: Vec<u64>) -> Result<u64, Report> {
        let calls = numbers.into_iter().map(|n| add::call(n, 0));
        let sums = self.pool.map_unordered(calls);
        sums.map(|sum| Ok(sum?)).sum()
    }
    pub fn count(&self, counter: Shared<Counter>) -> Result<u64, Report> {
        Ok(self.pool.submit(counts::call(counter)).wait()?)
    }
    pub fn meet(&self, counter: Shared<Counter>, n: u64) -> Result<u32, Report> {
        Ok(self.pool.submit(meets::call(counter, n)).wait()?)
    }
    pub fn worker(&self) -> Result<u32, Report> {
        Ok(self.pool.submit(who::call()).wait()?)
    }
    pub fn end(&self, how: String) -> Result<u32, CallError<shared_runtime::Never>> {
        self.pool.submit(ends::call(how)).wait()
    }
    pub fn progress(&self) -> shared_runtime::process::Progress {
        self.pool.progress()
    }
}

/// Uses a pool of another process.
#[task]
fn uses(crew: Shared<Crew>, n: u64) -> Result<u64, Report> {
    Ok(crew.add(n, 1)?)
}

#[test]
fn a_pool_in_a_server_is_used_by_its_handle_from_any_process() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let crew = Crew::new_in(&server, 2).unwrap();
    assert_eq!(crew.add(1, 2).unwrap(), 3);
    assert_eq!(crew.sum((0..100).collect()).unwrap(), 4950);
    let tasks: Vec<_> = (0..3)
        .map(|n| uses::spawn(crew.clone(), n).unwrap())
        .collect();
    let sums: Vec<u64> = tasks.into_iter().map(|task| task.join().unwrap()).collect();
    assert_eq!(sums, [1, 2, 3]);
    assert_eq!(crew.progress().unwrap().done, 104);
    // Many threads, one object: the methods take `&self`.
    let counter = Counter::new_in(&server).unwrap();
    std::thread::scope(|scope| {
        let meeting = [(); 2].map(|()| scope.spawn(|| crew.meet(counter.clone(), 2).unwrap()));
        let [a, b] = meeting.map(|meeting| meeting.join().unwrap());
        assert_ne!(a, b);
    });
    assert_eq!(crew.count(counter.clone()).unwrap(), 3);
    let error = crew.end("kill".into()).unwrap_err();
    assert!(error.to_string().contains("SIGKILL"), "{error}");
    assert_eq!(crew.add(1, 1).unwrap(), 2);
}

#[test]
fn the_workers_of_a_hosted_pool_end_with_its_last_handle_and_with_its_server() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::start().unwrap();
    let crew = Crew::new_in(&server, 1).unwrap();
    let worker = crew.worker().unwrap();
    assert!(alive(worker));
    drop(crew);
    until("the worker is gone", || !alive(worker));
    let crew = Crew::new_in(&server, 1).unwrap();
    let worker = crew.worker().unwrap();
    super::super::support::signal("KILL", server.pid());
    until("the worker is gone", || !alive(worker));
    let error = crew.worker().unwrap_err();
    assert_eq!(error.remote().unwrap().kind(), ErrorKind::Disconnected);
}
