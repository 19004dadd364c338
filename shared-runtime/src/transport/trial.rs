//! What a carrier costs by itself.

use std::io;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::carriage::{Carriage, Transport};
use crate::os::{Deadline, Peer};

/// How long a frame of `size` bytes takes to another thread and back, on average over `times`: for benchmarks.
pub(crate) fn round_trip(transport: Transport, size: usize, times: u32) -> io::Result<Duration> {
    let carriage = Carriage {
        transport,
        ..Carriage::default()
    };
    let itself = Arc::new(Peer::watch(std::process::id())?);
    let (mut ours, theirs) = super::offer(carriage, &itself)?;
    let mut theirs = super::accept(carriage, theirs, &itself)?;
    let echo = std::thread::spawn(move || {
        let mut frame = Vec::new();
        while theirs
            .receive(&mut frame, usize::MAX, Deadline::NEVER)
            .and_then(|()| theirs.send(&frame, &[], Deadline::NEVER))
            .is_ok()
        {}
    });
    let (body, mut frame) = (vec![1; size], Vec::new());
    let start = Instant::now();
    let done = (0..times).all(|_| {
        ours.send(&body, &[], Deadline::NEVER)
            .and_then(|()| ours.receive(&mut frame, usize::MAX, Deadline::NEVER))
            .is_ok()
    });
    let took = start.elapsed();
    drop(ours);
    let echoed = echo.join().is_ok();
    if done && echoed {
        return Ok(took / times);
    }
    Err(io::Error::other("a carrier broke"))
}
