//! Lists whose words somebody else has written: forged, half written, or those of a holder that is gone.

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::sleep;
use std::time::Duration;

use super::cells::{Cells, Patience};
use super::item::Item;
use super::trailer::Trailer;
use super::{journal, shareable_list::ShareableList};
use crate::error::{Error, ErrorKind};
use crate::mapped::Mapping;
use crate::memory::SharedMemory;
use crate::os::Owner;

const SHORT: Patience = Patience::of_millis(0, 40, 0);

/// A list of ours, with what is behind its items.
struct Opened {
    block: Mapping,
    cells: Cells,
    trailer: Trailer,
}

fn opened(items: &[Item]) -> Opened {
    let memory = SharedMemory::anonymous(Cells::size_for(items).unwrap()).unwrap();
    let block = Mapping::clone(&memory);
    Cells::make(block.clone(), items).unwrap();
    let cells = Cells::find(block.clone(), SHORT).unwrap();
    let trailer = cells.trailer().unwrap();
    Opened {
        block,
        cells,
        trailer,
    }
}

impl Opened {
    fn store_lock(&self, word: u64) {
        let (lock, _) = self.trailer.lock(&self.block).unwrap();
        lock.store(word, Ordering::Relaxed);
    }

    fn lock(&self) -> u64 {
        let (lock, _) = self.trailer.lock(&self.block).unwrap();
        lock.load(Ordering::Relaxed)
    }

    /// Notes `item` as somebody does who ends before anything of it is written.
    fn note(&self, index: usize, item: &Item) {
        let packed = item.packed(self.cells.slot_of(index).size).unwrap();
        journal::note(&self.block, self.trailer, index, &packed).unwrap();
    }

    fn make_odd(&self) {
        let sequence = self.trailer.sequence(&self.block).unwrap();
        sequence.fetch_or(1, Ordering::Relaxed);
    }

    fn marker(&self) -> u64 {
        let marker = self.trailer.marker(&self.block).unwrap();
        marker.load(Ordering::Relaxed)
    }
}

/// A process of these namespaces that has ended.
fn dead() -> u64 {
    let mut child = Command::new("true").stdin(Stdio::null()).spawn().unwrap();
    let pid = u64::from(child.id());
    child.wait().unwrap();
    let ours = Owner::this().word();
    (ours >> 22 << 22) | pid
}

fn mixed() -> Vec<Item> {
    vec![1.into(), "a text of some length".into(), 2.5.into()]
}

#[test]
fn a_dead_holder_s_lock_is_taken_over() {
    let list = opened(&mixed());
    for contended in [0, 1 << 31] {
        list.store_lock(dead() | contended);
        list.cells.write(0, &Item::from("now text")).unwrap();
        assert_eq!(list.cells.read(0).unwrap(), Item::from("now text"));
        assert_eq!(list.lock(), 0);
    }
}

#[test]
fn what_a_dead_writer_had_noted_is_written_by_the_next_to_look() {
    let list = opened(&mixed());
    for item in [Item::from("other text"), Item::from(7), Item::None] {
        list.store_lock(dead());
        list.note(1, &item);
        list.make_odd();
        // In the middle of it.
        list.block
            .write_at(list.cells.slot_of(1).start, b"tor")
            .unwrap();
        assert_eq!(list.cells.read(1).unwrap(), item, "by a reader");
        assert_eq!((list.lock(), list.marker()), (0, 0));
    }
    list.store_lock(dead());
    list.note(1, &Item::from("at last"));
    list.cells.write(0, &Item::from(8)).unwrap();
    assert_eq!(
        list.cells.read(1).unwrap(),
        Item::from("at last"),
        "by a writer"
    );
}

#[test]
fn what_a_dead_writer_had_not_noted_to_its_end_is_not_written() {
    let list = opened(&mixed());
    list.note(1, &Item::from("half"));
    let marker = list.trailer.marker(&list.block).unwrap();
    marker.store(0, Ordering::Relaxed);
    list.store_lock(dead());
    list.cells.write(0, &Item::from(2)).unwrap();
    assert_eq!(list.cells.read(1).unwrap(), mixed()[1]);
}

#[test]
fn a_holder_that_lives_is_waited_for_and_named() {
    let list = opened(&mixed());
    let mine = Owner::this().word();
    let elsewhere = mine ^ 1 << 60;
    for holder in [mine, elsewhere] {
        list.store_lock(holder);
        assert_eq!(
            list.cells.read(0).unwrap(),
            Item::Int(1),
            "readers need no lock"
        );
        let error = list.cells.write(0, &Item::from(2)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        let named = format!("process {} ", std::process::id());
        assert!(error.to_string().starts_with(&named), "{error}");
        list.make_odd();
        let error = list.cells.read(0).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout);
        list.store_lock(0);
        assert_eq!(list.cells.read(0).unwrap(), Item::Int(1));
    }
}

#[test]
fn a_lock_of_nobody_is_free() {
    let list = opened(&mixed());
    for word in [1 << 31, 1 << 25, u64::MAX << 32] {
        list.store_lock(word);
        list.cells.write(0, &Item::from(2)).unwrap();
        assert_eq!(list.lock(), 0);
    }
}

#[test]
fn a_forged_note_is_left_alone() {
    let forgeries: [fn(&Opened); 5] = [
        |list| {
            let marker = list.trailer.marker(&list.block).unwrap();
            marker.store(u64::MAX, Ordering::Relaxed);
        },
        |list| {
            let marker = list.trailer.marker(&list.block).unwrap();
            marker.store(4, Ordering::Relaxed);
        },
        |list| {
            let [format, ..] = list.trailer.written(&list.block).unwrap();
            format.store(u64::MAX, Ordering::Relaxed);
        },
        |list| {
            let [_, code, _] = list.trailer.written(&list.block).unwrap();
            code.store(1 << 40 | 1, Ordering::Relaxed);
        },
        |list| {
            let [.., length] = list.trailer.written(&list.block).unwrap();
            length.store(u64::MAX, Ordering::Relaxed);
        },
    ];
    for forge in forgeries {
        let list = opened(&mixed());
        list.note(1, &Item::from("forged"));
        forge(&list);
        list.make_odd();
        list.store_lock(dead());
        for (index, item) in mixed().iter().enumerate() {
            assert_eq!(list.cells.read(index).unwrap(), *item);
        }
        assert_eq!((list.lock(), list.marker()), (0, 0));
    }
}

#[test]
fn a_block_without_the_magic_is_a_list_of_cpython_s() {
    let list = opened(&mixed());
    let at = list.trailer.bytes() - 128;
    list.block.fill(at..at + 8, 0).unwrap();
    let cells = Cells::find(list.block, SHORT).unwrap();
    assert!(cells.trailer().is_none());
    cells.write(1, &Item::from("still written")).unwrap();
    assert_eq!(cells.read(1).unwrap(), Item::from("still written"));
}

/// CPython writes the number of items first, then their offsets.
#[test]
fn a_list_whose_offsets_are_being_written_is_waited_for() {
    let memory = SharedMemory::anonymous(41).unwrap();
    let block = Mapping::clone(&memory);
    block.write_at(0, &1u64.to_ne_bytes()).unwrap();
    let found = std::thread::scope(|scope| {
        let finding = scope.spawn(|| Cells::find(block.clone(), Patience::of_millis(0, 0, 60_000)));
        // It has looked by now, most of the time: without patience it has failed.
        sleep(Duration::from_millis(20));
        block.write_at(16, &8u64.to_ne_bytes()).unwrap();
        finding.join().unwrap()
    });
    assert_eq!(found.unwrap().len(), 1);
}

/// CPython writes zeros over a format before it writes the new one.
#[test]
fn a_format_that_is_being_written_is_waited_for() {
    let list = opened(&mixed());
    let cells = Cells::find(list.block.clone(), Patience::of_millis(0, 0, 60_000)).unwrap();
    let at = cells.slot_of(2).format;
    let format = list.block.atomic_u64(at).unwrap();
    let before = format.swap(0, Ordering::Relaxed);
    assert_eq!(
        list.cells.format().unwrap_err().kind(),
        ErrorKind::InvalidData
    );
    let formats = std::thread::scope(|scope| {
        let asking = scope.spawn(|| cells.format());
        // It has looked by now, most of the time: without patience it has failed.
        sleep(Duration::from_millis(20));
        format.store(before, Ordering::Relaxed);
        asking.join().unwrap()
    });
    assert_eq!(formats.unwrap(), "q24sd");
}

/// Signals that come more often than a waiter looks for the end of the holder.
#[test]
#[expect(unsafe_code, reason = "signals for one thread")]
fn a_dead_holder_is_noticed_by_a_thread_that_signals_interrupt() {
    extern "C" fn nothing(_signal: libc::c_int) {}
    let handler: extern "C" fn(libc::c_int) = nothing;
    // SAFETY: the handler does nothing, and nobody else in these tests uses the signal.
    unsafe { libc::signal(libc::SIGURG, handler as *const () as libc::sighandler_t) };
    let list = opened(&mixed());
    let done = AtomicBool::new(false);
    // SAFETY: says which thread this is.
    let this = unsafe { libc::pthread_self() };
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !done.load(Ordering::Relaxed) {
                // SAFETY: that thread waits for the end of this one.
                unsafe { libc::pthread_kill(this, libc::SIGURG) };
            }
        });
        let written = [2, 3, 4].map(|number| {
            list.store_lock(dead());
            list.cells.write(0, &Item::from(number))
        });
        done.store(true, Ordering::Relaxed);
        assert_eq!(written, [Ok(()), Ok(()), Ok(())]);
    });
}

/// Numbers that look random and are always the same.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % limit as u64).unwrap()
    }
}

/// Everything that can be asked of a list: how much of it succeeds.
fn use_all_of_it(cells: &Cells) -> usize {
    let values = [
        Item::from(1),
        Item::from("text"),
        Item::from(b"b"),
        ().into(),
    ];
    let refused = |error: &Error| {
        let expected = [ErrorKind::InvalidData, ErrorKind::Timeout];
        assert!(expected.contains(&error.kind()), "{error:?}");
    };
    let mut succeeded = 0;
    for index in 0..cells.len() {
        succeeded += usize::from(cells.read(index).inspect_err(refused).is_ok());
        for value in &values {
            let written = cells.write(index, value).inspect_err(refused).is_ok();
            succeeded += usize::from(written && cells.read(index).unwrap() == *value);
        }
    }
    let _ = cells.format().inspect_err(refused);
    succeeded
}

#[test]
fn changed_bytes_give_errors_and_nothing_worse() {
    let rounds = std::env::var("LIST_MUTATIONS").map_or(20_000, |rounds| rounds.parse().unwrap());
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let texts = ["", "short", "a longer text than that", "é€𝄞"];
    let items: Vec<Item> = texts.map(Item::from).into_iter().chain(mixed()).collect();
    let ours = opened(&items);
    let mut sound = vec![0; ours.block.size()];
    ours.block.read_at(0, &mut sound).unwrap();
    let lock = ours.trailer.bytes() - 64;
    let (mut refused, mut succeeded) = (0, 0);
    for _ in 0..rounds {
        let mut bytes = sound.clone();
        for _ in 0..=random.below(3) {
            let at = random.below(bytes.len());
            // A holder elsewhere is waited for: that has a test of its own.
            if !(lock..lock + 8).contains(&at) {
                bytes[at] = u8::try_from(random.below(256)).unwrap();
            }
        }
        if random.below(8) == 0 {
            bytes.truncate(random.below(bytes.len() - 1) + 1);
        }
        let memory = SharedMemory::anonymous(bytes.len()).unwrap();
        memory.write_at(0, &bytes).unwrap();
        match Cells::find(Mapping::clone(&memory), SHORT) {
            Ok(cells) => succeeded += use_all_of_it(&cells),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::InvalidData, "{error:?}");
                refused += 1;
            }
        }
    }
    assert!(refused > rounds / 10, "{refused}");
    assert!(succeeded > 10 * rounds, "{succeeded}");
}

#[test]
fn a_list_fills_no_other_block_than_one_of_its_size() {
    let items = mixed();
    for wrong in [-1, 1] {
        let block = |size: usize| SharedMemory::anonymous(size.strict_add_signed(wrong));
        let error = ShareableList::make(items.clone(), block).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
    }
    let list = ShareableList::make(items.clone(), SharedMemory::anonymous).unwrap();
    assert_eq!(list.get(1).unwrap(), items[1]);
}
