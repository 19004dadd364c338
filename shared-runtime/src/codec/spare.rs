//! A buffer that each thread keeps for its next small value: allocating one takes longer than encoding into it.

use std::cell::Cell;

/// Larger ones are not kept.
pub(crate) const LARGEST: usize = 4096;

/// The first room of a buffer: most small values fit.
const ROOM: usize = 64;

thread_local! {
    static SPARE: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// An empty buffer.
#[inline]
pub(crate) fn take() -> Vec<u8> {
    // Gone in late destructors of a thread.
    let spare = SPARE.try_with(Cell::take).unwrap_or_default();
    if spare.capacity() == 0 {
        return Vec::with_capacity(ROOM);
    }
    spare
}

/// Keeps a buffer for the next value.
#[inline]
pub(crate) fn give_back(mut buffer: Vec<u8>) {
    if (1..=LARGEST).contains(&buffer.capacity()) {
        buffer.clear();
        let _ = SPARE.try_with(|spare| spare.set(buffer));
    }
}
