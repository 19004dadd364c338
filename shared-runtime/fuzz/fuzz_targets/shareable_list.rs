//! Bytes as a block, or a list with some of them changed: opened, and everything done with it that can be.
#![no_main]

use libfuzzer_sys::fuzz_target;
use shared_runtime::ErrorKind;
use shared_runtime::memory::{Item, ShareableList, SharedMemory};

fuzz_target!(|bytes: &[u8]| {
    let Some((form, rest)) = bytes.split_first() else {
        return;
    };
    let memory = match form % 4 {
        0 => of_bytes(rest),
        _ => changed(rest, form % 4 == 1),
    };
    match ShareableList::open(memory.name().unwrap()) {
        Ok(list) => use_all_of_it(&list),
        Err(error) => assert_eq!(error.kind(), ErrorKind::InvalidData, "{error}"),
    }
});

/// Bytes as they come.
fn of_bytes(bytes: &[u8]) -> SharedMemory {
    let memory = SharedMemory::create(bytes.len().max(1)).unwrap();
    memory.write_at(0, bytes).unwrap();
    memory
}

/// A list, with some of its bytes changed, of ours or as CPython makes them.
fn changed(changes: &[u8], is_ours: bool) -> SharedMemory {
    const CPYTHONS: usize = 16 + 7 * (8 + 8 + 8 + 1) + 8 + 16;
    let items = [
        1.into(),
        "a text of 19 bytes.".into(),
        b"bytes of it".into(),
        0.5.into(),
        true.into(),
        ().into(),
    ];
    let items = items.into_iter().chain([Item::from("last")]);
    let list = ShareableList::new(items).unwrap();
    let size = list.shared_memory().size();
    let mut bytes = vec![0; if is_ours { size } else { CPYTHONS }];
    list.shared_memory().read_at(0, &mut bytes).unwrap();
    for change in changes.chunks_exact(3) {
        let at = usize::from(u16::from_le_bytes([change[0], change[1]])) % bytes.len();
        bytes[at] = change[2];
    }
    of_bytes(&bytes)
}

fn use_all_of_it(list: &ShareableList) {
    let mut refused = |error: &shared_runtime::Error| {
        let expected = [ErrorKind::InvalidData, ErrorKind::Timeout];
        assert!(expected.contains(&error.kind()), "{error}");
    };
    let _ = list.format().inspect_err(&mut refused);
    let _ = list.count(1).inspect_err(&mut refused);
    assert!(!format!("{list:?}").is_empty());
    assert!(list.get(list.len()).is_err());
    let values = [
        Item::from(1),
        "text".into(),
        b"b".into(),
        ().into(),
        0.5.into(),
        true.into(),
    ];
    for index in 0..list.len().min(64) {
        let _ = list.get(index).inspect_err(&mut refused);
        for value in &values {
            match list.set(index, value.clone()) {
                Ok(()) => assert_eq!(list.get(index).unwrap(), *value),
                Err(error) => refused(&error),
            }
        }
    }
}
