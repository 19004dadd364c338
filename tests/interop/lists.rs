//! Lists that one side makes and the other uses, and that both use at once.

use std::fmt::Write;

use shared_runtime::ErrorKind;
use shared_runtime::memory::{Item, ShareableList, SharedMemory};

use super::python::Python;

/// `ShareableList` of a block that is left alone at the end, on every version.
const ATTACH: &str = "
import sys
from multiprocessing import resource_tracker, shared_memory
def attach(name):
    # 3.13 can be told not to track it, but not through ShareableList.
    shared = shared_memory.ShareableList(name=name)
    resource_tracker.unregister(shared.shm._name, 'shared_memory')
    return shared
";

#[test]
fn a_list_made_there_is_read_changed_and_counted_here() {
    for python in Python::all() {
        let mut script = python.start(
            "
from multiprocessing import shared_memory
shared = shared_memory.ShareableList(['howdy', b'HoWdY', -273.154, 100, None, True, 42])
print(shared.shm.name, flush=True)
print(repr(shared), flush=True)
input()
print(list(shared), shared.format, flush=True)
input()
shared.shm.close()
shared.shm.unlink()",
        );
        let list = ShareableList::open(&script.hear()).unwrap();
        assert_eq!(format!("{list:?}"), script.hear());
        assert_eq!(list.get(0).unwrap(), Item::from("howdy"));
        assert_eq!((list.count(1).unwrap(), list.count(100.0).unwrap()), (1, 1));
        assert_eq!(list.index(b"HoWdY").unwrap(), 1);
        list.set(2, "dry ice").unwrap();
        list.set(0, i64::MIN).unwrap();
        list.set_signed(-1, b"\0x").unwrap();
        let error = list.set(1, "nine byte").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        script.say("");
        let seen = script.hear();
        let format = list.format().unwrap();
        let expected = format!(
            "[-9223372036854775808, b'HoWdY', 'dry ice', 100, None, True, b'\\x00x'] {format}"
        );
        assert_eq!(seen, expected);
        script.say("");
        script.end();
        assert_eq!(
            ShareableList::open(list.name()).unwrap_err().kind(),
            ErrorKind::NotFound
        );
        assert_eq!(
            list.get(3).unwrap(),
            Item::from(100),
            "what is mapped stays"
        );
    }
}

#[test]
fn a_list_made_here_is_read_changed_and_counted_there() {
    for python in Python::all() {
        let list = [
            Item::from("ééééééé"),
            1.into(),
            true.into(),
            1.0.into(),
            b"1".into(),
        ];
        let list = ShareableList::new(list).unwrap();
        let name = list.name();
        let script = format!(
            "{ATTACH}
shared = attach('{name}')
print(repr(shared) == {:?}, shared.count(1), shared.index(b'1'), shared.format)
shared[0] = 2.5
shared[-1] = None
shared[1] = 'text'
shared.shm.close()",
            format!("{list:?}")
        );
        assert_eq!(python.run(&script), "True 3 4 16sqxxxxxxx?d8s");
        let items: Vec<Item> = list.iter().map(Result::unwrap).collect();
        let expected = [
            2.5.into(),
            "text".into(),
            true.into(),
            1.0.into(),
            Item::None,
        ];
        assert_eq!(items, expected);
    }
}

/// Random numbers that are the same each time.
const RANDOM_LISTS: &str = "
import random, sys
from multiprocessing import shared_memory
random.seed(7)
def text(of, least):
    return ''.join(random.choice(of) for _ in range(random.randrange(least, 20)))
def value():
    kind = random.randrange(8)
    if kind == 0: return random.choice([0, 1, -1, 2**63 - 1, -2**63, 2**53, 2**53 + 1])
    if kind == 1: return random.randrange(-2**63, 2**63) >> random.randrange(64)
    if kind == 2: return random.choice([0.0, -0.0, 1.0, float('inf'), float('nan'), 2.0**53, 1e16, 1e-5])
    if kind == 3: return random.choice([1, -1]) * random.random() * 10.0 ** random.randrange(-320, 308)
    if kind == 4: return random.random() < 0.5
    if kind == 5: return text('ab\\'\"\\\\\\n\\x00\\x7f', 0) + 'z'
    if kind == 6: return text('ab\\'\"\\\\\\n\\x00\\xff', 0).encode('latin-1') + b'z'
    return None
";

/// Each value once more as Rust reads it: type and digits.
const TOLD: &str = "
def told(value):
    if isinstance(value, str): return 's' + value.encode().hex()
    if isinstance(value, bytes): return 'y' + value.hex()
    if isinstance(value, bool): return 'b%d' % value
    if isinstance(value, float): return 'd' + struct.pack('>d', value).hex()
    return 'n' if value is None else 'i%d' % value
import struct
";

fn heard(told: &str) -> Item {
    let (kind, rest) = told.split_at(1);
    let hex = || {
        let pairs = rest.as_bytes().chunks(2);
        let byte =
            |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).unwrap(), 16).unwrap();
        pairs.map(byte).collect::<Vec<u8>>()
    };
    match kind {
        "s" => String::from_utf8(hex()).unwrap().into(),
        "y" => hex().into(),
        "b" => (rest == "1").into(),
        "d" => f64::from_bits(u64::from_str_radix(rest, 16).unwrap()).into(),
        "n" => Item::None,
        _ => rest.parse::<i64>().unwrap().into(),
    }
}

/// The same assignments to both, one list made by each, and every answer compared.
#[test]
fn every_method_answers_as_cpython_s_on_random_lists() {
    for python in Python::all() {
        let mut script = python.start(&format!(
            "{RANDOM_LISTS}{TOLD}
def answer(ask):
    try: return repr(ask())
    except IndexError: return 'OutOfRange'
    except ValueError as error: return 'TooLarge' if 'storage' in str(error) else 'NotFound'
for _ in range(40):
    values = [value() for _ in range(random.randrange(12))]
    shared = shared_memory.ShareableList(values)
    print(shared.shm.name, *map(told, values), flush=True)
    for _ in range(30):
        index, new = random.randrange(-len(values), len(values) + 2), value()
        def assign(): shared[index] = new
        print(index, told(new), flush=True)
        print(answer(assign), flush=True)
        print(answer(lambda: shared[index]), flush=True)
        print(answer(lambda: shared.index(new)), flush=True)
        print(shared.count(new), len(shared), shared.format, flush=True)
        print(repr(shared), flush=True)
        print(bytes(shared.shm.buf).hex(), flush=True)
        input()
    shared.shm.close()
    shared.shm.unlink()
"
        ));
        for _ in 0..40 {
            let line = script.hear();
            let mut told = line.split(' ');
            let name = told.next().unwrap();
            let theirs = ShareableList::open(name).unwrap();
            let ours = ShareableList::new(told.map(heard)).unwrap();
            for _ in 0..30 {
                one_step(&mut script, &theirs, &ours);
                script.say("");
            }
        }
        script.end();
    }
}

/// An assignment and all that can be asked after it. Their list has it already, and is only asked.
fn one_step(script: &mut super::python::Script, theirs: &ShareableList, ours: &ShareableList) {
    let line = script.hear();
    let (index, new) = line.split_once(' ').unwrap();
    let (index, new): (isize, Item) = (index.parse().unwrap(), heard(new));
    let assigned = match ours.set_signed(index, new.clone()) {
        Ok(()) => "None".to_owned(),
        Err(error) => format!("{:?}", error.kind()),
    };
    assert_eq!(script.hear(), assigned, "{index} {new:?}");
    let expected: Vec<String> = (0..5).map(|_| script.hear()).collect();
    for list in [theirs, ours] {
        let got = match list.get_signed(index) {
            Ok(item) => shown(&item),
            Err(error) => format!("{:?}", error.kind()),
        };
        let place = match list.index(new.clone()) {
            Ok(place) => place.to_string(),
            Err(error) => format!("{:?}", error.kind()),
        };
        let count = list.count(new.clone()).unwrap();
        let rest = format!("{count} {} {}", list.len(), list.format().unwrap());
        let repr = format!("{list:?}").replace(list.name(), theirs.name());
        let mut bytes = vec![0; theirs.shared_memory().size()];
        list.shared_memory().read_at(0, &mut bytes).unwrap();
        let mut hex = String::new();
        for byte in bytes {
            write!(hex, "{byte:02x}").unwrap();
        }
        let answers = [got, place, rest.trim_end().to_owned(), repr, hex];
        assert_eq!(answers, expected[..], "{index} {new:?}");
    }
}

/// As CPython shows it: a list of it alone, less the list.
fn shown(item: &Item) -> String {
    let list = ShareableList::new([item.clone()]).unwrap();
    let text = format!("{list:?}");
    let end = text.len() - format!("], name='{}')", list.name()).len();
    text["ShareableList([".len()..end].to_owned()
}

/// All characters that this Python knows, and numbers whose shortest digits are hard to find.
#[test]
fn text_and_numbers_are_shown_as_there() {
    for python in Python::all() {
        let mut script = python.start(
            "
import unicodedata
known = [chr(c) for c in range(0x110000) if unicodedata.category(chr(c)) not in ('Cn', 'Cs')]
for at in range(0, len(known), 4096):
    part = ''.join(known[at:at + 4096])
    print(part.encode().hex(), flush=True)
    print(repr(part).encode().hex(), flush=True)
print('', flush=True)
numbers = [sign * 2.0 ** n for n in range(-1074, 1024) for sign in (1, -1)]
numbers += [n / 10 for n in range(1000)] + [10.0 ** n for n in range(-30, 30)]
numbers += [2.0 ** bits + n / 2 ** (52 - bits) for bits in range(53) for n in range(20)]
for number in numbers:
    print(repr(number), flush=True)
print('', flush=True)",
        );
        let text = |hex: String| heard(&format!("s{hex}")).as_str().unwrap().to_owned();
        loop {
            let part = text(script.hear());
            if part.is_empty() {
                break;
            }
            // A character of its own after a last one that is stripped.
            let expected = text(script.hear());
            assert_eq!(shown(&Item::from(part).trimmed()), expected);
        }
        loop {
            let repr = script.hear();
            if repr.is_empty() {
                break;
            }
            assert_eq!(shown(&Item::Float(repr.parse().unwrap())), repr);
        }
        script.end();
    }
}

/// Each side changes numbers of one kind while the other does. CPython sees ours whole; it writes zeros before it writes a number, which is all that we see
/// beside the number.
#[test]
fn both_sides_write_numbers_at_once_and_see_no_mixture() {
    const ROUNDS: i64 = 20_000;
    for python in Python::all() {
        let ours = ShareableList::new([0i64; 4]).unwrap();
        let script = format!(
            "{ATTACH}
print(input(), flush=True)
shared = attach('{}')
seen = 0
for n in range(1, {ROUNDS} + 1):
    shared[0] = n * 0x100000001
    other = shared[1]
    assert other % 0x100000001 == 0 and other >= seen, (other, seen)
    seen = other
print('done', flush=True)
shared.shm.close()",
            ours.name()
        );
        let mut script = python.start(&script);
        script.say("go");
        assert_eq!(script.hear(), "go");
        let (mut seen, mut n) = (0, 0);
        while seen < ROUNDS * 0x1_0000_0001 {
            n += 1;
            ours.set(1, n * 0x1_0000_0001).unwrap();
            let other = ours.get(0).unwrap().as_int().unwrap();
            assert!(other % 0x1_0000_0001 == 0, "{other}");
            assert!(other == 0 || other >= seen, "{other} {seen}");
            seen = seen.max(other);
        }
        assert_eq!(script.hear(), "done");
        script.end();
        let items: Vec<Item> = ours.iter().map(Result::unwrap).collect();
        assert_eq!(
            items,
            [ROUNDS * 0x1_0000_0001, n * 0x1_0000_0001, 0, 0].map(Item::from)
        );
    }
}

#[test]
fn a_list_of_cpython_3_8_says_what_to_do() {
    let Some(python) = Python::old() else {
        return;
    };
    let mut script = python.start(
        "
from multiprocessing import shared_memory
lists = [shared_memory.ShareableList(values) for values in (['a', 1], [1], [None, 2.5])]
print(*(shared.shm.name for shared in lists), flush=True)
input()
for shared in lists:
    shared.shm.close()
    shared.shm.unlink()",
    );
    for name in script.hear().split(' ') {
        let error = ShareableList::open(name).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidData);
        assert!(
            error.to_string().contains("CPython 3.8 has made it"),
            "{error}"
        );
        SharedMemory::open(name).expect("a refusal removes nothing");
    }
    script.say("");
    script.end();
}

/// The snippet of the guide that keeps Python from removing what it has only opened.
#[test]
fn the_snippet_of_the_guide_leaves_the_block_where_it_is() {
    let page = concat!(env!("CARGO_MANIFEST_DIR"), "/book/src/shareable-list.md");
    let page = std::fs::read_to_string(page).unwrap();
    let (_, snippet) = page.split_once("```python\n# attach.py\n").unwrap();
    let (snippet, _) = snippet.split_once("```").unwrap();
    for python in Python::all() {
        let list = ShareableList::new(["left alone"]).unwrap();
        let script = format!(
            "{snippet}
shared = attach_list('{name}')
print(shared[0])
shared[0] = 'changed'
shared.shm.close()
block = attach_block('{name}')
print(block.size)
block.close()",
            name = list.name()
        );
        let size = list.shared_memory().size();
        assert_eq!(python.run(&script), format!("left alone\n{size}"));
        // What `run` waited for is the end of Python's tracker, too, which has the same standard error.
        ShareableList::open(list.name()).expect("Python has removed the block");
        assert_eq!(list.get(0).unwrap(), Item::from("changed"));
    }
}
