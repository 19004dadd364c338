//! Processes of this executable that do one thing: serve, measure, or keep a CPU busy. They end with who started them.

use std::io::{BufRead, BufReader, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::process::{Child, Command, Stdio};

use rustix::process::{Signal, set_parent_process_death_signal};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::contender::{Result, Setup};

const READY: &str = "ready";

/// This executable again.
pub(crate) fn this_executable() -> Result<Command> {
    Ok(Command::new(std::env::current_exe()?))
}

/// Ends a process when this is dropped, and collects its status.
pub(crate) struct Killed(pub(crate) Child);

impl Drop for Killed {
    fn drop(&mut self) {
        // It may have ended before.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A contender's server, in a process of its own.
pub(crate) struct ServerChild(Killed);

impl ServerChild {
    /// Starts it with a descriptor to share, and returns when it serves.
    pub(crate) fn start(
        contender: &str,
        address: &str,
        setup: &Setup,
        shared: impl Into<OwnedFd>,
    ) -> Result<Self> {
        let mut command = this_executable()?;
        command.args(["--serve", contender, &cpu_argument(setup.server_cpu)]);
        command.arg(address).stdin(Stdio::from(shared.into()));
        let mut server = Killed(command.stdout(Stdio::piped()).spawn()?);
        let mut line = String::new();
        if let Some(output) = server.0.stdout.take() {
            BufReader::new(output).read_line(&mut line)?;
        }
        if line.trim_end() != READY {
            return Err(format!("the server of {contender} did not start").into());
        }
        Ok(Self(server))
    }

    pub(crate) fn pid(&self) -> u32 {
        self.0.0.id()
    }

    /// Waits until it has ended by itself, having been asked to.
    #[cfg(feature = "peers")]
    pub(crate) fn ended(&mut self) -> Result<()> {
        self.0.0.wait()?;
        Ok(())
    }
}

/// What each of them does first. Where it may run is settled before it has a thread.
pub(crate) fn begin(cpu: Option<usize>) -> Result<()> {
    set_parent_process_death_signal(Some(Signal::KILL))?;
    cpu.map_or(Ok(()), pin)
}

/// The descriptor that the server was started with.
pub(crate) fn handed_over() -> Result<OwnedFd> {
    let shared = std::io::stdin().as_fd().try_clone_to_owned()?;
    ready()?;
    Ok(shared)
}

/// Tells who started this server that it serves: what is sent to it from now on waits for it, if nothing else.
pub(crate) fn ready() -> Result<()> {
    let mut output = std::io::stdout();
    writeln!(output, "{READY}")?;
    Ok(output.flush()?)
}

/// Lets the calling thread, and all it will start, run on one CPU.
pub(crate) fn pin(cpu: usize) -> Result<()> {
    let mut cpus = CpuSet::new();
    cpus.set(cpu);
    Ok(sched_setaffinity(None, &cpus)?)
}

/// The CPUs this process may run on.
pub(crate) fn usable_cpus() -> Result<Vec<usize>> {
    let set = sched_getaffinity(None)?;
    Ok((0..CpuSet::MAX_CPU)
        .filter(|cpu| set.is_set(*cpu))
        .collect())
}

pub(crate) fn cpu_argument(cpu: Option<usize>) -> String {
    cpu.map_or("any".to_owned(), |cpu| cpu.to_string())
}

/// A process that burns the given CPU.
pub(crate) fn neighbour(cpu: usize) -> Result<Killed> {
    let mut command = this_executable()?;
    command.args(["--burn", &cpu.to_string()]);
    Ok(Killed(command.spawn()?))
}

/// What the neighbour does.
pub(crate) fn burn() -> ! {
    loop {
        std::hint::black_box(());
    }
}
