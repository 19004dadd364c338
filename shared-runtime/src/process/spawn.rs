//! A child that has been started, and the control channel to it; with an account of what went wrong if it never gets to speak.

use std::io::Read;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::process::ChildStderr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use rustix::event::PollFlags;

use super::bootstrap::Offer;
use super::command::{Program, prepare};
use super::line::{Line, Message, Outgoing};
use super::settings::Settings;
use super::stdio::{Stdio, Streams};
use crate::error::{Error, ErrorKind, Executed};
use crate::exit::ExitStatus;
use crate::logs;
use crate::mapped;
use crate::message::{FromChild, ToChild};
use crate::os::{BACKGROUND, Child, Deadline, Next, Socket, Watch, own_pidfd, process_label, wait};
use crate::transport::Broken;

/// How much of a child's early standard error is kept for the report of its end.
const KEPT_STDERR: usize = 16 * 1024;

/// A child that has been started, and the channel to it.
pub(super) struct Spawned {
    pub(super) name: String,
    pub(super) child: Arc<Child>,
    pub(super) line: Line,
    pub(super) streams: Streams,
    /// The child's standard error until it takes over its own: what it says if it never does.
    early: Option<ChildStderr>,
    said: Vec<u8>,
}

/// What a child says, if anything.
pub(super) enum Word {
    Said(FromChild, Message),
    /// Nothing before the deadline.
    NotYet,
    /// Nothing more, ever: the child has ended, or is about to.
    Never,
}

/// What becomes ready when a child has said something on its `line`, or has ended. Without a line, where nothing more is awaited: one that has
/// come to its end is always ready.
pub(super) fn signs<'a>(
    line: Option<&'a Socket>,
    child: &'a Child,
) -> Vec<(BorrowedFd<'a>, PollFlags)> {
    let line = line.map(AsFd::as_fd);
    let fds = line.into_iter().chain([child.as_fd()]);
    fds.map(|fd| (fd, PollFlags::IN)).collect()
}

/// Starts a child named `name`. Nothing is started when the program is not prepared for it.
pub(super) fn spawn(name: &str, settings: &Settings) -> Result<Spawned, Error> {
    let program = Program::of(settings)?;
    let offer = Offer::new()?;
    let mut streams = Streams::default();
    offer_streams(&offer, name, settings, &mut streams)?;
    let mut command = program.command(name, settings)?;
    let inherited = offer.theirs.as_fd().as_raw_fd();
    let (variable, value) = offer.variable(inherited);
    command.env(variable, value);
    prepare(&mut command, inherited, settings)?;
    let mut started = command
        .spawn()
        .map_err(|error| Error::io("starting a process", error))?;
    streams.stdin = started.stdin.take();
    let early = started.stderr.take();
    let Offer { ours, theirs, .. } = offer;
    // Else the child's end would not close the channel.
    drop(theirs);
    let watched = watch(started.id(), ours).inspect_err(|_| {
        // Nobody could tell it anything, or collect its end later. If it has ended by itself, that is as good.
        let _ = started.kill();
        let _ = started.wait();
    });
    let (child, line) = watched?;
    logs::look_after(&child);
    Ok(Spawned {
        name: name.to_owned(),
        child,
        line,
        streams,
        early,
        said: Vec::new(),
    })
}

/// Takes charge of a new child, over our end of its control socket.
fn watch(pid: u32, ours: Socket) -> Result<(Arc<Child>, Line), Error> {
    let child = Child::adopt(pid, pidfd(&ours)?, mapped::reap);
    let line = Line::over(ours, Arc::clone(&child) as _);
    Ok((child, line))
}

/// Says the first message, with the ends of the streams that the child is to have; ours are kept.
fn offer_streams(
    offer: &Offer,
    name: &str,
    settings: &Settings,
    streams: &mut Streams,
) -> Result<(), Error> {
    let inherit = Stdio::inherit();
    let end = |stdio: &Option<Stdio>, own: BorrowedFd<'_>| {
        let end = stdio.as_ref().unwrap_or(&inherit).later(own);
        end.map_err(|error| Error::io("giving a process its standard streams", error))
    };
    let (stdout, ours) = end(&settings.stdout, std::io::stdout().as_fd())?;
    streams.stdout = ours.map(Into::into);
    let (stderr, ours) = end(&settings.stderr, std::io::stderr().as_fd())?;
    streams.stderr = ours.map(Into::into);
    offer.send(name, settings.detached, [owner()?, &stdout, &stderr])
}

/// The descriptor that a child has sent of itself before its program began.
fn pidfd(ours: &Socket) -> Result<OwnedFd, Error> {
    let receive = || {
        let message = ours.receive(1);
        message.map_err(|error| Error::io("watching a new process", error))
    };
    // A child that has ended already, and left what it was told unread, shows as a broken connection once before what it had sent.
    let message = match receive()? {
        Some(message) => Some(message),
        None => receive()?,
    };
    let pidfd = message.and_then(|mut message| message.fds.pop());
    pidfd.ok_or_else(|| Error::io("watching a new process", "no descriptor is left for it"))
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

impl Spawned {
    /// `name (pid 123)`.
    pub(super) fn label(&self) -> String {
        process_label(&self.name, self.child.pid())
    }

    /// How it ended; `None` while it runs.
    pub(super) fn exit_status(&self) -> Option<ExitStatus> {
        self.child.wait(Deadline::after(Some(Duration::ZERO)))
    }

    /// Tells the child something. That it can no longer be told shows when its answer is awaited.
    pub(super) fn tell(&mut self, head: &ToChild, body: &[u8]) -> Result<(), Error> {
        match Outgoing::new(head, body)?.send(&self.line, Deadline::NEVER) {
            Ok(()) => Ok(()),
            Err(_) => Err(self.ended(Executed::No)),
        }
    }

    /// The child's first word, or the story of how it ended without one; `executed` is what that leaves of what it was told to do.
    pub(super) fn first_answer(
        &mut self,
        executed: Executed,
    ) -> Result<(FromChild, Message), Error> {
        self.listen_to_early_errors();
        match self.answer(Deadline::NEVER)? {
            Word::Said(head, body) => Ok((head, body)),
            Word::NotYet | Word::Never => Err(self.ended(executed)),
        }
    }

    /// The child's next word with its body.
    pub(super) fn answer(&mut self, deadline: Deadline) -> Result<Word, Error> {
        match self.line.receive(deadline) {
            Ok(message) => {
                let (head, body) = message.open()?;
                Ok(Word::Said(head, body))
            }
            Err(Broken::TimedOut) => Ok(Word::NotYet),
            Err(_) => Ok(Word::Never),
        }
    }

    /// Waits for the end of a child that has nothing more to say.
    pub(super) fn ended(&mut self, executed: Executed) -> Error {
        let status = self
            .child
            .wait(Deadline::NEVER)
            .unwrap_or_else(ExitStatus::unknown);
        self.listen_to_early_errors();
        let how = self.child.describe(status);
        let mut text = format!("the process ended without a result: {how}");
        if let Some(last) = last_lines(&self.said) {
            text.push_str("; its last words: ");
            text.push_str(&last);
        }
        Error::new(ErrorKind::Exited, text)
            .with_exit(Some(status))
            .ran(executed)
            .in_process(self.label())
    }

    /// Has its status collected as soon as it ends, whether or not anybody asks.
    pub(super) fn collect_at_end(&self) {
        BACKGROUND.run(Box::new(Collect(Arc::clone(&self.child))));
    }

    /// What a child said that it could not have meant.
    pub(super) fn unexpected(&self) -> Error {
        let text = "a child process said something out of turn";
        Error::new(ErrorKind::Decode, text).in_process(self.label())
    }

    /// Keeps what the child writes to its standard error before it has found its own, and passes it on to ours. Ends when the
    /// child speaks, or ends.
    fn listen_to_early_errors(&mut self) {
        let Some(mut early) = self.early.take() else {
            return;
        };
        loop {
            let fds = [
                (early.as_fd(), PollFlags::IN),
                (self.line.socket().as_fd(), PollFlags::IN),
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
    /// The process goes on; its status is collected, so that no zombie stays.
    fn drop(&mut self) {
        if self.exit_status().is_none() {
            self.collect_at_end();
        }
    }
}

struct Collect(Arc<Child>);

impl Watch for Collect {
    fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
        vec![(self.0.as_fd(), PollFlags::IN)]
    }

    fn ready(&mut self) -> Next {
        let child = Arc::clone(&self.0);
        let collect = move || {
            let _status = child.wait(Deadline::NEVER);
        };
        // Memory of any size may have to be freed after a process that was killed.
        let apart = || std::thread::Builder::new().name("shared-collect".into());
        if self.0.ended_by_itself() || apart().spawn(collect).is_err() {
            let _status = self.0.wait(Deadline::NEVER);
        }
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
