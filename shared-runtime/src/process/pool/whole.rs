//! A pool as users hold it, and what is to be said before it starts.

use std::fmt;
use std::num::NonZero;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use rustix::process::Signal;

use super::attend::attend;
use super::core::Core;
use super::job::Job;
use super::map::{Map, MapUnordered, submit};
use super::progress::Progress;
use super::recipe::Recipe;
use super::slot::Slot;
use crate::error::Error;
use crate::logs;
use crate::os::{Deadline, forked};
use crate::process::initializer::Initializer;
use crate::process::settings::Settings;
use crate::process::spawn::Spawned;
use crate::process::task::{TaskCall, TaskFn};

/// Worker processes that run many calls of [`#[task]`](macro@crate::task) functions, one after the other each.
///
/// A worker whose process ends in a job, by a crash, an `exit` or a `kill -9`, fails that job and no other, and is replaced; a panic fails its
/// job and the worker goes on. Pools are used by many threads at once, and can be part of an object that a server hosts.
///
/// Dropping a pool closes it and waits for the jobs that it has, as leaving a [`std::thread::scope`] does: nothing is lost, and nothing is
/// left behind. [`terminate`](Pool::terminate) it first where that may take too long. While its thread panics, dropping terminates it. The
/// workers end with the process that started them, in whichever way it ends.
///
/// ```
/// use shared_runtime::{Pool, task};
///
/// #[task]
/// fn square(n: u64) -> u64 { n * n }
///
/// fn main() -> Result<(), shared_runtime::Error> {
///     shared_runtime::init();
///     let pool = Pool::builder().size(2).start()?;
///     let nine = pool.submit(square::call(3));
///     let squares: Result<Vec<u64>, _> = pool.map((0..100).map(square::call)).collect();
///     assert_eq!(squares.unwrap().iter().sum::<u64>(), 328_350);
///     assert_eq!(nine.wait().unwrap(), 9);
///     Ok(())
/// }
/// ```
pub struct Pool {
    core: Arc<Core>,
}

impl Pool {
    /// A pool with a worker for each CPU that this process may use.
    ///
    /// # Errors
    ///
    /// As [`PoolBuilder::start`].
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// To say more about the pool first.
    #[must_use]
    pub fn builder() -> PoolBuilder {
        PoolBuilder {
            size: None,
            name: "worker".to_owned(),
            settings: Settings::default(),
            max_tasks_per_child: None,
            initializer: None,
        }
    }

    /// Has a worker run `call`, as soon as one is free. Returns at once.
    ///
    /// What is wrong with the call, or with the pool, is said with the result.
    #[doc(alias = "apply_async")]
    pub fn submit<F: TaskFn>(&self, call: TaskCall<F>) -> Job<F::Output, F::Error> {
        submit(&self.core, call, Slot::default(), 1)
    }

    /// Runs `calls`, and gives their results in the order of the calls.
    ///
    /// It is lazy: a call is pulled out of the iterator only when a worker has room for it, so that `calls` may be without end. While the next
    /// result takes long, four times as many results wait behind it as there are calls under way, and not more.
    #[doc(alias = "imap")]
    #[doc(alias = "starmap")]
    pub fn map<F: TaskFn, I: IntoIterator<Item = TaskCall<F>>>(
        &self,
        calls: I,
    ) -> Map<F, I::IntoIter> {
        Map::new(&self.core, calls.into_iter())
    }

    /// The same, with each result as soon as it is there.
    #[doc(alias = "imap_unordered")]
    pub fn map_unordered<F: TaskFn, I: IntoIterator<Item = TaskCall<F>>>(
        &self,
        calls: I,
    ) -> MapUnordered<F, I::IntoIter> {
        MapUnordered::new(&self.core, calls.into_iter())
    }

    /// How many workers it has when none is being replaced.
    #[must_use]
    pub fn size(&self) -> usize {
        self.core.size()
    }

    /// How far it has come: the counts of all jobs so far, those of [`map`](Pool::map) among them.
    #[must_use]
    pub fn progress(&self) -> Progress {
        if forked() {
            return Progress::default();
        }
        self.core.progress()
    }

    /// Takes no more jobs: further ones end with `Cancelled`. The workers end when they have done what there is.
    pub fn close(&self) {
        if !forked() {
            self.core.close();
        }
    }

    /// [Closes](Pool::close) it and waits until all of its jobs are done and its workers have ended. Any number of threads may.
    pub fn join(&self) {
        if !forked() {
            self.core.close();
            self.core.wait_until_over();
            logs::settle(Deadline::NEVER);
        }
    }

    /// Ends it now: all jobs that have not ended end with `Cancelled`, and the workers with `SIGTERM`, after a second with `SIGKILL`. Does not
    /// wait for them: [`join`](Pool::join) does.
    pub fn terminate(&self) {
        if !forked() {
            self.core.terminate();
        }
    }
}

impl Drop for Pool {
    /// Does nothing in a forked process: the workers are the parent's.
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.terminate();
        }
        self.join();
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pool")
            .field("size", &self.size())
            .field("progress", &self.progress())
            .finish_non_exhaustive()
    }
}

/// What is to be said about a pool before it starts: made by [`Pool::builder`].
#[derive(Clone)]
pub struct PoolBuilder {
    size: Option<usize>,
    name: String,
    settings: Settings,
    max_tasks_per_child: Option<u64>,
    initializer: Option<Initializer>,
}

impl PoolBuilder {
    /// How many workers it has, one at least. Default: one for each CPU that this process may use.
    #[must_use]
    #[doc(alias = "processes")]
    pub fn size(mut self, workers: usize) -> Self {
        self.size = Some(workers);
        self
    }

    /// What the workers are called in errors and in `ps`: this with a number. Default: `worker`, so `worker-1`, `worker-2`, …
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// The CPUs the workers may run on, by number. Default: those of this process.
    #[must_use]
    pub fn cpus(mut self, cpus: impl IntoIterator<Item = usize>) -> Self {
        self.settings.cpus = cpus.into_iter().collect();
        self
    }

    /// After how many jobs, one at least, a worker ends and another takes its place: for tasks that leave memory behind. Default: never.
    #[must_use]
    #[doc(alias = "maxtasksperchild")]
    pub fn max_tasks_per_child(mut self, jobs: u64) -> Self {
        self.max_tasks_per_child = Some(jobs);
        self
    }

    /// A call that each worker runs before its first job, those that come in the place of others too. The handles among its arguments are
    /// held as long as the pool.
    ///
    /// ```
    /// use std::sync::OnceLock;
    /// use shared_runtime::{Pool, task};
    ///
    /// static GREETING: OnceLock<String> = OnceLock::new();
    ///
    /// #[task]
    /// fn prepare(greeting: String) -> Result<(), String> { GREETING.set(greeting) }
    ///
    /// #[task]
    /// fn greet(name: String) -> Option<String> { Some(format!("{}, {name}", GREETING.get()?)) }
    ///
    /// fn main() -> Result<(), shared_runtime::Error> {
    ///     shared_runtime::init();
    ///     let pool = Pool::builder().size(1).initializer(prepare::call("Hello".into())).start()?;
    ///     assert_eq!(pool.submit(greet::call("you".into())).wait().unwrap().unwrap(), "Hello, you");
    ///     Ok(())
    /// }
    /// ```
    #[must_use]
    pub fn initializer<F>(mut self, call: TaskCall<F>) -> Self
    where
        F: TaskFn<Error: fmt::Debug + 'static>,
    {
        self.initializer = Some(Initializer::new(call));
        self
    }

    /// Starts the workers, and returns when all of them are ready for jobs.
    ///
    /// # Errors
    ///
    /// `NotInitialized`; `Exited` if an initializer returns an error, with its text, or if a worker's process ends before it is ready;
    /// `Panicked` if an initializer panics; `Encode` or `TooLarge` for its arguments; `Io`. No worker is left then.
    pub fn start(self) -> Result<Pool, Error> {
        let processors = || std::thread::available_parallelism().map_or(1, NonZero::get);
        let size = self.size.unwrap_or_else(processors).max(1);
        let most_in_all = self.max_tasks_per_child.unwrap_or(u64::MAX).max(1);
        let core = Arc::new(Core::new(size, most_in_all)?);
        let recipe = Arc::new(Recipe {
            name: self.name,
            settings: self.settings,
            initializer: self.initializer,
            started: AtomicU64::new(0),
        });
        for spawned in start_all(&recipe, size)? {
            core.add(spawned);
        }
        let (ours, its) = (Arc::clone(&core), recipe);
        let thread = std::thread::Builder::new().name("shared-pool".into());
        thread
            .spawn(move || attend(&ours, &its))
            .map_err(|error| Error::io("starting the thread of a pool", error))?;
        Ok(Pool { core })
    }
}

/// So many workers that are ready: they get ready side by side.
fn start_all(recipe: &Recipe, size: usize) -> Result<Vec<Spawned>, Error> {
    let mut workers = Vec::new();
    let ready = (0..size)
        .try_for_each(|_| recipe.begin().map(|spawned| workers.push(spawned)))
        .and_then(|()| {
            workers
                .iter_mut()
                .try_for_each(|spawned| recipe.finish(spawned))
        });
    if let Err(error) = ready {
        // Their initializers may run for long.
        for spawned in &workers {
            spawned.child.signal(Signal::KILL);
        }
        return Err(error);
    }
    Ok(workers)
}

impl fmt::Debug for PoolBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PoolBuilder")
            .field("size", &self.size)
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
