//! Items read from a block and written to it, whole.
//!
//! In a list of ours a writer has the lock, and the sequence is odd while more than one word changes. A reader takes no lock: it reads the
//! sequence, the item, and the sequence again, and starts anew if that was odd or is another. A number that takes the place of one of its kind is one
//! word, which readers see old or new whenever they look. In a list of CPython's there is neither lock nor sequence: a reader looks whether format and
//! code have changed meanwhile, and that is all.

use std::sync::atomic::{Ordering, fence};
use std::time::{Duration, Instant};

use super::format::{Kind, shown, text};
use super::item::Item;
use super::journal;
use super::layout::{Layout, Slot, no_list};
use super::lock::{Held, Lock};
use super::packed::{Bytes, Packed, Seen};
use super::trailer::Trailer;
use crate::error::{Error, ErrorKind};
use crate::mapped::Mapping;

/// How often a reader looks at an item that changes before it takes the lock.
const LOOKS: usize = 100;

/// How long somebody waits for others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Patience {
    /// Until a block has its list.
    pub(super) made: Duration,
    /// For the lock.
    pub(super) locked: Duration,
    /// For a writer that takes no part in the lock, and may have been interrupted in the middle.
    pub(super) sense: Duration,
}

impl Patience {
    pub(super) const USUAL: Self = if cfg!(fuzzing) {
        Self::of_millis(1, 1, 0)
    } else {
        Self::of_millis(1_000, 10_000, 50)
    };

    pub(super) const fn of_millis(made: u64, locked: u64, sense: u64) -> Self {
        Self {
            made: Duration::from_millis(made),
            locked: Duration::from_millis(locked),
            sense: Duration::from_millis(sense),
        }
    }
}

/// A block with the layout of its list.
#[derive(Debug)]
pub(super) struct Cells {
    block: Mapping,
    layout: Layout,
    /// `None` in lists of CPython's.
    trailer: Option<Trailer>,
    patience: Patience,
}

impl Cells {
    /// The bytes of a block for these items.
    pub(super) fn size_for(items: &[Item]) -> Result<usize, Error> {
        Layout::of_items(items).map(|layout| Trailer::size_with(&layout))
    }

    /// Writes a list into a block that is new and of the size for it.
    pub(super) fn make(block: Mapping, items: &[Item]) -> Result<Self, Error> {
        let layout = Layout::of_items(items)?;
        let size = Trailer::size_with(&layout);
        if block.size() != size {
            let text = format!(
                "the list takes {size} bytes, and the block has {}",
                block.size()
            );
            return Err(Error::new(ErrorKind::InvalidInput, text));
        }
        let offsets: Vec<u8> = layout.offsets().flat_map(i64::to_ne_bytes).collect();
        block.write_at(8, &offsets)?;
        let mut cells = Self {
            block,
            layout,
            trailer: None,
            patience: Patience::USUAL,
        };
        for (index, item) in items.iter().enumerate() {
            cells.write(index, item)?;
        }
        cells.trailer = Some(Trailer::make(&cells.block, &cells.layout)?);
        // At last: with it the list is there for others.
        let len = items.len() as u64;
        cells.block.atomic_u64(0)?.store(len, Ordering::Release);
        Ok(cells)
    }

    /// The list in a block, when it is made.
    pub(super) fn find(block: Mapping, patience: Patience) -> Result<Self, Error> {
        let began = Instant::now();
        loop {
            let found = Self::parts(&block);
            if let Ok(Some((layout, trailer))) = found {
                return Ok(Self {
                    block,
                    layout,
                    trailer,
                    patience,
                });
            }
            let over = |patience| began.elapsed() >= patience;
            match found {
                // CPython writes the number of items before their offsets.
                Err(error) if over(patience.sense) => return Err(error),
                Ok(_) if over(patience.made) => {
                    return Err(no_list("it has bytes for items, and their number is zero"));
                }
                _ => std::thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// `None` while there is no list.
    fn parts(block: &Mapping) -> Result<Option<(Layout, Option<Trailer>)>, Error> {
        let Some(layout) = Layout::of_block(block)? else {
            return Ok(None);
        };
        let trailer = Trailer::find(block, &layout)?;
        // A block that is being made is all zero, and so is an empty list.
        let is_made = layout.len() > 0 || trailer.is_some() || block.size() == 16;
        Ok(is_made.then_some((layout, trailer)))
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.layout.len()
    }

    /// The item at `index`.
    #[inline]
    pub(super) fn read(&self, index: usize) -> Result<Item, Error> {
        let slot = self.slot(index)?;
        match self.trailer {
            Some(trailer) => self.read_whole(trailer, slot),
            None => self.read_alone(slot),
        }
    }

    #[inline]
    fn read_whole(&self, trailer: Trailer, slot: Slot) -> Result<Item, Error> {
        let sequence = trailer.sequence(&self.block)?;
        for _ in 0..LOOKS {
            let before = sequence.load(Ordering::Acquire);
            if before.is_multiple_of(2) {
                let seen = self.look(slot)?;
                // What was read of the item was read before the sequence is again.
                fence(Ordering::Acquire);
                // CPython may be about to change its kind.
                if sequence.load(Ordering::Relaxed) == before && seen.kind.is_some() {
                    return seen.item();
                }
            }
            std::hint::spin_loop();
        }
        self.read_locked(trailer, slot)
    }

    /// Where others write all the time, or one of them has ended in the middle.
    #[cold]
    fn read_locked(&self, trailer: Trailer, slot: Slot) -> Result<Item, Error> {
        let _held = self.lock(trailer)?;
        self.read_alone(slot)
    }

    /// Without a sequence. CPython writes zeros over a format and a code before it writes them: it may be between the two.
    fn read_alone(&self, slot: Slot) -> Result<Item, Error> {
        let mut looks = 0;
        let mut began = None;
        loop {
            let seen = self.look(slot)?;
            fence(Ordering::Acquire);
            let is_same = self.words(slot)? == (seen.format, seen.code);
            if is_same && seen.kind.is_some() {
                return seen.item();
            }
            looks += 1;
            if looks < LOOKS {
                std::hint::spin_loop();
                continue;
            }
            if began.get_or_insert_with(Instant::now).elapsed() >= self.patience.sense {
                return seen.item();
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    /// What is in a slot, which may be a mixture.
    #[inline]
    fn look(&self, slot: Slot) -> Result<Seen, Error> {
        let (format, code) = self.words(slot)?;
        let kind = Kind::parse(format, code, slot.size);
        let mut seen = Seen {
            format,
            code,
            kind,
            word: 0,
            text: Vec::new(),
        };
        if let Some(Kind::Str(length) | Kind::Bytes(length)) = kind {
            seen.text = vec![0; length];
            self.block.read_at(slot.start, &mut seen.text)?;
        } else {
            // Acquire: whoever sees a number also sees the sequence of what was there before it.
            seen.word = self.block.atomic_u64(slot.start)?.load(Ordering::Acquire);
        }
        Ok(seen)
    }

    /// Format and code.
    #[inline]
    fn words(&self, slot: Slot) -> Result<(u64, u8), Error> {
        let format = self.block.atomic_u64(slot.format)?;
        let code = self.block.atomic_u8(slot.code)?;
        Ok((format.load(Ordering::Acquire), code.load(Ordering::Acquire)))
    }

    /// Has `item` take the place of the one at `index`.
    #[inline]
    pub(super) fn write(&self, index: usize, item: &Item) -> Result<(), Error> {
        let slot = self.slot(index)?;
        let packed = item.packed(slot.size)?;
        let Some(trailer) = self.trailer else {
            return self.put(slot, &packed);
        };
        let _held = self.lock(trailer)?;
        if let Bytes::Word(word) = packed.bytes
            && self.words(slot)? == (packed.kind.format(), packed.kind.code())
        {
            // One word, which nobody can see half of. Release: see `look`.
            let number = self.block.atomic_u64(slot.start)?;
            number.store(word, Ordering::Release);
            return Ok(());
        }
        journal::note(&self.block, trailer, index, &packed)?;
        self.put_noted(trailer, slot, &packed)
    }

    /// Writes what the journal has, and clears that.
    fn put_noted(&self, trailer: Trailer, slot: Slot, packed: &Packed<'_>) -> Result<(), Error> {
        let sequence = trailer.sequence(&self.block)?;
        let odd = sequence.load(Ordering::Relaxed) | 1;
        sequence.store(odd, Ordering::Relaxed);
        // Whoever sees what follows sees that the sequence is odd.
        fence(Ordering::Release);
        self.put(slot, packed)?;
        sequence.store(odd.wrapping_add(1), Ordering::Release);
        journal::clear(&self.block, trailer)
    }

    /// In the order of CPython: its format, its code, its bytes.
    fn put(&self, slot: Slot, packed: &Packed<'_>) -> Result<(), Error> {
        let format = self.block.atomic_u64(slot.format)?;
        format.store(packed.kind.format(), Ordering::Release);
        let code = self.block.atomic_u8(slot.code)?;
        code.store(packed.kind.code(), Ordering::Release);
        match packed.bytes {
            Bytes::Word(word) => {
                let number = self.block.atomic_u64(slot.start)?;
                number.store(word, Ordering::Release);
                Ok(())
            }
            Bytes::Text(text) => {
                let rest = slot.start + text.len()..slot.start + slot.size;
                self.block.write_at(slot.start, text)?;
                self.block.fill(rest, 0)
            }
        }
    }

    /// Waits for the lock, and finishes what its last holder could not.
    #[inline]
    fn lock(&self, trailer: Trailer) -> Result<Held<'_>, Error> {
        let (word, low) = trailer.lock(&self.block)?;
        let held = Lock { word, low }.hold(self.patience.locked)?;
        let is_odd = !(trailer.sequence(&self.block)?)
            .load(Ordering::Relaxed)
            .is_multiple_of(2);
        if held.is_inherited || is_odd {
            self.repair(trailer)?;
        }
        Ok(held)
    }

    /// If this process ends here, too, the next one does the same again.
    #[cold]
    fn repair(&self, trailer: Trailer) -> Result<(), Error> {
        if let Some(noted) = journal::noted(&self.block, trailer, &self.layout)? {
            return self.put_noted(trailer, noted.slot, &noted.packed());
        }
        let sequence = trailer.sequence(&self.block)?;
        let even = sequence.load(Ordering::Relaxed);
        let even = even.wrapping_add(even % 2);
        sequence.store(even, Ordering::Release);
        journal::clear(&self.block, trailer)
    }

    /// The formats of all items, one behind the other.
    pub(super) fn format(&self) -> Result<String, Error> {
        let slots = (0..self.len()).filter_map(|index| self.layout.slot(index));
        slots.map(|slot| self.format_of(slot)).collect()
    }

    /// As in [`read_alone`](Self::read_alone), CPython may be between its zeros and the format.
    fn format_of(&self, slot: Slot) -> Result<String, Error> {
        let began = Instant::now();
        loop {
            let (format, _) = self.words(slot)?;
            if let Some(text) = text(format, slot.size) {
                return Ok(text);
            }
            if began.elapsed() >= self.patience.sense {
                let text = format!("{:?} is the format of no item", shown(format));
                return Err(Error::new(ErrorKind::InvalidData, text));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    #[inline]
    fn slot(&self, index: usize) -> Result<Slot, Error> {
        self.layout
            .slot(index)
            .ok_or_else(|| self.out_of_range(&index))
    }

    #[cold]
    pub(super) fn out_of_range(&self, index: &dyn std::fmt::Display) -> Error {
        let text = format!("there is no item {index} in a list of {}", self.len());
        Error::new(ErrorKind::OutOfRange, text)
    }
}

#[cfg(test)]
impl Cells {
    pub(super) fn trailer(&self) -> Option<Trailer> {
        self.trailer
    }

    pub(super) fn slot_of(&self, index: usize) -> Slot {
        self.slot(index).unwrap()
    }
}
