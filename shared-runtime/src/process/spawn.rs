//! Starts a child: this executable again, with a control channel, and with an account of what went wrong if it never
//! gets to speak.

use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::process::CommandExt;
use std::process::{ChildStderr, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::{FdFlags, fcntl_setfd};
use rustix::thread::{CpuSet, sched_setaffinity};

use super::bootstrap::Offer;
use super::start::{Entry, entry};
use crate::codec;
use crate::error::{Error, ErrorKind, Executed};
use crate::exit::ExitStatus;
use crate::message::{FromChild, ToChild};
use crate::os::{BACKGROUND, Child, Deadline, Next, Peer, Watch, own_pidfd, process_label, wait};
use crate::transport::{Broken, ChannelConnection, Connection};

/// How much of a child's early standard error is kept for the report of its end.
const KEPT_STDERR: usize = 16 * 1024;

/// A child that has been started, and the channel to it.
pub(super) struct Spawned {
    pub(super) name: String,
    pub(super) child: Arc<Child>,
    /// A mutex only to be shared between threads; whoever uses it has `&mut`.
    control: Mutex<ChannelConnection>,
    /// The child's standard error until it takes over its own: what it says if it never does.
    early: Option<ChildStderr>,
    said: Vec<u8>,
}

/// Starts a child named `name`, on the given CPUs if any. Nothing is started when the program is not prepared for it.
pub(super) fn spawn(name: &str, cpus: &[usize]) -> Result<Spawned, Error> {
    let (executable, entry) = entry()?;
    let offer = Offer::new()?;
    offer.send(name, owner()?)?;
    let mut command = command(executable, entry);
    let (variable, value) = offer.variable(offer.theirs.as_fd().as_raw_fd());
    command.env(variable, value);
    prepare(&mut command, &offer, cpu_set(cpus)?);
    let mut started = command
        .spawn()
        .map_err(|error| Error::io("starting a process", error))?;
    let early = started.stderr.take();
    let child =
        Child::adopt(started.id()).map_err(|error| Error::io("watching a new process", error))?;
    let Offer { ours, theirs, .. } = offer;
    // Else the child's end would not close the channel.
    drop(theirs);
    let peer =
        Peer::of_child(&child).map_err(|error| Error::io("watching a new process", error))?;
    let control = ChannelConnection::over(ours, Arc::new(peer))
        .map_err(|error| Error::io("making a control channel", error))?;
    Ok(Spawned {
        name: name.to_owned(),
        child,
        control: Mutex::new(control),
        early,
        said: Vec::new(),
    })
}

/// This process, for children that must not outlive it.
fn owner() -> Result<&'static OwnedFd, Error> {
    static OWNER: OnceLock<OwnedFd> = OnceLock::new();
    if let Some(owner) = OWNER.get() {
        return Ok(owner);
    }
    let owner = own_pidfd().map_err(|error| Error::io("watching this process", error))?;
    Ok(OWNER.get_or_init(|| owner))
}

fn command(executable: &OwnedFd, entry: Entry) -> Command {
    let mut command = Command::new(format!("/proc/self/fd/{}", executable.as_raw_fd()));
    let mut arguments = std::env::args_os();
    command.arg0(arguments.next().unwrap_or_default());
    match entry {
        // As Python's `multiprocessing` does: a child sees the command line of the program it belongs to.
        Entry::Main => command.args(arguments),
        Entry::Test(name) => command.args([
            "--exact",
            name,
            "--nocapture",
            "--test-threads=1",
            "--quiet",
        ]),
    };
    // What a test harness prints about its one hidden test is of no interest; the child gets the real ones with its first message.
    command
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped());
    command
}

/// What happens in the child between fork and exec.
fn prepare(command: &mut Command, offer: &Offer, cpus: Option<CpuSet>) {
    let inherited = offer.theirs.as_fd().as_raw_fd();
    let between = move || {
        // SAFETY: the child's copy of a descriptor that the parent keeps open until `spawn` returns.
        let inherited = unsafe { BorrowedFd::borrow_raw(inherited) };
        fcntl_setfd(inherited, FdFlags::empty())?;
        if let Some(cpus) = &cpus {
            // Before the program has begun: in force for every thread it will ever have.
            sched_setaffinity(None, cpus)?;
        }
        Ok(())
    };
    // SAFETY: only system calls on data of this frame: no allocation, no locks.
    unsafe { command.pre_exec(between) };
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

impl Spawned {
    /// `name (pid 123)`.
    pub(super) fn label(&self) -> String {
        process_label(&self.name, self.child.pid())
    }

    fn control(&mut self) -> &mut dyn Connection {
        self.control
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// Tells the child something. That it can no longer be told shows when its answer is awaited.
    pub(super) fn tell(&mut self, head: &ToChild, body: &[u8]) -> Result<(), Error> {
        let head = codec::encode(head)?;
        match self.control().send(&head, body, Deadline::NEVER) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.ended(Executed::No)),
        }
    }

    /// The child's first word, or the story of how it ended without one.
    pub(super) fn first_answer(&mut self) -> Result<FromChild, Error> {
        self.listen_to_early_errors();
        match self.answer(Deadline::NEVER, Executed::No)? {
            Some((answer, _)) => Ok(answer),
            None => Err(self.ended(Executed::No)),
        }
    }

    /// The child's next word with its body; `None` when the deadline passes first. A child that has ended without one is an
    /// error, of which the caller knows how much of the task that leaves done.
    pub(super) fn answer(
        &mut self,
        deadline: Deadline,
        executed: Executed,
    ) -> Result<Option<(FromChild, Vec<u8>)>, Error> {
        let mut frame = Vec::new();
        match self.control().receive(&mut frame, usize::MAX, deadline) {
            Ok(()) => {
                let (head, body) = codec::decode_head(&frame)?;
                Ok(Some((head, body.to_vec())))
            }
            Err(Broken::TimedOut) => Ok(None),
            Err(_) => Err(self.ended(executed)),
        }
    }

    /// Waits for the end of a child that has nothing more to say.
    pub(super) fn ended(&mut self, executed: Executed) -> Error {
        let status = self
            .child
            .wait(Deadline::NEVER)
            .unwrap_or_else(ExitStatus::unknown);
        self.listen_to_early_errors();
        let mut text = format!("the process ended without a result: {status}");
        if let Some(last) = last_lines(&self.said) {
            text.push_str("; its last words: ");
            text.push_str(&last);
        }
        Error::new(ErrorKind::Exited, text)
            .with_exit(Some(status))
            .ran(executed)
            .in_process(self.label())
    }

    /// Keeps what the child writes to its standard error before it has found its own, and passes it on to ours. Ends when the
    /// child speaks, or ends.
    fn listen_to_early_errors(&mut self) {
        let Some(mut early) = self.early.take() else {
            return;
        };
        let control = self
            .control
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        loop {
            let fds = [
                (early.as_fd(), PollFlags::IN),
                (control.readable(), PollFlags::IN),
                (self.child.as_fd(), PollFlags::IN),
            ];
            let Ok(Some(ready)) = wait(&fds, Deadline::NEVER) else {
                return;
            };
            if !ready[0] {
                return;
            }
            let mut chunk = [0; 4096];
            match early.read(&mut chunk) {
                Ok(0) | Err(_) => return,
                Ok(length) => {
                    // Our own standard error may be closed.
                    let _ = std::io::Write::write_all(&mut std::io::stderr(), &chunk[..length]);
                    self.said.extend_from_slice(&chunk[..length]);
                    let excess = self.said.len().saturating_sub(KEPT_STDERR);
                    self.said.drain(..excess);
                }
            }
        }
    }
}

impl Drop for Spawned {
    /// The process goes on; the background thread collects its status, so that no zombie stays.
    fn drop(&mut self) {
        if self
            .child
            .wait(Deadline::after(Some(Duration::ZERO)))
            .is_none()
        {
            BACKGROUND.run(Box::new(Collect(Arc::clone(&self.child))));
        }
    }
}

struct Collect(Arc<Child>);

impl Watch for Collect {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![(self.0.as_fd(), PollFlags::IN)]
    }

    fn ready(&mut self) -> Next {
        let _status = self.0.wait(Deadline::NEVER);
        Next::Done
    }
}

/// The last few lines of what a child said.
fn last_lines(said: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(said);
    let lines: Vec<&str> = said
        .lines()
        .map(str::trim_end)
        .filter(|line| !line.is_empty())
        .collect();
    let last = lines.get(lines.len().saturating_sub(5)..)?;
    (!last.is_empty()).then(|| last.join(" / "))
}
