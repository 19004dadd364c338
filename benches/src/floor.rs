//! The floor: two processes that spin on one cache line each way. Nothing can be faster where data must go from one core to another.

use std::hint::spin_loop;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::child::{self, ServerChild};
use crate::contender::{Client, Contender, Result, Running, Setup, Work};
use crate::lines::{Lines, Wait, memory};

pub(crate) struct Floor;

struct Spin;

impl Wait for Spin {
    #[inline]
    fn until(word: &AtomicU32, number: u32) {
        while word.load(Ordering::Acquire) != number {
            spin_loop();
        }
    }

    #[inline]
    fn wake(_: &AtomicU32) {}
}

impl Contender for Floor {
    fn name(&self) -> &'static str {
        "floor"
    }

    fn does(&self, work: Work, threads: usize) -> bool {
        threads == 1 && matches!(work, Work::Add | Work::Echo(_) | Work::Pipelined)
    }

    fn start(&self, setup: &Setup) -> Result<Box<dyn Running>> {
        start::<Spin>(self.name(), setup)
    }

    fn serve(&self, _: &str) -> Result<()> {
        Lines::<Spin>::map(child::handed_over()?)?.serve()
    }
}

struct Started<W> {
    server: ServerChild,
    memory: std::os::fd::OwnedFd,
    wait: std::marker::PhantomData<fn() -> W>,
}

/// Starts a server that shares lines with its clients, of which there can be one.
pub(crate) fn start<W: Wait + 'static>(name: &str, setup: &Setup) -> Result<Box<dyn Running>> {
    let memory = memory()?;
    let server = ServerChild::start(name, "", setup, memory.try_clone()?)?;
    Ok(Box::new(Started::<W> {
        server,
        memory,
        wait: std::marker::PhantomData,
    }))
}

impl<W: Wait + 'static> Running for Started<W> {
    fn client(&self) -> Result<Box<dyn Client + '_>> {
        Ok(Box::new(Lines::<W>::map(&self.memory)?))
    }

    fn pid(&self) -> u32 {
        self.server.pid()
    }
}
