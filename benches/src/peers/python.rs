//! Python's managers: a script has both sides, and makes as many calls at a time as it is told to.

use std::io::{BufRead, BufReader, Write};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Mutex, PoisonError};

use crate::child::{Killed, cpu_argument};
use crate::contender::{Client, Contender, Job, Result, Running, Setup, Work, unsupported};
use crate::machine::said;

/// A file, because a manager that is spawned reads it again.
const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/peers/managers.py");

pub(super) const BASE_MANAGER: Python = Python {
    name: "base_manager",
    module: "multiprocessing.managers",
    version: "import platform; print(platform.python_version())",
};

pub(super) const MPSERVICE: Python = Python {
    name: "mpservice",
    module: "mpservice.multiprocessing.server_process",
    version: "import mpservice; print(mpservice.__version__)",
};

/// A manager of one of Python's modules.
pub(super) struct Python {
    name: &'static str,
    module: &'static str,
    /// What prints its version.
    version: &'static str,
}

/// `PYTHON` names another one than the first on the path.
fn python() -> Command {
    Command::new(std::env::var_os("PYTHON").unwrap_or_else(|| "python3".into()))
}

impl Contender for Python {
    fn name(&self) -> &'static str {
        self.name
    }

    fn missing(&self) -> Option<String> {
        let import = format!("import {}", self.module);
        let there = python()
            .args(["-c", &import])
            .stderr(Stdio::null())
            .status();
        let missing = !there.is_ok_and(|status| status.success());
        missing.then(|| format!("Python with {} is not installed", self.module))
    }

    fn versions(&self) -> Vec<(String, String)> {
        let version = said(python().args(["-c", self.version]));
        vec![(self.name.to_owned(), version)]
    }

    fn does(&self, work: Work, threads: usize) -> bool {
        threads == 1 && matches!(work, Work::Add | Work::Echo(_) | Work::Create)
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        let cpu = cpu_argument(setup.server_cpu);
        let mut command = python();
        command.args(["-u", SCRIPT, self.module, &cpu]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut process = Killed(command.spawn()?);
        let input = process.0.stdin.take().ok_or("no input")?;
        let output = process.0.stdout.take().ok_or("no output")?;
        let mut talk = Talk {
            input: Some(input),
            output: BufReader::new(output),
        };
        let server = talk.read()?.trim().parse()?;
        let talk = Mutex::new(talk);
        Ok(Box::new(Started {
            talk,
            server,
            process,
        }))
    }

    fn serve(&self, _: &str) -> Result<()> {
        Err("Python starts its servers itself".into())
    }
}

/// Orders go one way, and a line comes back for each.
struct Talk {
    /// Until it is dropped, by which the script ends.
    input: Option<ChildStdin>,
    output: BufReader<ChildStdout>,
}

impl Talk {
    fn ask(&mut self, order: &str) -> Result<String> {
        let input = self.input.as_mut().ok_or("the script has ended")?;
        writeln!(input, "{order}")?;
        self.read()
    }

    fn read(&mut self) -> Result<String> {
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err("the script has ended".into());
        }
        Ok(line)
    }
}

struct Started {
    talk: Mutex<Talk>,
    server: u32,
    process: Killed,
}

impl Drop for Started {
    /// The script is let go, so that it ends its manager.
    fn drop(&mut self) {
        let talk = self.talk.get_mut().unwrap_or_else(PoisonError::into_inner);
        drop(talk.input.take());
        let _ = self.process.0.wait();
    }
}

impl Running for Started {
    fn client(&self) -> Result<Box<dyn Client + '_>> {
        Ok(Box::new(Asking { talk: &self.talk }))
    }

    fn pid(&self) -> u32 {
        self.server
    }
}

struct Asking<'a> {
    talk: &'a Mutex<Talk>,
}

impl Asking<'_> {
    /// The nanoseconds of each call, where they were asked for.
    fn ask(&self, how: &str, job: &Job, calls: usize) -> Result<Vec<u64>> {
        let what = match job.work {
            Work::Add => "add",
            Work::Echo(_) => "echo",
            Work::Create => "create",
            _ => return Err(unsupported("such a call")),
        };
        let order = format!("{how} {what} {} {calls}", job.payload.len());
        let mut talk = self.talk.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = talk.ask(&order)?;
        let numbers = answer.split_whitespace().map(str::parse);
        Ok(numbers.collect::<std::result::Result<_, _>>()?)
    }
}

impl Client for Asking<'_> {
    fn run(&mut self, job: &Job, calls: usize) -> Result<()> {
        self.ask("untimed", job, calls).map(drop)
    }

    fn run_timed(&mut self, job: &Job, calls: usize, took: &mut Vec<u64>) -> Result<()> {
        took.extend(self.ask("timed", job, calls)?);
        Ok(())
    }
}
