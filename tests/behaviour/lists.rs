//! Lists in shared memory: what they hold, compare, refuse and show, and the bytes that CPython would write.

use std::sync::Mutex;
use std::sync::atomic::Ordering;
use std::time::Duration;

use serde_json::Value;
use shared_runtime::memory::{Item, ShareableList, SharedMemory};
use shared_runtime::{ErrorKind, ServerProcess, Shared, shared};

use super::support::until;

fn kind<T: std::fmt::Debug>(result: Result<T, shared_runtime::Error>) -> ErrorKind {
    result.unwrap_err().kind()
}

fn items(list: &ShareableList) -> Vec<Item> {
    list.iter().collect::<Result<_, _>>().unwrap()
}

/// A block with these bytes.
fn block(bytes: &[u8]) -> SharedMemory {
    let memory = SharedMemory::create(bytes.len()).unwrap();
    memory.write_at(0, bytes).unwrap();
    memory
}

/// The first bytes of a list's block.
fn bytes(list: &ShareableList, length: usize) -> Vec<u8> {
    let mut bytes = vec![0; length];
    list.shared_memory().read_at(0, &mut bytes).unwrap();
    bytes
}

fn words(words: &[i64]) -> Vec<u8> {
    words.iter().flat_map(|word| word.to_ne_bytes()).collect()
}

fn unhex(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
    pairs.map(byte).collect()
}

/// As Python's `float.hex` writes it: exactly.
fn unhex_float(text: &str) -> f64 {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(rest) => (-1.0, rest),
        None => (1.0, text),
    };
    let Some(digits) = digits.strip_prefix("0x") else {
        return sign * digits.parse::<f64>().unwrap();
    };
    let (mantissa, exponent) = digits.split_once('p').unwrap();
    let (whole, fraction) = mantissa.split_once('.').unwrap();
    let bits = u64::from_str_radix(&format!("{whole}{fraction}"), 16).unwrap();
    let exponent: i32 = exponent.parse().unwrap();
    let scale = exponent - 4 * i32::try_from(fraction.len()).unwrap();
    // In two steps: one alone may be no number that there is.
    let half = 2f64.powi(scale / 2);
    #[expect(clippy::cast_precision_loss, reason = "53 bits are all it has")]
    let mantissa = bits as f64;
    sign * mantissa * half * 2f64.powi(scale - scale / 2)
}

fn unbase64(text: &str) -> Vec<u8> {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bytes, mut bits, mut count) = (Vec::new(), 0u32, 0);
    for digit in text.bytes().filter(|digit| *digit != b'=') {
        let value = DIGITS.iter().position(|known| *known == digit).unwrap();
        bits = bits << 6 | u32::try_from(value).unwrap();
        count += 6;
        if count >= 8 {
            count -= 8;
            bytes.push(u8::try_from(bits >> count & 0xff).unwrap());
        }
    }
    bytes
}

fn item(value: &Value) -> Item {
    let (kind, value) = value.as_object().unwrap().iter().next().unwrap();
    let text = || value.as_str().unwrap();
    match kind.as_str() {
        "int" => Item::Int(text().parse().unwrap()),
        "float" => Item::Float(unhex_float(text())),
        "bool" => Item::Bool(value.as_bool().unwrap()),
        "str" => Item::from(text()),
        "bytes" => Item::Bytes(unbase64(text())),
        "none" => Item::None,
        _ => panic!("{kind}"),
    }
}

/// Equal as Python has it, and of the same type.
fn is_same(a: &Item, b: &Item) -> bool {
    match (a, b) {
        (Item::Float(a), Item::Float(b)) => a.to_bits() == b.to_bits(),
        _ => std::mem::discriminant(a) == std::mem::discriminant(b) && a == b,
    }
}

#[test]
fn every_byte_is_the_one_that_cpython_writes() {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/data/shareable_list/cpython-3.11.7.json"
    );
    let vectors: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let cases = vectors["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 40);
    for (number, case) in cases.iter().enumerate() {
        let values: Vec<Item> = case["values"]
            .as_array()
            .unwrap()
            .iter()
            .map(item)
            .collect();
        let ours = ShareableList::new(values.clone()).unwrap();
        let expected = unhex(case["bytes"].as_str().unwrap());
        assert_eq!(bytes(&ours, expected.len()), expected, "case {number}");
        let theirs = block(&expected);
        let theirs = ShareableList::open(theirs.name().unwrap()).unwrap();
        for list in [&ours, &theirs] {
            assert_eq!(list.format().unwrap(), case["format"], "case {number}");
            for (found, value) in items(list).iter().zip(&values) {
                assert!(is_same(found, value), "case {number}: {found:?} {value:?}");
            }
            for step in case["steps"].as_array().unwrap() {
                let value = item(&step["value"]);
                let index = step["set"].as_i64().unwrap();
                let set = list.set_signed(index.try_into().unwrap(), value.clone());
                assert_eq!(set.is_ok(), step["ok"], "case {number}: {value:?}: {set:?}");
                let expected = unhex(step["bytes"].as_str().unwrap());
                assert_eq!(bytes(list, expected.len()), expected, "case {number}");
                assert_eq!(list.format().unwrap(), step["format"], "case {number}");
                if set.is_ok() {
                    let found = list.get_signed(index.try_into().unwrap()).unwrap();
                    assert!(is_same(&found, &value), "case {number}: {found:?}");
                }
            }
        }
    }
}

#[test]
fn items_are_set_over_one_another_and_seen_by_every_handle() {
    let list = ShareableList::new(["a text of 20 bytes.."]).unwrap();
    let other = ShareableList::open(list.name()).unwrap();
    let values = [
        Item::from(i64::MIN),
        Item::from("short"),
        true.into(),
        b"\x00\xff".into(),
        ().into(),
        (-0.0).into(),
        "twenty-four bytes of it.".into(),
        "".into(),
    ];
    for value in values {
        list.set(0, value.clone()).unwrap();
        assert!(is_same(&other.get(0).unwrap(), &value), "{value:?}");
    }
    assert_eq!(list.count("").unwrap(), 1);
}

#[test]
fn indices_count_from_both_ends_and_stop_there() {
    let list = ShareableList::new(0..3).unwrap();
    assert_eq!(list.get_signed(-1).unwrap(), 2.into());
    assert_eq!(list.get_signed(-3).unwrap(), 0.into());
    list.set_signed(-3, 7).unwrap();
    list.set_signed(1, 8).unwrap();
    assert_eq!(items(&list), [7, 8, 2].map(Item::from));
    let before = bytes(&list, list.shared_memory().size());
    // CPython reads and writes the formats there.
    for outside in [-4, 3, isize::MIN, isize::MAX] {
        assert_eq!(kind(list.get_signed(outside)), ErrorKind::OutOfRange);
        assert_eq!(kind(list.set_signed(outside, 1)), ErrorKind::OutOfRange);
    }
    for outside in [3, usize::MAX, usize::MAX - 1] {
        assert_eq!(kind(list.get(outside)), ErrorKind::OutOfRange);
        assert_eq!(kind(list.set(outside, 1)), ErrorKind::OutOfRange);
    }
    assert_eq!(bytes(&list, before.len()), before);
    let empty = ShareableList::new([0; 0]).unwrap();
    assert!(empty.is_empty() && ShareableList::open(empty.name()).unwrap().is_empty());
    assert_eq!(kind(empty.get(0)), ErrorKind::OutOfRange);
    assert_eq!(kind(empty.get_signed(-1)), ErrorKind::OutOfRange);
}

#[test]
fn an_assignment_that_fails_changes_nothing() {
    let list = ShareableList::new([Item::from("short"), 5.into()]).unwrap();
    let before = bytes(&list, list.shared_memory().size());
    assert_eq!(kind(list.set(0, "nine byte")), ErrorKind::TooLarge);
    assert_eq!(kind(list.set(1, vec![1; 9])), ErrorKind::TooLarge);
    assert_eq!(kind(list.set(0, "ééééé")), ErrorKind::TooLarge);
    assert_eq!(kind(list.set(0, "zero\0")), ErrorKind::InvalidInput);
    assert_eq!(kind(list.set(1, b"\0")), ErrorKind::InvalidInput);
    assert_eq!(bytes(&list, before.len()), before);
    list.set(0, Item::from("zero\0\0\0\0\0\0").trimmed())
        .unwrap();
    assert_eq!(list.get(0).unwrap(), Item::from("zero"));
}

#[test]
fn text_of_several_bytes_for_a_character_is_kept_whole() {
    // CPython has room for eight characters, and cuts their bytes.
    for text in ["ééééééé", "𝄞𝄞𝄞𝄞𝄞𝄞𝄞", "€€€€€€€€", "a€"]
    {
        let list = ShareableList::new([text]).unwrap();
        assert_eq!(list.get(0).unwrap(), Item::from(text));
        list.set(0, 1).unwrap();
        list.set(0, text).unwrap();
        assert_eq!(list.get(0).unwrap().as_str(), Some(text));
    }
}

#[test]
fn ten_million_bytes_are_too_many_for_one_item() {
    let mut longest = vec![b'a'; 9_999_991];
    let list = ShareableList::new([longest.clone()]).unwrap();
    assert_eq!(list.format().unwrap(), "9999992s");
    assert_eq!(list.get(0).unwrap(), Item::Bytes(longest.clone()));
    longest.push(b'a');
    list.set(0, longest.clone()).unwrap();
    assert_eq!(kind(ShareableList::new([longest])), ErrorKind::TooLarge);
    assert_eq!(kind(ShareableList::new(["a\0"])), ErrorKind::InvalidInput);
}

#[test]
fn numbers_are_counted_and_found_as_in_python() {
    let list = [
        Item::from(1),
        true.into(),
        1.0.into(),
        "1".into(),
        f64::NAN.into(),
    ];
    let list = ShareableList::new(list).unwrap();
    for one in [Item::from(1), true.into(), 1.0.into()] {
        assert_eq!(list.count(one.clone()).unwrap(), 3);
        assert_eq!(list.index(one).unwrap(), 0);
    }
    assert_eq!(list.index("1").unwrap(), 3);
    assert_eq!(list.count(f64::NAN).unwrap(), 0);
    assert_eq!(kind(list.index(b"1")), ErrorKind::NotFound);
    assert_eq!(list.count(2).unwrap(), 0);
}

#[test]
fn items_come_from_both_ends() {
    let list = ShareableList::new(0..5).unwrap();
    let mut left = list.iter();
    assert_eq!(
        (left.len(), left.next_back().unwrap().unwrap()),
        (5, 4.into())
    );
    assert_eq!(left.nth(1).unwrap().unwrap(), 1.into());
    assert_eq!(left.len(), 2);
    let rest: Vec<Item> = left.rev().map(Result::unwrap).collect();
    assert_eq!(rest, [3, 2].map(Item::from));
    let mut sum = 0;
    for item in &list {
        sum += item.unwrap().as_int().unwrap();
    }
    assert_eq!(sum, 10);
}

#[test]
fn a_list_has_a_name_and_goes_with_its_creator() {
    let name = format!("shared_list_{}", std::process::id());
    let list = ShareableList::with_name(&name, ["a"]).unwrap();
    assert_eq!(list.name(), name);
    let again = ShareableList::with_name(&name, ["a"]);
    assert_eq!(kind(again), ErrorKind::AlreadyExists);
    drop(ShareableList::open(&name).unwrap());
    let clone = list.clone();
    drop(list);
    assert_eq!(
        format!("{clone:?}"),
        format!("ShareableList(['a'], name='{name}')")
    );
    drop(clone);
    assert_eq!(kind(ShareableList::open(&name)), ErrorKind::NotFound);
}

#[test]
fn a_list_of_cpython_3_8_is_told_from_a_broken_one() {
    let with_data = [words(&[2, 8, 16]), b"\0".repeat(24), b"q".repeat(17)].concat();
    for bytes in [with_data, words(&[0])] {
        let memory = block(&bytes);
        let error = ShareableList::open(memory.name().unwrap()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        let text = error.to_string();
        assert!(
            text.contains("CPython 3.8") && text.contains("3.9"),
            "{text}"
        );
    }
}

#[test]
fn what_is_no_list_is_refused() {
    let long = i64::from(i32::MAX);
    let offsets = |offsets: &[i64]| [words(offsets), vec![0; 100]].concat();
    let wrong = [
        vec![1],
        vec![0; 9],
        words(&[1]),
        words(&[1, 0]),
        words(&[-1, 0, 8]),
        words(&[i64::MAX, 0, 8]),
        words(&[i64::MIN, 0, 8]),
        words(&[1, 0, 8, 0, 0]),
        offsets(&[2, 0, 8, 8]),
        offsets(&[2, 0, 8, 0]),
        offsets(&[2, 0, 8, 12]),
        offsets(&[2, 0, 8, long]),
        offsets(&[2, 0, i64::MIN, 8]),
        offsets(&[2, 0, i64::MAX - 7, 8]),
        offsets(&[2, -8, 8, 16]),
        offsets(&[1, 0, 160]),
        offsets(&[1, 0, 9_999_999 + 1]),
        // Nobody ever gives it a number of items.
        vec![0; 100],
    ];
    for bytes in wrong {
        let memory = block(&bytes);
        let opened = ShareableList::open(memory.name().unwrap());
        assert_eq!(kind(opened), ErrorKind::InvalidData, "{bytes:?}");
        let name = memory.name().unwrap().to_owned();
        SharedMemory::open(&name).expect("a refusal removes nothing");
    }
}

#[test]
fn a_list_that_is_being_made_is_waited_for() {
    let memory = SharedMemory::create(41).unwrap();
    let name = memory.name().unwrap().to_owned();
    let opening = std::thread::spawn(move || ShareableList::open(&name).map(|list| list.len()));
    let list = [words(&[1, 0, 8, 7]), b"q\0\0\0\0\0\0\0\0".to_vec()].concat();
    memory.write_at(8, &list[8..]).unwrap();
    memory.write_at(0, &list[..8]).unwrap();
    assert_eq!(opening.join().unwrap().unwrap(), 1);
}

#[derive(Default)]
struct Store {
    lists: Vec<ShareableList>,
}

#[shared]
impl Store {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn keep(
        &mut self,
        list: ShareableList,
        value: Item,
    ) -> Result<usize, shared_runtime::Error> {
        list.set(0, value)?;
        self.lists.push(list);
        Ok(self.lists.len())
    }
    pub fn first(&self) -> Option<ShareableList> {
        self.lists.first().cloned()
    }
}

#[test]
fn a_list_goes_through_calls_and_is_the_same() {
    let server = shared_runtime::ServerProcess::start().unwrap();
    let store: Shared<Store> = Store::new_in(&server).unwrap();
    let list = ShareableList::new([Item::from("before"), 2.into()]).unwrap();
    assert_eq!(store.keep(list.clone(), Item::from("after")).unwrap(), 1);
    assert_eq!(list.get(0).unwrap(), Item::from("after"));
    let back = store.first().unwrap().unwrap();
    back.set(1, 3).unwrap();
    assert_eq!((back.name(), list.get(1).unwrap()), (list.name(), 3.into()));
}

/// Says why it could not write to a list.
#[derive(Default)]
pub struct Waiter(Mutex<Option<String>>);

#[shared]
impl Waiter {
    pub fn new() -> Self {
        Self::default()
    }

    pub fn wait(&self, list: &ShareableList) {
        let refused = list.set(0, 2).unwrap_err();
        *self.0.lock().unwrap() = Some(refused.to_string());
    }

    pub fn seen(&self) -> Option<String> {
        self.0.lock().unwrap().clone()
    }
}

#[test]
fn a_method_waits_for_a_list_no_longer_than_its_caller() {
    let server = ServerProcess::start().unwrap();
    let waiter = Waiter::new_in(&server).unwrap();
    let list = ShareableList::new([1]).unwrap();
    // As a process has it that is stopped in the middle: the word is behind CPython's layout, in the second line after that.
    let lock = list.shared_memory().atomic_u64(128).unwrap();
    lock.store(std::process::id().into(), Ordering::Relaxed);
    let brief = Shared::with_timeout(&waiter, Duration::from_millis(300));
    // It may answer at the very last moment.
    if let Err(error) = brief.wait(&list) {
        assert_eq!(error.kind(), ErrorKind::Timeout);
    }
    until("the method has ended", || waiter.seen().unwrap().is_some());
    let said = waiter.seen().unwrap().unwrap();
    assert!(
        said.contains("somebody else held the lock of a list") || said.contains("went away"),
        "{said}"
    );
}
