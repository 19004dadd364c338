//! Processes as descriptors: who the other side is, whether it lives, and how our own children ended.

use std::collections::HashMap;
use std::io::{self, IoSlice};
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::fs::MetadataExt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, OnceLock, PoisonError, Weak};
use std::time::Duration;

use rustix::event::PollFlags;
use rustix::io::Errno;
use rustix::net::{SendAncillaryBuffer, SendAncillaryMessage, SendFlags, sendmsg};
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, WaitIdStatus, getpid, pidfd_open,
    pidfd_send_signal, waitid,
};

use super::cut::Cut;
use super::mortal::Mourners;
use super::{Deadline, wait};
use crate::exit::ExitStatus;

/// How a process is named in errors and lists.
pub(crate) fn process_label(name: &str, pid: u32) -> String {
    format!("{name} (pid {pid})")
}

/// This process as a descriptor, to give to children that must not outlive it.
pub(crate) fn own_pidfd() -> io::Result<OwnedFd> {
    Ok(pidfd_open(getpid(), PidfdFlags::empty())?)
}

/// Sends this process as a descriptor: a new child to who started it, before anybody could have collected its end. Allocates nothing and
/// takes no lock, as is asked of what runs between fork and exec.
pub(crate) fn send_own_pidfd(over: BorrowedFd<'_>) -> io::Result<()> {
    let own = pidfd_open(getpid(), PidfdFlags::empty())?;
    let fds = [own.as_fd()];
    let mut space = [MaybeUninit::uninit(); rustix::cmsg_space!(ScmRights(1))];
    let mut control = SendAncillaryBuffer::new(&mut space);
    control.push(SendAncillaryMessage::ScmRights(&fds));
    sendmsg(
        over,
        &[IoSlice::new(&[0])],
        &mut control,
        SendFlags::NOSIGNAL,
    )?;
    Ok(())
}

/// Tells one built executable from another: the file behind this process, by its place, size and time of writing.
pub(crate) fn build_id() -> u128 {
    static ID: LazyLock<u128> = LazyLock::new(|| {
        std::fs::metadata("/proc/self/exe").map_or(0, |file| {
            let place = (u128::from(file.dev()) << 64) | u128::from(file.ino());
            let written = (u128::from(file.mtime().cast_unsigned()) << 64)
                | (u128::from(file.mtime_nsec().cast_unsigned()) << 32)
                | u128::from(file.size());
            place.rotate_left(17) ^ written
        })
    });
    *ID
}

/// The process at the other end of a connection.
#[derive(Debug)]
pub(crate) struct Peer {
    pidfd: OwnedFd,
    pid: u32,
    /// Set where the peer is a child of this process, whose exit status is ours to collect.
    child: Option<Arc<Child>>,
    /// A socket that the peer keeps open as long as it has to do with us.
    lifeline: Option<OwnedFd>,
    mourners: Arc<Mourners>,
}

impl Peer {
    /// Watches `pid`. The number may be recycled until the peer has said something after this call.
    pub(crate) fn watch(pid: u32) -> io::Result<Self> {
        let raw = i32::try_from(pid)
            .ok()
            .and_then(Pid::from_raw)
            .ok_or(io::ErrorKind::InvalidInput)?;
        let pidfd = pidfd_open(raw, PidfdFlags::empty())?;
        let mourners = Arc::default();
        let child = Child::find(pid);
        if let Some(child) = &child {
            child.tells(&mourners);
        }
        Ok(Self {
            pidfd,
            pid,
            child,
            lifeline: None,
            mourners,
        })
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// The same process, which has ended for us when this socket is closed over there.
    pub(crate) fn on_lifeline(mut self, lifeline: OwnedFd) -> Self {
        self.lifeline = Some(lifeline);
        self
    }

    /// Has `mourner` cut when the peer ends.
    pub(crate) fn cut_at_end(&self, mourner: Weak<dyn Cut>) -> io::Result<()> {
        let lifeline = self.lifeline.as_ref();
        self.mourners.add(&self.pidfd, lifeline, mourner)
    }

    /// How the peer ended, if it has, and is a child of this process. A connection breaks a moment before its process can
    /// be waited for: `patience` bridges that.
    pub(crate) fn exit_status(&self, patience: Duration) -> Option<ExitStatus> {
        let child = self.child.as_ref()?;
        child.wait(Deadline::after(Some(patience)))
    }
}

impl AsFd for Peer {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

/// A process that this one started. Its status is collected once, by whoever asks first, and kept.
#[derive(Debug)]
pub(crate) struct Child {
    pidfd: OwnedFd,
    pid: u32,
    status: OnceLock<ExitStatus>,
    /// This process has sent it `SIGKILL`.
    killed: AtomicBool,
    /// Removes what a process leaves that did not end by itself: before anybody hears of its end.
    tidy: fn(),
    /// Those who wait for it where it is a peer, too: they know before anybody hears of its end.
    mourners: Mutex<Vec<Weak<Mourners>>>,
}

/// The children whose status somebody may still ask for, by process id.
static CHILDREN: Mutex<Option<HashMap<u32, Weak<Child>>>> = Mutex::new(None);

impl Child {
    /// Takes charge of a child that was just started, by the descriptor that it has sent of itself. `tidy` runs when it has ended, unless that
    /// was by itself, on the thread that hears of it first.
    pub(crate) fn adopt(pid: u32, pidfd: OwnedFd, tidy: fn()) -> Arc<Self> {
        let child = Arc::new(Self {
            pidfd,
            pid,
            status: OnceLock::new(),
            killed: AtomicBool::new(false),
            tidy,
            mourners: Mutex::default(),
        });
        let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
        children
            .get_or_insert_default()
            .insert(pid, Arc::downgrade(&child));
        child
    }

    fn find(pid: u32) -> Option<Arc<Self>> {
        let children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
        children.as_ref()?.get(&pid)?.upgrade()
    }

    fn tells(&self, mourners: &Arc<Mourners>) {
        let mut all = self.mourners();
        all.retain(|mourners| mourners.strong_count() > 0);
        all.push(Arc::downgrade(mourners));
    }

    fn mourners(&self) -> MutexGuard<'_, Vec<Weak<Mourners>>> {
        self.mourners.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn pid(&self) -> u32 {
        self.pid
    }

    /// Waits for the end; `None` when the deadline passes first.
    pub(crate) fn wait(&self, deadline: Deadline) -> Option<ExitStatus> {
        if let Some(status) = self.status.get() {
            return Some(*status);
        }
        let ended = wait(&[(self.pidfd.as_fd(), PollFlags::IN)], deadline);
        matches!(ended, Ok(Some(_))).then(|| self.collect())
    }

    /// Collects the status of a child that has ended.
    fn collect(&self) -> ExitStatus {
        *self.status.get_or_init(|| {
            let status = self.look(WaitIdOptions::EXITED);
            if status.code().is_none() {
                (self.tidy)();
            }
            let mourners = std::mem::take(&mut *self.mourners());
            for mourners in mourners.iter().filter_map(Weak::upgrade) {
                mourners.tell();
            }
            status
        })
    }

    /// Whether a child that has ended did so by itself, as far as is known; its status stays to be collected.
    pub(crate) fn ended_by_itself(&self) -> bool {
        let there = || self.look(WaitIdOptions::EXITED | WaitIdOptions::NOWAIT);
        let status = self.status.get().copied().unwrap_or_else(there);
        status.code().is_some()
    }

    fn look(&self, options: WaitIdOptions) -> ExitStatus {
        loop {
            match waitid(WaitId::PidFd(self.pidfd.as_fd()), options) {
                Err(Errno::INTR) => {}
                Ok(Some(status)) => break exit_status(&status),
                // ECHILD: the program's own `wait`, or an ignored SIGCHLD, took it.
                Ok(None) | Err(_) => break ExitStatus::unknown(),
            }
        }
    }

    /// How it ended, if it did: whose signal that was is a part of it, where only this process can tell.
    pub(crate) fn describe(&self, status: ExitStatus) -> String {
        let killed_elsewhere =
            status.signal() == Some(Signal::KILL.as_raw()) && !self.killed.load(Ordering::Relaxed);
        if killed_elsewhere {
            return format!("{status}, which this process did not send: possibly out of memory");
        }
        status.to_string()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        if signal == Signal::KILL {
            self.killed.store(true, Ordering::Relaxed);
        }
        // A child that has ended needs no signal.
        let _ = pidfd_send_signal(&self.pidfd, signal);
    }
}

impl AsFd for Child {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.pidfd.as_fd()
    }
}

impl Drop for Child {
    /// Removes the entry, unless the number already belongs to a later child.
    fn drop(&mut self) {
        let mut children = CHILDREN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(children) = children.as_mut()
            && children
                .get(&self.pid)
                .is_some_and(|entry| entry.strong_count() == 0)
        {
            children.remove(&self.pid);
        }
    }
}

fn exit_status(status: &WaitIdStatus) -> ExitStatus {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => ExitStatus::from_code(code),
        (None, Some(signal)) => ExitStatus::from_signal(signal),
        (None, None) => ExitStatus::unknown(),
    }
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};
    use std::sync::mpsc::{Receiver, Sender, channel};

    use super::super::background::{MONITOR, Next, Watch};
    use super::*;

    #[derive(Debug, Default)]
    struct Mourner(AtomicBool);

    impl Cut for Mourner {
        fn cut(&self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }

    /// Keeps the monitor from everything else.
    struct Holding(Sender<()>, Receiver<()>);

    impl Watch for Holding {
        fn fds(&self) -> Vec<(BorrowedFd<'_>, PollFlags)> {
            Vec::new()
        }

        fn deadline(&self) -> Deadline {
            Deadline::now()
        }

        fn ready(&mut self) -> Next {
            self.0.send(()).unwrap();
            let _ = self.1.recv();
            Next::Done
        }
    }

    #[test]
    #[expect(clippy::zombie_processes, reason = "it is collected by its descriptor")]
    fn who_hears_of_an_end_has_told_those_who_wait_for_that_process() {
        let mut cat = Command::new("cat").stdin(Stdio::piped()).spawn().unwrap();
        let pid = Pid::from_child(&cat);
        let pidfd = pidfd_open(pid, PidfdFlags::empty()).unwrap();
        let child = Child::adopt(cat.id(), pidfd, || ());
        let peer = Peer::watch(cat.id()).unwrap();
        let mourner = Arc::new(Mourner::default());
        let weak: Weak<Mourner> = Arc::downgrade(&mourner);
        peer.cut_at_end(weak).unwrap();

        let (say, said) = channel();
        let (go_on, held) = channel();
        assert!(MONITOR.run(Box::new(Holding(say, held))));
        said.recv().unwrap();
        assert!(!mourner.0.load(Ordering::Relaxed));
        drop(cat.stdin.take());
        assert!(child.wait(Deadline::NEVER).unwrap().success());
        assert!(mourner.0.load(Ordering::Relaxed));
        drop(go_on);
    }
}
