//! Memory of two processes with one cache line each way, a small ring each way and room for a payload each way: the least that a
//! call between processes can be. How to wait for the other one is left to who uses it.

use std::fs::File;
use std::marker::PhantomData;
use std::os::fd::{AsFd, OwnedFd};
use std::sync::atomic::{AtomicI64, AtomicU32, AtomicUsize, Ordering};

use memmap2::MmapRaw;
use rustix::fs::{MemfdFlags, ftruncate, memfd_create};

use crate::contender::{Calls, IN_FLIGHT, Result, expect, same};

/// The largest payload.
pub(crate) const ROOM: usize = 16 << 20;
const HEAD: usize = 4096;

/// How to wait until the other process has written a new number.
pub(crate) trait Wait {
    /// Returns when `word` is `number`, which it will be next.
    fn until(word: &AtomicU32, number: u32);
    /// `word` has been written.
    fn wake(word: &AtomicU32);
}

/// One way: written by one process, read by the other.
#[derive(Default)]
#[repr(C, align(128))]
struct Line {
    /// Written last, when all else is there.
    number: AtomicU32,
    what: AtomicU32,
    value: AtomicI64,
}

/// One way for many calls: what was written and what was read, each on a line of its own.
#[repr(C, align(128))]
struct Ring {
    written: Index,
    slots: [AtomicI64; IN_FLIGHT],
}

#[repr(C, align(128))]
struct Index(AtomicUsize);

#[repr(C)]
struct Head {
    request: Line,
    reply: Line,
    requests: Ring,
    replies: Ring,
}

/// What a request asks for.
const ADD: u32 = 0;
const ECHO: u32 = 1;
const PIPELINE: u32 = 2;

/// The memory itself. Nothing in it is trusted by more than a wrong figure: both processes are this program.
pub(crate) struct Lines<W> {
    map: MmapRaw,
    number: u32,
    private: Vec<u8>,
    wait: PhantomData<W>,
}

/// A new memory, to be mapped here and there.
pub(crate) fn memory() -> Result<OwnedFd> {
    let memory = memfd_create("shared-benches", MemfdFlags::CLOEXEC)?;
    ftruncate(&memory, (HEAD + 2 * ROOM) as u64)?;
    Ok(memory)
}

impl<W: Wait> Lines<W> {
    pub(crate) fn map(memory: impl AsFd) -> Result<Self> {
        const { assert!(size_of::<Head>() <= HEAD) };
        let file = File::from(memory.as_fd().try_clone_to_owned()?);
        let map = MmapRaw::map_raw(&file)?;
        if map.len() != HEAD + 2 * ROOM {
            return Err("the memory to share has another size".into());
        }
        Ok(Self {
            map,
            number: 0,
            private: Vec::new(),
            wait: PhantomData,
        })
    }

    #[expect(clippy::cast_ptr_alignment, reason = "maps begin with a page")]
    fn head(&self) -> &Head {
        // SAFETY: the map is a page aligned memory of at least this size, its zeros are a `Head`, and all of it is atomics.
        unsafe { &*self.map.as_ptr().cast::<Head>() }
    }

    /// Copies a payload out of the room for requests or for replies, into private memory.
    fn copy_out(&mut self, room: usize, len: usize) {
        assert!(len <= ROOM, "a payload of {len} bytes");
        self.private.resize(len, 0);
        // SAFETY: the room begins within the map, which has `ROOM` bytes from there.
        let from = unsafe { self.map.as_ptr().add(HEAD + room) };
        // SAFETY: `len` bytes from `from` are mapped. The other process writes them only before it hands over the line that
        // led here, and not again before this process has handed over its own.
        unsafe { from.copy_to_nonoverlapping(self.private.as_mut_ptr(), len) };
    }

    fn copy_in(&self, room: usize, data: &[u8]) {
        assert!(data.len() <= ROOM, "a payload of {} bytes", data.len());
        // SAFETY: the room begins within the map, which has `ROOM` bytes from there.
        let to = unsafe { self.map.as_mut_ptr().add(HEAD + room) };
        // SAFETY: as in `copy_out`, with the other process as the reader.
        unsafe { to.copy_from_nonoverlapping(data.as_ptr(), data.len()) };
    }

    /// Asks for something, and waits for the answer.
    #[inline]
    fn call(&mut self, what: u32, value: i64) -> i64 {
        self.number = self.number.wrapping_add(1);
        let head = self.head();
        hand_over::<W>(&head.request, self.number, what, value);
        W::until(&head.reply.number, self.number);
        head.reply.value.load(Ordering::Relaxed)
    }

    /// Answers for as long as this process lives.
    pub(crate) fn serve(mut self) -> ! {
        loop {
            self.number = self.number.wrapping_add(1);
            let request = &self.head().request;
            W::until(&request.number, self.number);
            let what = request.what.load(Ordering::Relaxed);
            let value = request.value.load(Ordering::Relaxed);
            let answer = self.answer(what, value);
            hand_over::<W>(&self.head().reply, self.number, what, answer);
        }
    }

    fn answer(&mut self, what: u32, value: i64) -> i64 {
        match what {
            ECHO => {
                self.copy_out(0, size(value));
                self.copy_in(ROOM, &self.private);
                value
            }
            PIPELINE => {
                self.serve_ring(size(value));
                value
            }
            _ => value + 1,
        }
    }

    /// Answers so many requests in the ring.
    fn serve_ring(&self, calls: usize) {
        let Head {
            requests, replies, ..
        } = self.head();
        let first = replies.written.0.load(Ordering::Relaxed);
        let mut done = first;
        while done != first + calls {
            let written = requests.written.0.load(Ordering::Acquire);
            for at in done..written {
                let value = requests.slots[at % IN_FLIGHT].load(Ordering::Relaxed);
                replies.slots[at % IN_FLIGHT].store(value + 1, Ordering::Relaxed);
            }
            done = written;
            replies.written.0.store(done, Ordering::Release);
        }
    }

    /// Puts so many requests into the ring and takes their replies out, with at most [`IN_FLIGHT`] of them between.
    fn ring(&self, calls: usize) -> Result<()> {
        let Head {
            requests, replies, ..
        } = self.head();
        let first = requests.written.0.load(Ordering::Relaxed);
        let (mut sent, mut read) = (first, first);
        while read != first + calls {
            let most = (read + IN_FLIGHT).min(first + calls);
            for (at, n) in (sent..most).zip(0i64..) {
                requests.slots[at % IN_FLIGHT].store(n, Ordering::Relaxed);
            }
            sent = most;
            requests.written.0.store(sent, Ordering::Release);
            let written = replies.written.0.load(Ordering::Acquire);
            for at in read..written {
                expect(replies.slots[at % IN_FLIGHT].load(Ordering::Relaxed) > 0)?;
            }
            read = written;
        }
        Ok(())
    }
}

#[inline]
fn hand_over<W: Wait>(line: &Line, number: u32, what: u32, value: i64) {
    line.what.store(what, Ordering::Relaxed);
    line.value.store(value, Ordering::Relaxed);
    line.number.store(number, Ordering::Release);
    W::wake(&line.number);
}

/// A length that the other process has sent as a number.
fn size(value: i64) -> usize {
    usize::try_from(value).unwrap_or_default()
}

impl<W: Wait> Calls for Lines<W> {
    #[inline]
    fn add(&mut self, n: i64) -> Result<i64> {
        Ok(self.call(ADD, n))
    }

    fn echo(&mut self, data: &[u8]) -> Result<bool> {
        self.copy_in(0, data);
        self.call(ECHO, i64::try_from(data.len())?);
        self.copy_out(ROOM, data.len());
        Ok(same(data, &self.private))
    }

    /// The server is told by the line first, and says by the line that it is through. Those who do not spin have no ring.
    fn pipelined(&mut self, calls: usize) -> Result<()> {
        self.number = self.number.wrapping_add(1);
        let (head, value) = (self.head(), i64::try_from(calls)?);
        hand_over::<W>(&head.request, self.number, PIPELINE, value);
        self.ring(calls)?;
        W::until(&head.reply.number, self.number);
        Ok(())
    }
}
