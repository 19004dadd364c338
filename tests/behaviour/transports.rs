//! How calls travel: the same from outside, whichever way.

use std::process::Command;
use std::sync::Barrier;
use std::time::Duration;

use shared_runtime::{ErrorKind, ServerProcess, Transport, Waiting, shared};

use crate::support::until;

struct Echo;

#[shared]
impl Echo {
    pub(crate) fn new() -> Self {
        Self
    }
    pub(crate) fn echo(&self, bytes: &[u8]) -> Vec<u8> {
        bytes.to_vec()
    }
    pub(crate) fn nap(&self, duration: Duration) {
        std::thread::sleep(duration);
    }
}

const VARIABLE: &str = "SHARED_TRANSPORT";

/// This test binary again, with another transport in its environment.
fn again(transport: &str, arguments: &[&str]) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let output = command
        .args(arguments)
        .env(VARIABLE, transport)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{text}");
    assert!(!text.contains(" 0 passed"), "{text}");
}

#[test]
fn the_whole_suite_passes_over_the_channel() {
    if std::env::var_os(VARIABLE).is_none() {
        again(
            "channel",
            &["--skip", "the_whole_suite_passes_over_the_channel"],
        );
    }
}

#[test]
fn a_transport_that_does_not_exist_is_an_error_of_who_starts() {
    if std::env::var(VARIABLE).is_ok_and(|name| name == "pigeon") {
        let error = ServerProcess::start().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unknown);
        let text = error.to_string();
        assert!(
            text.contains("SHARED_TRANSPORT") && text.contains("`ring` and `channel`"),
            "{text}"
        );
        // What the builder says holds.
        let server = ServerProcess::builder()
            .transport(Transport::Ring)
            .start()
            .unwrap();
        assert_eq!(Echo::new_in(&server).unwrap().echo(b"hi").unwrap(), b"hi");
        return;
    }
    let name = "transports::a_transport_that_does_not_exist_is_an_error_of_who_starts";
    again("pigeon", &["--exact", name]);
}

#[test]
fn payloads_of_every_size_over_every_transport() {
    for transport in [Transport::Ring, Transport::Channel] {
        for waiting in [Waiting::Adaptive, Waiting::Block] {
            let builder = ServerProcess::builder()
                .transport(transport)
                .waiting(waiting);
            let server = builder.start().unwrap();
            let echo = Echo::new_in(&server).unwrap();
            for size in [0, 1, 30, 31, 48, 1000, 5000, 70_000, 3 << 20, 0, 40 << 20] {
                let bytes: Vec<u8> = (0..size).map(|at: usize| at.to_le_bytes()[0]).collect();
                assert!(echo.echo(&bytes).unwrap() == bytes, "{transport:?} {size}");
            }
        }
    }
}

fn descriptors(server: &ServerProcess) -> usize {
    std::fs::read_dir(format!("/proc/{}/fd", server.pid()))
        .unwrap()
        .count()
}

#[test]
fn a_ring_takes_no_descriptor() {
    for (transport, takes) in [(Transport::Ring, false), (Transport::Channel, true)] {
        let server = ServerProcess::builder()
            .transport(transport)
            .start()
            .unwrap();
        let echo = Echo::new_in(&server).unwrap();
        let before = descriptors(&server);
        let (together, counted) = (Barrier::new(21), Barrier::new(21));
        std::thread::scope(|scope| {
            for _ in 0..20 {
                scope.spawn(|| {
                    together.wait();
                    echo.nap(Duration::from_millis(300)).unwrap();
                    counted.wait();
                });
            }
            together.wait();
            counted.wait();
            assert_eq!(descriptors(&server) >= before + 20, takes, "{transport:?}");
        });
    }
}

/// What the server's process holds of memory, in KiB.
fn resident(server: &ServerProcess) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", server.pid())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmRSS"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn an_idle_connection_gives_back_what_large_frames_needed() {
    let server = ServerProcess::builder()
        .transport(Transport::Ring)
        .start()
        .unwrap();
    let echo = Echo::new_in(&server).unwrap();
    assert_eq!(echo.echo(b"hi").unwrap(), b"hi");
    let before = resident(&server);
    let large = vec![7; 8 << 20];
    // A slow machine may look when the first has already been given back.
    until("both rings are in use, at least", || {
        assert!(echo.echo(&large).unwrap() == large);
        resident(&server) > before + 3000
    });
    until("it has given them back", || {
        resident(&server) < before + 1500
    });
    assert!(echo.echo(&large).unwrap() == large);
}
