//! How a child learns that it is one: an inherited socket, a number that both sides know, and the parent's process id as the
//! kernel saw it. An environment variable alone proves nothing.

use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::Error;
use crate::os::{Deadline, Socket, random_id, wait};

/// Says which descriptor to look at: `<descriptor>:<number>`. Removed before user code could see it.
const VARIABLE: &str = "SHARED_RUNTIME_CHILD";

const LIMIT: usize = 4096;

/// How long a child waits for a parent that started it and then stalled.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first message on the inherited socket. With it come the parent's pidfd, and the standard output and error to use.
#[derive(Debug, Serialize, Deserialize)]
struct Boot {
    nonce: u128,
    name: String,
}

/// What a started process gets from its owner.
#[derive(Debug)]
pub(super) struct Inherited {
    pub(super) name: String,
    /// Readable once the owner has ended.
    pub(super) owner: OwnedFd,
    pub(super) owner_pid: u32,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    /// Becomes the control channel.
    pub(super) control: Socket,
}

/// The owner's side, before the child is started.
pub(super) struct Offer {
    nonce: u128,
    pub(super) ours: Socket,
    pub(super) theirs: Socket,
}

impl Offer {
    pub(super) fn new() -> Result<Self, Error> {
        let (ours, theirs) =
            Socket::pair().map_err(|error| Error::io("making a control socket", error))?;
        // Above the standard streams, also in a process that has closed its own: the child gets new ones there.
        let theirs = fcntl_dupfd_cloexec(&theirs, 3)
            .map_err(|error| Error::io("making a control socket", error))?;
        Ok(Self {
            nonce: random_id(),
            ours,
            theirs: Socket::from(theirs),
        })
    }

    /// The environment variable for the child, if it finds its socket at `descriptor`.
    pub(super) fn variable(&self, descriptor: RawFd) -> (&'static str, String) {
        (VARIABLE, format!("{descriptor}:{:032x}", self.nonce))
    }

    /// Says who we are and what the child should use; can be said before the child runs.
    pub(super) fn send(&self, name: &str, owner: &OwnedFd) -> Result<(), Error> {
        let boot = Boot {
            nonce: self.nonce,
            name: name.to_owned(),
        };
        let (stdout, stderr) = (std::io::stdout(), std::io::stderr());
        let fds = [owner.as_fd(), stdout.as_fd(), stderr.as_fd()];
        let sent = self.ours.send(
            &codec::encode(&boot)?,
            &fds,
            Deadline::after(Some(PATIENCE)),
        );
        sent.map_err(|error| Error::io("writing to a control socket", format!("{error:?}")))
    }
}

/// What this process inherited, if the runtime of its parent started it. Called while no other thread runs.
pub(super) fn inherited() -> Option<Inherited> {
    let variable = std::env::var(VARIABLE).ok()?;
    // SAFETY: `init` runs first in `main`, so no other thread can be reading the environment; in a test child the harness's main
    // thread only waits for this one.
    unsafe { std::env::remove_var(VARIABLE) };
    let (descriptor, nonce) = variable.split_once(':')?;
    let nonce = u128::from_str_radix(nonce, 16).ok()?;
    let control = claim(descriptor.parse().ok()?)?;
    let credentials = control.peer().ok()?;
    let from_parent = Some(credentials.pid) == rustix::process::getppid();
    match receive(&control, nonce) {
        Some((boot, [owner, stdout, stderr])) if from_parent => Some(Inherited {
            name: boot.name,
            owner,
            owner_pid: credentials.pid.as_raw_nonzero().get().cast_unsigned(),
            stdout,
            stderr,
            control,
        }),
        None if !from_parent => None,
        // The runtime started this process, and its owner is gone already, or has nothing for it: nobody is left to run for, and `main`
        // must not run.
        _ => std::process::exit(1),
    }
}

/// The first message and its descriptors, if they are for this process.
fn receive(control: &Socket, nonce: u128) -> Option<(Boot, [OwnedFd; 3])> {
    let came = wait(
        &[(control.as_fd(), PollFlags::IN)],
        Deadline::after(Some(PATIENCE)),
    );
    came.ok()??;
    let message = control.receive(LIMIT).ok()??;
    let boot = codec::decode::<Boot>(&message.bytes)
        .ok()
        .filter(|boot| boot.nonce == nonce)?;
    Some((boot, message.fds.try_into().ok()?))
}

/// The inherited descriptor, closed for programs that this process starts.
fn claim(descriptor: RawFd) -> Option<Socket> {
    // SAFETY: only looks whether the number is open; nothing is owned yet.
    let open = descriptor > 2 && unsafe { libc::fcntl(descriptor, libc::F_GETFD) } == 0;
    if !open {
        return None;
    }
    // SAFETY: open, without close-on-exec (its flags are 0), and named by the variable that the parent set for exactly this
    // descriptor: no code has run in this process that could own it.
    let fd = unsafe { OwnedFd::from_raw_fd(descriptor) };
    fcntl_setfd(&fd, FdFlags::CLOEXEC).ok()?;
    Some(Socket::from(fd))
}
