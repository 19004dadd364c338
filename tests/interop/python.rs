//! The Pythons that there are, and scripts that they run.

use std::io::{BufRead, BufReader, Write};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

/// A Python that has `multiprocessing.shared_memory`.
#[derive(Clone, Debug)]
pub struct Python {
    path: PathBuf,
    /// Its second number: 11 for 3.11.
    pub minor: u32,
}

impl Python {
    /// All that `INTEROP_PYTHONS` lists, with colons between; else `python3`. Of one that is missing or too old it is said that it was
    /// skipped.
    pub fn all() -> Vec<Self> {
        let listed = std::env::var("INTEROP_PYTHONS").unwrap_or_else(|_| "python3".to_owned());
        listed.split(':').filter_map(Self::at).collect()
    }

    /// A CPython 3.8, which lays lists out in another way: `SHARED_PYTHON_38`, or `python3.8`.
    pub fn old() -> Option<Self> {
        let path = std::env::var("SHARED_PYTHON_38").unwrap_or_else(|_| "python3.8".to_owned());
        let found = Self::asked(&path).filter(|python| python.minor == 8);
        if found.is_none() {
            println!("SKIPPED: {path} is no CPython 3.8");
        }
        found
    }

    fn at(path: &str) -> Option<Self> {
        let found = Self::asked(path).filter(|python| python.minor >= 9);
        if found.is_none() {
            println!("SKIPPED: {path} is no CPython of 3.9 or later");
        }
        found
    }

    /// `None` if there is none, or it does not say which one it is.
    fn asked(path: &str) -> Option<Self> {
        let asked = Command::new(path)
            .args(["-c", "import sys; print(sys.version_info.minor)"])
            .stderr(Stdio::null())
            .output();
        let output = asked.ok().filter(|output| output.status.success())?;
        let minor = String::from_utf8(output.stdout).ok()?.trim().parse().ok()?;
        let path = path.into();
        Some(Self { path, minor })
    }

    /// Whether it has this module; else it is said what is skipped.
    pub fn has(&self, module: &str) -> bool {
        let found = self
            .command(&format!("import {module}"))
            .stderr(Stdio::null())
            .status();
        let found = found.is_ok_and(|status| status.success());
        if !found {
            println!("SKIPPED: {} has no {module}", self.path.display());
        }
        found
    }

    fn command(&self, script: &str) -> Command {
        let mut command = Command::new(&self.path);
        command.args(["-c", script]);
        command
    }

    /// What a script prints that succeeds.
    pub fn run(&self, script: &str) -> String {
        let output = self.command(script).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {errors}", self.path.display());
        String::from_utf8(output.stdout)
            .unwrap()
            .trim_end()
            .to_owned()
    }

    /// A script that is talked to, line by line.
    pub fn start(&self, script: &str) -> Script {
        let mut child = self
            .command(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        Script {
            input: child.stdin.take().unwrap(),
            output: BufReader::new(child.stdout.take().unwrap()),
            child,
        }
    }
}

/// A script that runs. Its standard error is that of the test.
#[derive(Debug)]
pub struct Script {
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    child: Child,
}

impl Script {
    /// Writes a line, which it reads by `input()`.
    pub fn say(&mut self, line: &str) {
        writeln!(self.input, "{line}").unwrap();
    }

    /// The next line that it prints, with `flush=True`.
    pub fn hear(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    /// Waits until it has ended, which it must do well.
    pub fn end(mut self) {
        drop(self.input);
        assert!(self.child.wait().unwrap().success());
    }
}
