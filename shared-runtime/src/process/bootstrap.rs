//! How a child learns that it is one: an inherited socket, a number that both sides know, and the parent's process id as the
//! kernel saw it. An environment variable alone proves nothing.

use std::io;
use std::os::fd::{AsFd, FromRawFd, OwnedFd, RawFd};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::{FdFlags, fcntl_dupfd_cloexec, fcntl_setfd};
use serde::{Deserialize, Serialize};

use crate::codec;
use crate::error::{Error, ErrorKind};
use crate::logs;
use crate::message::PROTOCOL;
use crate::os::{Deadline, Socket, random_id, wait};

/// Says which descriptor to look at: `<descriptor>:<number>`. Removed before user code could see it.
const VARIABLE: &str = "SHARED_RUNTIME_CHILD";

const LIMIT: usize = 4096;

/// How long a child waits for a parent that started it and then stalled.
const PATIENCE: Duration = Duration::from_secs(30);

/// The first message on the inherited socket, after the version of all that follows. With it come the parent's pidfd, the standard output and
/// error to use, and the way of logs.
#[derive(Debug, Serialize, Deserialize)]
struct Boot {
    nonce: u128,
    name: String,
    detached: bool,
}

/// What a started process gets from its owner.
#[derive(Debug)]
pub(super) struct Inherited {
    pub(super) name: String,
    /// Goes on when the owner has ended.
    pub(super) detached: bool,
    /// Readable once the owner has ended.
    pub(super) owner: OwnedFd,
    pub(super) stdout: OwnedFd,
    pub(super) stderr: OwnedFd,
    /// Where log records go.
    pub(super) logs: [OwnedFd; logs::DESCRIPTORS],
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
    pub(super) fn send(&self, name: &str, detached: bool, fds: [&OwnedFd; 3]) -> Result<(), Error> {
        let boot = Boot {
            nonce: self.nonce,
            name: name.to_owned(),
            detached,
        };
        let message = [&PROTOCOL.to_le_bytes()[..], &codec::encode(&boot)?].concat();
        if message.len() > LIMIT {
            let text =
                format!("the name of a process may have {LIMIT} bytes, less what goes with it");
            return Err(Error::new(ErrorKind::TooLarge, text));
        }
        let fds = [&fds.map(OwnedFd::as_fd)[..], &logs::descriptors()?].concat();
        let patience = Deadline::after(Some(PATIENCE));
        let sent = self.ours.send(&message, &fds, patience);
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
    let sender = match control.peer() {
        Ok(sender) => sender.pid,
        // It has started a container around this process, which sees its parent by the same number, then: by none.
        Err(unseen) if unseen.kind() == io::ErrorKind::PermissionDenied => 0,
        Err(_) => return None,
    };
    let from_parent = sender == std::os::unix::process::parent_id();
    match receive(&control, nonce) {
        Ok((boot, [owner, stdout, stderr, records, levels, bell])) if from_parent => {
            Some(Inherited {
                name: boot.name,
                detached: boot.detached,
                owner,
                stdout,
                stderr,
                logs: [records, levels, bell],
                control,
            })
        }
        Err(_) if !from_parent => None,
        refused => {
            if let Err(Refused::Version(theirs)) = refused {
                // The owner reads this, and says it as the last words of this process.
                eprintln!(
                    "this program speaks version {PROTOCOL} of shared-runtime's protocol, and the one that started it {theirs}: \
                     build both with the same version of shared-runtime"
                );
            }
            // The runtime started this process, and its owner is gone already, or has nothing for it: nobody is left to run for, and
            // `main` must not run.
            std::process::exit(1)
        }
    }
}

/// Why the first message is of no use.
#[derive(Debug, PartialEq, Eq)]
enum Refused {
    /// It did not come, or is none.
    Nothing,
    /// That of another protocol.
    Version(u32),
}

/// The first message and its descriptors, if they are for this process.
fn receive(
    control: &Socket,
    nonce: u128,
) -> Result<(Boot, [OwnedFd; 3 + logs::DESCRIPTORS]), Refused> {
    let patience = Deadline::after(Some(PATIENCE));
    let came = wait(&[(control.as_fd(), PollFlags::IN)], patience);
    let message = match came {
        Ok(Some(_)) => control.receive(LIMIT).ok().flatten(),
        _ => None,
    };
    let message = message.ok_or(Refused::Nothing)?;
    let (version, boot) = message.bytes.split_first_chunk().ok_or(Refused::Nothing)?;
    let version = u32::from_le_bytes(*version);
    if version != PROTOCOL {
        return Err(Refused::Version(version));
    }
    let boot = codec::decode::<Boot>(boot).ok();
    let boot = boot.filter(|boot| boot.nonce == nonce);
    let fds = message.fds.try_into().ok();
    boot.zip(fds).ok_or(Refused::Nothing)
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::os::own_pidfd;

    #[test]
    fn only_the_same_protocol_and_number_are_understood() {
        let fd = own_pidfd().unwrap();
        let send = |offer: &Offer| offer.send("child", false, [&fd, &fd, &fd]).unwrap();
        let offer = Offer::new().unwrap();
        send(&offer);
        let (boot, _) = receive(&offer.theirs, offer.nonce).unwrap();
        assert_eq!(boot.name, "child");
        send(&offer);
        let stranger = receive(&offer.theirs, offer.nonce + 1);
        assert_eq!(stranger.unwrap_err(), Refused::Nothing);
        for (sent, refused) in [
            (vec![PROTOCOL.to_le_bytes()[0]], Refused::Nothing),
            (
                (PROTOCOL + 1).to_le_bytes().into(),
                Refused::Version(PROTOCOL + 1),
            ),
        ] {
            let sending = offer.ours.send(&sent, &[], Deadline::NEVER);
            sending.unwrap();
            assert_eq!(receive(&offer.theirs, offer.nonce).unwrap_err(), refused);
        }
    }
}
