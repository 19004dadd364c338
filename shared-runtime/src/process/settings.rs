//! What can be said about a new process of either kind, task or server, and the builders' methods that say it.

use std::ffi::OsString;
use std::path::PathBuf;

use super::stdio::Stdio;

/// What is known of a process before it starts.
#[derive(Clone, Debug, Default)]
pub(super) struct Settings {
    pub(super) name: Option<String>,
    pub(super) cpus: Vec<usize>,
    pub(super) environment: Vec<Change>,
    pub(super) directory: Option<PathBuf>,
    pub(super) stdin: Option<Stdio>,
    pub(super) stdout: Option<Stdio>,
    pub(super) stderr: Option<Stdio>,
    pub(super) detached: bool,
    pub(super) executable: Option<PathBuf>,
}

/// A change to the environment that a child would inherit. They count in their order.
#[derive(Clone, Debug)]
pub(super) enum Change {
    Set(OsString, OsString),
    Remove(OsString),
    Clear,
}

/// The methods of both builders, of which each has `settings: Settings`.
macro_rules! settings_methods {
    () => {
        /// The CPUs the process may run on, by number: in force before its program begins, and so for all of its threads. Default: those
        /// of this process.
        #[must_use]
        pub fn cpus(mut self, cpus: impl IntoIterator<Item = usize>) -> Self {
            self.settings.cpus = cpus.into_iter().collect();
            self
        }

        /// Sets an environment variable. The process inherits those of this one, with the changes made here in their order.
        #[must_use]
        pub fn env(mut self, name: impl AsRef<OsStr>, value: impl AsRef<OsStr>) -> Self {
            let (name, value) = (name.as_ref().to_owned(), value.as_ref().to_owned());
            self.settings.environment.push(Change::Set(name, value));
            self
        }

        /// Sets several environment variables.
        #[must_use]
        pub fn envs<N: AsRef<OsStr>, V: AsRef<OsStr>>(
            mut self,
            variables: impl IntoIterator<Item = (N, V)>,
        ) -> Self {
            for (name, value) in variables {
                self = self.env(name, value);
            }
            self
        }

        /// Removes an environment variable.
        #[must_use]
        pub fn env_remove(mut self, name: impl AsRef<OsStr>) -> Self {
            let name = name.as_ref().to_owned();
            self.settings.environment.push(Change::Remove(name));
            self
        }

        /// Removes all environment variables; those set after this are kept.
        #[must_use]
        pub fn env_clear(mut self) -> Self {
            self.settings.environment.push(Change::Clear);
            self
        }

        /// The directory the process works in. Default: that of this process.
        #[must_use]
        pub fn current_dir(mut self, directory: impl AsRef<Path>) -> Self {
            self.settings.directory = Some(directory.as_ref().to_owned());
            self
        }

        /// Where its standard input comes from. Default: [`Stdio::null`].
        #[must_use]
        pub fn stdin(mut self, stdin: impl Into<Stdio>) -> Self {
            self.settings.stdin = Some(stdin.into());
            self
        }

        /// Where its standard output goes. Default: [`Stdio::inherit`].
        #[must_use]
        pub fn stdout(mut self, stdout: impl Into<Stdio>) -> Self {
            self.settings.stdout = Some(stdout.into());
            self
        }

        /// Where its standard error goes. Default: [`Stdio::inherit`].
        #[must_use]
        pub fn stderr(mut self, stderr: impl Into<Stdio>) -> Self {
            self.settings.stderr = Some(stderr.into());
            self
        }

        /// Whether the process goes on without this one: it does not end with it, nobody waits for it, and it has a session of its own, so
        /// that Ctrl-C does not reach it. Default: `false`.
        ///
        /// Handles that it has go on working while the servers of their objects live. This process, and servers that it started and
        /// that are not detached, end their objects with them.
        #[must_use]
        pub fn detached(mut self, detached: bool) -> Self {
            self.settings.detached = detached;
            self
        }

        /// The program to run in the place of this one: another one that is built with this library and calls
        /// [`init`](crate::init) first in `main`. It gets no arguments.
        ///
        /// Tasks and types are found there by their names. Both programs are to have them from the same sources: what a task takes and
        /// returns is not compared. A program that does not call `init` is waited for until it ends.
        #[must_use]
        pub fn executable(mut self, path: impl AsRef<Path>) -> Self {
            self.settings.executable = Some(path.as_ref().to_owned());
            self
        }
    };
}

pub(super) use settings_methods;
