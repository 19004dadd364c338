//! What is being written, noted before it is: if the writer ends in the middle, whoever comes next writes it to its end.
//!
//! The marker is set when the note is whole, and cleared when the item is. So a writer can end at any instruction: without a marker the item is
//! what it was, with one it becomes what was noted, as often as that is done.

use std::sync::atomic::{Ordering, fence};

use super::format::Kind;
use super::layout::{Layout, Slot};
use super::packed::{Bytes, Packed};
use super::trailer::Trailer;
use crate::error::Error;
use crate::mapped::Mapping;

/// Notes what goes to `index`. The caller has the lock.
pub(super) fn note(
    block: &Mapping,
    trailer: Trailer,
    index: usize,
    packed: &Packed<'_>,
) -> Result<(), Error> {
    let marker = trailer.marker(block)?;
    let [format, code, length] = trailer.written(block)?;
    // It is zero, unless somebody has scribbled into the block.
    marker.store(0, Ordering::Relaxed);
    fence(Ordering::Release);
    format.store(packed.kind.format(), Ordering::Relaxed);
    code.store(packed.kind.code().into(), Ordering::Relaxed);
    let bytes = trailer.bytes();
    match packed.bytes {
        Bytes::Word(word) => block.atomic_u64(bytes)?.store(word, Ordering::Relaxed),
        Bytes::Text(text) => {
            length.store(text.len() as u64, Ordering::Relaxed);
            block.write_at(bytes, text)?;
        }
    }
    marker.store(index as u64 + 1, Ordering::Release);
    Ok(())
}

/// The item is written.
pub(super) fn clear(block: &Mapping, trailer: Trailer) -> Result<(), Error> {
    trailer.marker(block)?.store(0, Ordering::Release);
    Ok(())
}

/// What was noted, as it was read.
#[derive(Debug)]
pub(super) struct Noted {
    pub(super) slot: Slot,
    kind: Kind,
    word: u64,
    text: Vec<u8>,
}

impl Noted {
    pub(super) fn packed(&self) -> Packed<'_> {
        let bytes = match self.kind {
            Kind::Str(_) | Kind::Bytes(_) => Bytes::Text(&self.text),
            _ => Bytes::Word(self.word),
        };
        Packed {
            kind: self.kind,
            bytes,
        }
    }
}

/// What was noted and may not have been written; `None` also if it makes no sense. The caller has the lock.
pub(super) fn noted(
    block: &Mapping,
    trailer: Trailer,
    layout: &Layout,
) -> Result<Option<Noted>, Error> {
    let marker = trailer.marker(block)?.load(Ordering::Acquire);
    let index = usize::try_from(marker).unwrap_or(0).checked_sub(1);
    let Some(slot) = index.and_then(|index| layout.slot(index)) else {
        return Ok(None);
    };
    let [format, code, length] = trailer.written(block)?;
    let code = u8::try_from(code.load(Ordering::Relaxed)).unwrap_or(u8::MAX);
    let Some(kind) = Kind::parse(format.load(Ordering::Relaxed), code, slot.size) else {
        return Ok(None);
    };
    let mut noted = Noted {
        slot,
        kind,
        word: 0,
        text: Vec::new(),
    };
    if let Kind::Str(_) | Kind::Bytes(_) = kind {
        let length = usize::try_from(length.load(Ordering::Relaxed)).unwrap_or(usize::MAX);
        if length > slot.size {
            return Ok(None);
        }
        noted.text = vec![0; length];
        block.read_at(trailer.bytes(), &mut noted.text)?;
    } else {
        noted.word = block.atomic_u64(trailer.bytes())?.load(Ordering::Relaxed);
    }
    Ok(Some(noted))
}
