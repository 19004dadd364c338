//! Where the standard streams of a new process lead. Like `std::process::Stdio`, but to be used again and again: a builder may start
//! many processes.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::process::{ChildStderr, ChildStdin, ChildStdout};
use std::sync::Arc;

/// Where a standard stream of a new process leads: what the builders' `stdin`, `stdout` and `stderr` take.
///
/// Files, pipes and the streams of other processes are taken as they are.
///
/// ```
/// use std::io::Read;
/// use shared_runtime::{Process, Stdio, task};
///
/// #[task]
/// fn greets() {
///     println!("hello");
/// }
///
/// fn main() -> Result<(), Box<dyn std::error::Error>> {
///     shared_runtime::init();
///     let mut greeter = Process::builder().stdout(Stdio::piped()).spawn(greets::call())?;
///     let mut said = String::new();
///     greeter.take_stdout().unwrap().read_to_string(&mut said)?;
///     assert_eq!(said, "hello\n");
///     greeter.join()?;
///     Ok(())
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Stdio(Target);

#[derive(Clone, Debug)]
enum Target {
    Inherit,
    Null,
    Piped,
    Descriptor(Arc<OwnedFd>),
}

impl Stdio {
    /// That of this process.
    #[must_use]
    pub fn inherit() -> Self {
        Self(Target::Inherit)
    }

    /// Nowhere: reading ends at once, what is written is lost.
    #[must_use]
    pub fn null() -> Self {
        Self(Target::Null)
    }

    /// A pipe, whose other end `take_stdin`, `take_stdout` and `take_stderr` give.
    ///
    /// What is written ends with the process. A process with a large result (more than 128 KiB), or one with handles, ends only when that is
    /// taken: read on a thread of its own, and join meanwhile.
    #[must_use]
    pub fn piped() -> Self {
        Self(Target::Piped)
    }

    /// For a stream that the child has from its first instruction on.
    pub(super) fn at_once(&self) -> io::Result<std::process::Stdio> {
        Ok(match &self.0 {
            Target::Inherit => std::process::Stdio::inherit(),
            Target::Null => std::process::Stdio::null(),
            Target::Piped => std::process::Stdio::piped(),
            Target::Descriptor(fd) => fd.try_clone()?.into(),
        })
    }

    /// For a stream that is written to and that the child is handed later: its end, and ours if it is a pipe. `own` is what this process
    /// has.
    pub(super) fn later(&self, own: BorrowedFd<'_>) -> io::Result<(OwnedFd, Option<OwnedFd>)> {
        match &self.0 {
            Target::Inherit => Ok((own.try_clone_to_owned()?, None)),
            Target::Null => {
                let null = OpenOptions::new().write(true).open("/dev/null")?;
                Ok((null.into(), None))
            }
            Target::Piped => {
                let (ours, theirs) = io::pipe()?;
                Ok((theirs.into(), Some(ours.into())))
            }
            Target::Descriptor(fd) => Ok((fd.as_fd().try_clone_to_owned()?, None)),
        }
    }
}

impl From<OwnedFd> for Stdio {
    fn from(fd: OwnedFd) -> Self {
        Self(Target::Descriptor(Arc::new(fd)))
    }
}

impl From<File> for Stdio {
    fn from(file: File) -> Self {
        OwnedFd::from(file).into()
    }
}

impl From<io::PipeReader> for Stdio {
    fn from(pipe: io::PipeReader) -> Self {
        OwnedFd::from(pipe).into()
    }
}

impl From<io::PipeWriter> for Stdio {
    fn from(pipe: io::PipeWriter) -> Self {
        OwnedFd::from(pipe).into()
    }
}

impl From<ChildStdin> for Stdio {
    fn from(stream: ChildStdin) -> Self {
        OwnedFd::from(stream).into()
    }
}

impl From<ChildStdout> for Stdio {
    fn from(stream: ChildStdout) -> Self {
        OwnedFd::from(stream).into()
    }
}

impl From<ChildStderr> for Stdio {
    fn from(stream: ChildStderr) -> Self {
        OwnedFd::from(stream).into()
    }
}

/// Our ends of a child's pipes, until they are taken.
#[derive(Debug, Default)]
pub(super) struct Streams {
    pub(super) stdin: Option<ChildStdin>,
    pub(super) stdout: Option<ChildStdout>,
    pub(super) stderr: Option<ChildStderr>,
}

/// The methods of whoever has a `spawned: Spawned`, for the pipes to its streams.
macro_rules! stream_methods {
    () => {
        /// The pipe to its standard input, if that is [`Stdio::piped`](crate::Stdio::piped): once.
        pub fn take_stdin(&mut self) -> Option<std::process::ChildStdin> {
            self.spawned.streams.stdin.take()
        }

        /// The pipe from its standard output, if that is [`Stdio::piped`](crate::Stdio::piped): once.
        pub fn take_stdout(&mut self) -> Option<std::process::ChildStdout> {
            self.spawned.streams.stdout.take()
        }

        /// The pipe from its standard error, if that is [`Stdio::piped`](crate::Stdio::piped): once.
        pub fn take_stderr(&mut self) -> Option<std::process::ChildStderr> {
            self.spawned.streams.stderr.take()
        }
    };
}

pub(super) use stream_methods;
