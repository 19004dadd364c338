//! A third process writes nonsense into the memory of live connections, while calls of every kind run over them. What is said on them may be
//! lost or made up then; but nobody ends, nobody waits for ever, and new connections are as good as ever.
//!
//! `SCRIBBLES` says how many servers this is done to, a hundred times over, and `SCRIBBLE_SEED` what is written.

use std::fs::{File, read_link, read_to_string};
use std::io::ErrorKind;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use shared_runtime::{Error, ServerHandle, ServerProcess, Shared, shared, task};

use super::chaos::machine::Random;
use super::chaos::number_in;
use super::leftovers::NothingLeft;

/// Gives back what it gets.
#[derive(Default)]
pub struct Echo;

#[shared]
impl Echo {
    pub fn new() -> Self {
        Self
    }
    pub fn echo(&self, bytes: Vec<u8>) -> Vec<u8> {
        bytes
    }
}

/// The memory of the connections of a process. None if the system lets no other process have it.
fn rings(pid: u32) -> Option<Vec<File>> {
    let maps = read_to_string(format!("/proc/{pid}/maps")).unwrap_or_default();
    let ranges = maps.lines().filter(|line| line.contains("shared-ring"));
    let ranges = ranges.filter_map(|line| line.split_whitespace().next());
    let mut rings = Vec::new();
    for range in ranges {
        let file = File::options()
            .write(true)
            .open(format!("/proc/{pid}/map_files/{range}"));
        match file {
            // Something else may stand there by now.
            Ok(file) if is_ring(&file) => rings.push(file),
            Err(error) if error.kind() == ErrorKind::PermissionDenied => return None,
            _ => {}
        }
    }
    Some(rings)
}

fn is_ring(file: &File) -> bool {
    let name = read_link(format!("/proc/self/fd/{}", file.as_raw_fd()));
    name.is_ok_and(|name| name.to_string_lossy().contains("shared-ring"))
}

/// Writes over so many words of the connections of another process, and says whether it could.
#[task]
fn scribble(pid: u32, words: u64, seed: u64) -> bool {
    let mut random = Random::new(seed, 0);
    let (mut written, mut empty) = (0, 0);
    // When nothing is left to write to, all has been spoilt that was to be.
    while written < words && empty < 100 {
        let Some(rings) = rings(pid) else {
            return false;
        };
        if rings.is_empty() {
            empty += 1;
            thread::sleep(Duration::from_millis(1));
        }
        for ring in rings {
            for _ in 0..10 {
                let at = match random.below(8) {
                    // The control lines, the beginnings of both rings, and anywhere.
                    0..=4 => random.below(64),
                    5 => 512 + random.below(64),
                    6 => 512 + (1 << 18) + random.below(64),
                    _ => random.below(1 << 19),
                };
                let word = match random.below(3) {
                    0 => 0,
                    1 => u64::MAX,
                    _ => random.next(),
                };
                // The last words may be beyond its end.
                let wrote = ring.write_at(&word.to_ne_bytes(), 8 * at);
                written += u64::from(wrote.is_ok());
            }
        }
    }
    true
}

fn call_in_every_way(echo: &Shared<Echo>, size: usize, patience: Duration) -> Result<(), Error> {
    let hasty = Shared::with_timeout(echo, patience);
    hasty.echo(vec![1; size])?;
    let started = Shared::calls(echo).echo(vec![2; size]).start();
    let timed = Shared::calls(echo)
        .echo(vec![3; size])
        .timeout(patience)
        .start();
    timed.wait()?;
    if started.is_finished() {
        started.wait()?;
    }
    Shared::calls(&hasty).echo(vec![4; size]).detach()
}

/// How long calls wait whose answer may have been spoilt.
const SHORT: Duration = Duration::from_millis(30);

/// Threads that make calls without a deadline. Who says what nobody hears waits for an answer until the other side ends, here as everywhere.
#[derive(Default)]
struct Patient(Vec<thread::JoinHandle<()>>);

impl Patient {
    /// The result, if it comes soon.
    fn soon<R: Send + 'static>(&mut self, run: impl FnOnce() -> R + Send + 'static) -> Option<R> {
        let (say, said) = channel();
        self.0.push(thread::spawn(move || {
            // It may come too late.
            let _ = say.send(run());
        }));
        said.recv_timeout(Duration::from_millis(300)).ok()
    }

    fn echo(&mut self, server: &ServerHandle) -> Option<Shared<Echo>> {
        let server = server.clone();
        self.soon(move || Echo::new_in(&server).ok()).flatten()
    }
}

/// Somebody who comes later.
#[task]
fn is_well(server: ServerHandle) -> bool {
    let echo = Echo::new_in(&server);
    echo.is_ok_and(|echo| echo.echo(vec![5; 100_000]) == Ok(vec![5; 100_000]))
}

#[test]
fn scribbles_of_a_third_process_end_connections_at_worst() {
    let _nothing_left = NothingLeft::watch();
    let rounds = number_in("SCRIBBLES").unwrap_or(300) / 100;
    let seed = number_in("SCRIBBLE_SEED").unwrap_or(6);
    let mut failed = 0;
    for round in 0..rounds {
        let server = ServerProcess::start().unwrap();
        let mut echo = Echo::new_in(&server).unwrap();
        call_in_every_way(&echo, 10, Duration::from_secs(1000)).unwrap();
        match rings(server.pid()) {
            None => return eprintln!("skipped: this takes the right to open the memory of others"),
            Some(rings) if rings.is_empty() => return eprintln!("skipped: there are no rings"),
            Some(_) => {}
        }
        let mut scribbler = scribble::spawn(server.pid(), 3000, seed + round).unwrap();
        let mut patient = Patient::default();
        let mut sizes = [0, 20, 200, 5000, 40_000, 300_000].into_iter().cycle();
        while !scribbler.is_finished() {
            let size = sizes.next().unwrap_or_default();
            if call_in_every_way(&echo, size, SHORT).is_err() {
                failed += 1;
                // Of a session that has ended nothing is left: the object neither.
                echo = patient.echo(&server).unwrap_or(echo);
            }
        }
        assert!(scribbler.join().unwrap());
        assert!(is_well::spawn(server.clone()).unwrap().join().unwrap());
        drop(echo);
        server.shutdown().unwrap();
        for thread in patient.0 {
            thread.join().unwrap();
        }
    }
    assert!(rounds == 0 || failed > 0, "it was for nothing");
}
