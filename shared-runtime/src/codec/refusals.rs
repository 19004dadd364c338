//! What must be refused is: values that are too deep, counts that are too large, types that could not be read again. And
//! whoever refuses is quoted.

use std::collections::{BTreeMap, LinkedList, VecDeque};
use std::fmt;

use serde::de::{IgnoredAny, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use super::refuse::{DEPTH, EMPTY};
use super::{decode, encode};
use crate::error::{Error, ErrorKind};

fn refused(error: &Error, kind: ErrorKind, words: &[&str]) {
    assert_eq!(error.kind(), kind, "{error}");
    for word in words {
        assert!(error.to_string().contains(word), "no {word:?} in: {error}");
    }
}

fn not_encoded<T: Serialize>(value: &T, words: &[&str]) {
    refused(&encode(value).unwrap_err(), ErrorKind::Encode, words);
}

fn not_decoded<'de, T: Deserialize<'de> + fmt::Debug>(bytes: &'de [u8], words: &[&str]) {
    refused(&decode::<T>(bytes).unwrap_err(), ErrorKind::Decode, words);
}

/// A level each.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum Nest {
    Leaf,
    Variant(Box<Nest>),
    Tuple(Box<Nest>, ()),
    Struct { inner: Box<Nest> },
}

/// Levels of the other kinds.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Newtype(Option<Vec<Newtype>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct OnlyOptions(Option<Box<OnlyOptions>>);

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Maps {
    inner: BTreeMap<u8, Maps>,
}

fn nest(depth: usize) -> Nest {
    (0..depth).fold(Nest::Leaf, |inner, level| {
        let inner = Box::new(inner);
        match level % 3 {
            0 => Nest::Variant(inner),
            1 => Nest::Tuple(inner, ()),
            _ => Nest::Struct { inner },
        }
    })
}

#[test]
fn values_nest_as_deeply_as_allowed_and_no_deeper() {
    let bytes = encode(&nest(DEPTH)).unwrap();
    assert_eq!(decode::<Nest>(&bytes).unwrap(), nest(DEPTH));
    not_encoded(
        &nest(DEPTH + 1),
        &["refusals::Nest", "more than 128", "Vec"],
    );
    let mut deeper = vec![1];
    deeper.extend(bytes);
    not_decoded::<Nest>(&deeper, &["refusals::Nest", "more than 128"]);
}

#[test]
fn side_by_side_is_not_deep() {
    let many: Vec<Nest> = (0..1000).map(|_| nest(DEPTH - 1)).collect();
    assert_eq!(decode::<Vec<Nest>>(&encode(&many).unwrap()).unwrap(), many);
    let maybe: Vec<Option<(u8, u8)>> = vec![Some((1, 2)); 1000];
    let read: Vec<Option<(u8, u8)>> = decode(&encode(&maybe).unwrap()).unwrap();
    assert_eq!(read, maybe);
}

#[test]
fn every_kind_of_level_is_counted() {
    let newtype = |levels| (0..levels).fold(Newtype(None), |inner, _| Newtype(Some(vec![inner])));
    // Three levels each, and one for the last.
    let deepest = newtype((DEPTH - 1) / 3);
    let read: Newtype = decode(&encode(&deepest).unwrap()).unwrap();
    assert_eq!(read, deepest);
    not_encoded(&newtype((DEPTH - 1) / 3 + 1), &["more than 128"]);
    let options = (0..=DEPTH).fold(OnlyOptions(None), |inner, _| {
        OnlyOptions(Some(Box::new(inner)))
    });
    not_encoded(&options, &["more than 128"]);
    let maps = (0..DEPTH).fold(
        Maps {
            inner: BTreeMap::new(),
        },
        |inner, _| Maps {
            inner: BTreeMap::from([(0, inner)]),
        },
    );
    not_encoded(&maps, &["more than 128"]);
    let ones = vec![1; 1 << 20];
    not_decoded::<Newtype>(&ones, &["more than 128"]);
    not_decoded::<OnlyOptions>(&ones, &["more than 128"]);
    not_decoded::<Maps>(&ones, &["more than 128"]);
    not_decoded::<Nest>(&ones, &["more than 128"]);
    not_decoded::<Nest>(&vec![2; 1 << 20], &["more than 128"]);
    not_decoded::<Nest>(&vec![3; 1 << 20], &["more than 128"]);
}

/// Not even the bytes stop this one.
#[test]
fn a_type_of_nothing_but_itself_is_refused() {
    #[derive(Debug, Serialize, Deserialize)]
    struct Endless(Box<Endless>);
    not_decoded::<Endless>(&[], &["more than 128"]);
}

/// What `length` is written as, and a few bytes.
fn announced(length: u64) -> Vec<u8> {
    [encode(&length).unwrap(), vec![0; 3]].concat()
}

#[derive(Debug, Deserialize)]
#[expect(dead_code, reason = "never made")]
struct Holds {
    list: Vec<f32>,
}

/// Neither where the bytes are copied whole, nor where a number of them is more than memory has addresses.
#[test]
fn an_announced_list_of_numbers_allocates_nothing() {
    for length in [4, 1 << 20, 1 << 60, 1 << 61, u64::MAX / 8 + 1, u64::MAX] {
        let bytes = announced(length);
        let words = ["elements is announced", "3 bytes"];
        not_decoded::<Vec<u8>>(&bytes, &words);
        not_decoded::<Box<[i8]>>(&bytes, &words);
        not_decoded::<Vec<u16>>(&bytes, &words);
        not_decoded::<Vec<f64>>(&bytes, &words);
        not_decoded::<Vec<u128>>(&bytes, &words);
        not_decoded::<Holds>(&bytes, &words);
        not_decoded::<Option<Vec<usize>>>(&[&[1], &bytes[..]].concat(), &words);
        not_decoded::<VecDeque<u64>>(&bytes, &["VecDeque"]);
    }
    let few = announced(1);
    not_decoded::<Vec<u32>>(&few, &["1 elements", "3 bytes"]);
    not_decoded::<Vec<u16>>(&few, &["1 bytes are left over"]);
}

/// A list is a level, also where it is copied whole.
#[test]
fn a_list_of_numbers_is_as_deep_as_any() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    enum Deep {
        Whole(Vec<u8>),
        Singly(VecDeque<u8>),
        Deeper(Box<Deep>),
    }
    let deep = |levels, last| (0..levels).fold(last, |inner, _| Deep::Deeper(Box::new(inner)));
    for last in [|| Deep::Whole(vec![7]), || Deep::Singly([7].into())] {
        let bytes = encode(&deep(DEPTH - 2, last())).unwrap();
        assert_eq!(decode::<Deep>(&bytes).unwrap(), deep(DEPTH - 2, last()));
        not_encoded(&deep(DEPTH - 1, last()), &["more than 128"]);
        let deeper = [&[2], &bytes[..]].concat();
        not_decoded::<Deep>(&deeper, &["more than 128"]);
    }
}

#[test]
fn an_announced_size_allocates_nothing() {
    for length in [4, 1 << 20, 1 << 60, u64::MAX] {
        let bytes = announced(length);
        not_decoded::<Vec<u64>>(&bytes, &["Vec<u64>"]);
        not_decoded::<BTreeMap<u8, u8>>(&bytes, &["BTreeMap"]);
        not_decoded::<String>(&bytes, &["end too early"]);
        not_decoded::<&[u8]>(&bytes, &["end too early"]);
    }
    let bytes = announced(1 << 60);
    not_decoded::<Vec<u64>>(&bytes, &["1152921504606846976 elements", "3 bytes"]);
}

#[test]
fn the_elements_that_take_no_bytes_are_few() {
    let most = vec![(); EMPTY];
    let bytes = encode(&most).unwrap();
    assert_eq!(decode::<Vec<()>>(&bytes).unwrap(), most);
    not_encoded(&vec![(); EMPTY + 1], &["65536", "send their number"]);
    not_encoded(&(&most, [()].to_vec()), &["65536"]);
    for length in [EMPTY as u64 + 4, 1 << 60, u64::MAX] {
        not_decoded::<Vec<()>>(&announced(length), &["elements", "3 bytes"]);
        not_decoded::<LinkedList<()>>(&announced(length), &["elements"]);
    }
}

/// Lists in lists, each with as many empty elements as there are bytes left.
#[test]
fn empty_elements_are_counted_over_the_whole_message() {
    let lists = 1000;
    let inner = encode(&50_000u64).unwrap();
    let mut bytes = encode(&lists).unwrap();
    bytes.extend(inner.repeat(lists));
    bytes.extend(vec![0; 50_000]);
    not_decoded::<(Vec<LinkedList<()>>, [(); 0])>(&bytes, &["elements"]);
}

/// Trusts what it is told, as types of users may.
#[derive(Debug)]
struct Trusting;

impl<'de> Deserialize<'de> for Trusting {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(Trusting)
    }
}

impl<'de> Visitor<'de> for Trusting {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Self, A::Error> {
        Err(de::Error::custom(format!("told {:?}", list.size_hint())))
    }
}

#[test]
fn a_type_that_trusts_is_told_no_more_than_there_is() {
    not_decoded::<Trusting>(&announced(60_000), &["told Some(3)"]);
    not_decoded::<Trusting>(&announced(2), &["told Some(2)"]);
}

#[test]
fn a_list_that_is_read_in_part_is_refused() {
    #[derive(Debug)]
    struct First;
    impl<'de> Deserialize<'de> for First {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Reads;
            impl<'de> Visitor<'de> for Reads {
                type Value = First;
                fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    f.write_str("a list")
                }
                fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<First, A::Error> {
                    list.next_element::<u8>()?;
                    Ok(First)
                }
            }
            deserializer.deserialize_seq(Reads)
        }
    }
    assert!(decode::<First>(&[1, 7]).is_ok());
    not_decoded::<First>(&[2, 7, 0], &["1 elements", "left over"]);
}

/// Says that it has two elements.
struct Miscounted(u8);

impl Serialize for Miscounted {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use ser::SerializeSeq as _;
        let mut list = serializer.serialize_seq(Some(2))?;
        (0..self.0).try_for_each(|n| list.serialize_element(&n))?;
        list.end()
    }
}

#[test]
fn a_list_that_counts_wrongly_is_refused() {
    assert_eq!(
        decode::<Vec<u8>>(&encode(&Miscounted(2)).unwrap()).unwrap(),
        [0, 1]
    );
    not_encoded(&Miscounted(3), &["2 elements", "3 came"]);
    not_encoded(&Miscounted(1), &["2 elements", "1 came"]);
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Flat {
    id: u8,
    #[serde(flatten)]
    more: BTreeMap<String, u8>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Skips {
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<u8>,
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
enum SkipsToo {
    Variant {
        #[serde(skip_serializing_if = "Option::is_none")]
        note: Option<u8>,
    },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
enum Untagged {
    Number(u8),
    Text(String),
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
enum Tagged {
    Sized { size: u8 },
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "t", content = "c")]
enum Adjacent {
    Unit,
    Sized { size: u8 },
}

/// Cannot tell how many elements it has.
struct Filtered;

impl Serialize for Filtered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq((0..9).filter(|n| n % 2 == 0))
    }
}

/// The way out.
const JSON: &str = "`shared_runtime::Json` (feature `json`)";

#[test]
fn what_could_not_be_read_again_is_not_written() {
    let more = BTreeMap::new();
    let flat = Flat { id: 1, more };
    not_encoded(&flat, &["refusals::Flat", "serde(flatten)", "remove", JSON]);
    let skips = ["serde(skip_serializing_if)", "`note`", "remove", JSON];
    not_encoded(&Skips { note: None }, &skips);
    not_encoded(&Skips { note: None }, &["refusals::Skips", "`Skips`"]);
    not_encoded(&SkipsToo::Variant { note: None }, &skips);
    not_encoded(&Filtered, &["Filtered", "collect it into a `Vec`", JSON]);
}

#[test]
fn what_the_bytes_do_not_say_is_not_read() {
    let untagged = encode(&Untagged::Text("t".to_owned())).unwrap();
    not_decoded::<Untagged>(&untagged, &["refusals::Untagged", "serde(untagged)", JSON]);
    let tagged = encode(&Tagged::Sized { size: 1 }).unwrap();
    not_decoded::<Tagged>(&tagged, &["refusals::Tagged", "serde(tag = …)", JSON]);
    for adjacent in [Adjacent::Unit, Adjacent::Sized { size: 1 }] {
        let adjacent = encode(&adjacent).unwrap();
        let words = ["refusals::Adjacent", "serde(tag = …)", JSON];
        not_decoded::<Adjacent>(&adjacent, &words);
    }
    not_decoded::<Flat>(&[1, 1, 1], &["refusals::Flat", "serde(flatten)", JSON]);
    not_decoded::<IgnoredAny>(&[1], &["IgnoredAny", JSON]);
}

/// Both sides know which field comes first.
#[test]
fn what_both_sides_leave_out_or_call_otherwise_is_fine() {
    #[derive(Debug, PartialEq, Serialize, Deserialize)]
    #[serde(rename_all = "UPPERCASE", deny_unknown_fields)]
    struct Fine {
        #[serde(default)]
        a: u8,
        #[serde(skip)]
        b: u8,
        #[serde(rename = "d")]
        c: u8,
    }
    let fine = Fine { a: 1, b: 0, c: 3 };
    assert_eq!(decode::<Fine>(&encode(&fine).unwrap()).unwrap(), fine);
}

/// Refuses to be written, or to be read if it is odd.
#[derive(Debug)]
struct Picky(u8);

impl Serialize for Picky {
    fn serialize<S: Serializer>(&self, _serializer: S) -> Result<S::Ok, S::Error> {
        Err(ser::Error::custom(format_args!("I keep my {}", self.0)))
    }
}

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let number = u8::deserialize(deserializer)?;
        Err(de::Error::custom(format_args!("{number} is odd")))
    }
}

/// Writes itself through a `Display` that fails.
struct NoText;

impl Serialize for NoText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl fmt::Display for NoText {
    fn fmt(&self, _f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Err(fmt::Error)
    }
}

#[test]
fn whoever_refuses_is_quoted() {
    not_encoded(&vec![(1, Some(Picky(7)))], &["Picky", "I keep my 7"]);
    not_decoded::<Vec<(u8, Option<Picky>)>>(&[1, 9, 1, 3], &["Picky", "3 is odd"]);
    not_decoded::<Nest>(&[9], &["variant index"]);
    not_decoded::<bool>(&[2], &["bool"]);
    not_decoded::<Option<u8>>(&[2], &["`Option`"]);
    not_decoded::<char>(&[1, 0xff], &["char"]);
    not_decoded::<String>(&[1, 0xff], &["UTF-8"]);
    not_decoded::<u16>(&[0xff, 0xff, 0xff], &["too large"]);
    not_encoded(&NoText, &["NoText", "`Display` failed"]);
}
