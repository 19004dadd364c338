//! The command that starts a child: which program, with which arguments and environment, and what happens before it begins.

use std::ffi::OsString;
use std::fs::File;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd, RawFd};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::setsid;
use rustix::thread::{CpuSet, sched_setaffinity};

use super::settings::{Change, Settings};
use super::start::{Entry, entry};
use super::stdio;
use crate::error::{Error, ErrorKind};
use crate::os::send_own_pidfd;

/// A child's program, held open until it has started.
pub(super) struct Program {
    /// None: this program.
    other: Option<OwnedFd>,
    own: &'static OwnedFd,
    entry: Entry,
}

impl Program {
    /// The program that `settings` name. Nothing is started when this one is not prepared for it.
    pub(super) fn of(settings: &Settings) -> Result<Self, Error> {
        let (own, entry) = entry()?;
        let other = settings.executable.as_deref().map(open).transpose()?;
        Ok(Self { other, own, entry })
    }

    /// The command for a child that is called `name`: it starts where `ps` shows the name first.
    pub(super) fn command(&self, name: &str, settings: &Settings) -> Result<Command, Error> {
        let executable = self.other.as_ref().unwrap_or(self.own);
        let mut command = Command::new(format!("/proc/self/fd/{}", executable.as_raw_fd()));
        let mut arguments = std::env::args_os();
        let own = arguments.next().unwrap_or_default();
        let path = settings.executable.as_ref();
        let mut title = OsString::from(format!("{}: ", name.replace('\0', "")));
        title.push(path.map_or(own, |path| path.clone().into_os_string()));
        command.arg0(title);
        match (&self.other, self.entry) {
            (Some(_), _) => &mut command,
            // As Python's `multiprocessing` does: a child sees the command line of the program it belongs to.
            (None, Entry::Main) => command.args(arguments),
            (None, Entry::Test(name)) => command.args([
                "--exact",
                name,
                "--nocapture",
                "--test-threads=1",
                "--quiet",
            ]),
        };
        surroundings(&mut command, settings)?;
        Ok(command)
    }
}

/// Opens another program. What could only be found out between fork and exec is looked at here, where it can be told better.
fn open(path: &Path) -> Result<OwnedFd, Error> {
    let refused = |error: &dyn std::fmt::Display| {
        Error::new(
            ErrorKind::Io,
            format!("starting the program {}: {error}", path.display()),
        )
    };
    let file = File::open(path).map_err(|error| refused(&error))?;
    let about = file.metadata().map_err(|error| refused(&error))?;
    if !about.is_file() || about.permissions().mode() & 0o111 == 0 {
        return Err(refused(&"it is not an executable file"));
    }
    Ok(file.into())
}

/// The environment, the directory and the standard streams that the child begins with.
fn surroundings(command: &mut Command, settings: &Settings) -> Result<(), Error> {
    for change in &settings.environment {
        match change {
            Change::Set(name, value) => command.env(name, value),
            Change::Remove(name) => command.env_remove(name),
            Change::Clear => command.env_clear(),
        };
    }
    if let Some(directory) = &settings.directory {
        command.current_dir(directory);
    }
    let stdin = settings.stdin.as_ref().map(stdio::Stdio::at_once);
    let stdin = stdin
        .transpose()
        .map_err(|error| Error::io("giving a process its standard input", error))?;
    // What a test harness prints about its one hidden test is of no interest; the child gets the real ones with its first message.
    command
        .stdin(stdin.unwrap_or_else(Stdio::null))
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    Ok(())
}

/// What happens in the child between fork and exec. `inherited` is its end of the control socket.
pub(super) fn prepare(
    command: &mut Command,
    inherited: RawFd,
    settings: &Settings,
) -> Result<(), Error> {
    let (cpus, detached) = (cpu_set(&settings.cpus)?, settings.detached);
    let between = move || {
        // SAFETY: the child's copy of a descriptor that the parent keeps open until `spawn` returns.
        let inherited = unsafe { BorrowedFd::borrow_raw(inherited) };
        fcntl_setfd(inherited, FdFlags::empty())?;
        if let Some(cpus) = &cpus {
            // Before the program has begun: in force for every thread it will ever have.
            sched_setaffinity(None, cpus)?;
        }
        if detached {
            setsid()?;
        }
        // Before its parent goes on, so before anybody can have collected its end.
        send_own_pidfd(inherited.as_fd())
    };
    // SAFETY: only system calls on data of this frame: no allocation, no locks.
    unsafe { command.pre_exec(between) };
    Ok(())
}

fn cpu_set(cpus: &[usize]) -> Result<Option<CpuSet>, Error> {
    if cpus.is_empty() {
        return Ok(None);
    }
    let mut set = CpuSet::new();
    for cpu in cpus {
        if *cpu >= CpuSet::MAX_CPU {
            return Err(Error::new(ErrorKind::Io, format!("there is no CPU {cpu}")));
        }
        set.set(*cpu);
    }
    Ok(Some(set))
}
