//! What processes and pools cost beside what the system and Python take for the same, printed as measured:
//! `cargo bench -p shared-runtime --bench processes`. Without `python3` its rows are left out.
//!
//! No figure is asserted. Machines are shared and noisy: compare figures of one run only. Those of a round are taken one after the other, and
//! what is printed is the median of the rounds.

use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use shared_runtime::{Pool, task};

const ROUNDS: usize = 7;
const MEBIBYTE: usize = 1 << 20;

#[task]
fn nothing() {}

#[task]
fn large() -> Vec<u8> {
    vec![1; MEBIBYTE]
}

#[shared_runtime::main]
fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("exit") => return,
        Some("write") => return write_once(),
        Some("answer") => return answer(),
        _ => {}
    }
    let pool = Pool::builder().size(1).start().unwrap();
    let mut writer = Writer::start();
    let mut rows: Vec<(&str, Vec<Duration>)> = Vec::new();
    for round in 0..ROUNDS {
        eprintln!("round {} of {ROUNDS}", round + 1);
        let mut add = |name, time: Option<Duration>| {
            let Some(time) = time else { return };
            match rows.iter_mut().find(|(known, _)| *known == name) {
                Some((_, times)) => times.push(time),
                None => rows.push((name, vec![time])),
            }
        };
        let own = |name, mode| (name, Some(median(30, || run(mode))));
        let (name, time) = own("this executable to its exit: Command", "exit");
        add(name, time);
        let spawned = median(30, || nothing::spawn().unwrap().join().unwrap());
        add("a task, spawned to joined", Some(spawned));
        add("a process of Python, spawned to joined", python(SPAWN));
        let job = median(1000, || pool.submit(nothing::call()).wait().unwrap());
        add("an empty job of a pool", Some(job));
        add("an empty job of Python's pool", python(POOL));
        let each = per_item(2000, || {
            pool.map((0..2000).map(|_| nothing::call()))
                .chunk(32)
                .count();
        });
        add("an empty call of `map`, in chunks of 32", Some(each));
        add(
            "an empty call of Python's `imap`, in chunks of 32",
            python(IMAP),
        );
        add("1 MiB over a pipe", Some(median(30, || writer.read())));
        let result = median(30, || drop(pool.submit(large::call()).wait().unwrap()));
        add("1 MiB as the result of a job", Some(result));
        let (name, time) = own("1 MiB over the pipe of a new process", "write");
        add(name, time);
        let result = median(30, || drop(large::spawn().unwrap().join().unwrap()));
        add("1 MiB as the result of a new task", Some(result));
    }
    for (name, times) in &mut rows {
        times.sort_unstable();
        println!("{name:<52}{:>12.2?}", times[times.len() / 2]);
    }
}

/// The median of `times` runs.
fn median(times: usize, mut run: impl FnMut()) -> Duration {
    let mut taken: Vec<Duration> = (0..times)
        .map(|_| {
            let start = Instant::now();
            run();
            start.elapsed()
        })
        .collect();
    taken.sort_unstable();
    taken[times / 2]
}

fn per_item(items: u32, run: impl FnOnce()) -> Duration {
    let start = Instant::now();
    run();
    start.elapsed() / items
}

/// This executable again, to its end.
fn run(mode: &str) {
    let executable = std::env::current_exe().unwrap();
    let output = Command::new(executable).arg(mode).output().unwrap();
    assert!(output.status.success());
}

fn write_once() {
    std::io::stdout().write_all(&vec![1; MEBIBYTE]).unwrap();
}

/// Writes as much for each byte that it reads.
fn answer() {
    let mut byte = [0];
    while std::io::stdin().read_exact(&mut byte).is_ok() {
        write_once();
    }
}

/// A process at the other end of two pipes.
struct Writer(Child);

impl Writer {
    fn start() -> Self {
        let executable = std::env::current_exe().unwrap();
        let mut command = Command::new(executable);
        command.arg("answer");
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(piped.spawn().unwrap())
    }

    fn read(&mut self) {
        let mut bytes = vec![0; MEBIBYTE];
        self.0.stdin.as_mut().unwrap().write_all(&[1]).unwrap();
        self.0
            .stdout
            .as_mut()
            .unwrap()
            .read_exact(&mut bytes)
            .unwrap();
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

const SPAWN: &str = "
def run():
    process = context.Process(target=nothing)
    process.start()
    process.join()
print(median(5, run))
";

const POOL: &str = "
with context.Pool(1) as pool:
    median(100, lambda: pool.apply(nothing))
    print(median(1000, lambda: pool.apply(nothing)))
";

const IMAP: &str = "
with context.Pool(1) as pool:
    run = lambda: sum(1 for _ in pool.imap(int, range(2000), 32))
    run()
    print(median(1, run) / 2000)
";

/// What a script prints, in seconds; `None` where there is no Python. It is a file: processes that Python spawns read it again.
fn python(script: &str) -> Option<Duration> {
    let head = "
import multiprocessing, time
def nothing(): pass
def median(times, run):
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return sorted(taken)[times // 2]
if __name__ == '__main__':
    context = multiprocessing.get_context('spawn')
";
    let indented = script.replace('\n', "\n    ");
    let file = std::env::temp_dir().join(format!("shared-bench-{}.py", std::process::id()));
    std::fs::write(&file, format!("{head}{indented}")).ok()?;
    let output = Command::new("python3").arg(&file).output();
    std::fs::remove_file(&file).ok()?;
    let printed = String::from_utf8(output.ok()?.stdout).ok()?;
    Some(Duration::from_secs_f64(printed.trim().parse().ok()?))
}
