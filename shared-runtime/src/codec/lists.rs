//! A list of numbers is the same bytes whoever writes it, and is the same list whoever reads it: all at once or number by
//! number.

use std::collections::{BTreeSet, VecDeque};
use std::fmt;

use serde::de::{DeserializeOwned, SeqAccess, Visitor};
use serde::ser::{SerializeSeq as _, Serializer};
use serde::{Deserialize, Deserializer, Serialize};

use super::{Bytes, decode, encode};

/// Hands its numbers over one by one.
struct Singly<'a, T>(&'a [T]);

impl<T: Serialize> Serialize for Singly<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        self.0
            .iter()
            .try_for_each(|number| list.serialize_element(number))?;
        list.end()
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Metres<T>(T);

#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
struct Feet<T>(T);

fn goes_every_way<T>(numbers: &[T], bytes_of_each: usize)
where
    T: Clone + fmt::Debug + PartialEq + Serialize + DeserializeOwned,
{
    let list = numbers.to_vec();
    let bytes = encode(&list).unwrap();
    assert_eq!(bytes.len(), 1 + numbers.len() * bytes_of_each);
    assert_eq!(encode(&numbers).unwrap(), bytes);
    assert_eq!(encode(&list.clone().into_boxed_slice()).unwrap(), bytes);
    assert_eq!(encode(&Singly(numbers)).unwrap(), bytes);
    let deque: VecDeque<T> = numbers.iter().cloned().collect();
    assert_eq!(encode(&deque).unwrap(), bytes);
    let metres: Vec<_> = numbers.iter().cloned().map(Metres).collect();
    assert_eq!(encode(&metres).unwrap(), bytes);
    assert_eq!(decode::<Vec<T>>(&bytes).unwrap(), list);
    assert_eq!(decode::<Box<[T]>>(&bytes).unwrap()[..], list);
    assert_eq!(decode::<VecDeque<T>>(&bytes).unwrap(), deque);
    assert_eq!(decode::<Vec<Metres<T>>>(&bytes).unwrap(), metres);
    let feet: Vec<_> = numbers.iter().cloned().map(Feet).collect();
    assert_eq!(decode::<Vec<Feet<T>>>(&bytes).unwrap(), feet);
    for end in 0..bytes.len() {
        decode::<Vec<T>>(&bytes[..end]).unwrap_err();
        decode::<VecDeque<T>>(&bytes[..end]).unwrap_err();
    }
}

#[test]
fn every_kind_of_number_goes_every_way() {
    goes_every_way(&[0, 1, u8::MAX], 1);
    goes_every_way(&[i8::MIN, 1, i8::MAX], 1);
    goes_every_way(&[0, 1, u16::MAX], 2);
    goes_every_way(&[i16::MIN, 1, i16::MAX], 2);
    goes_every_way(&[0, 1, u32::MAX], 4);
    goes_every_way(&[i32::MIN, 1, i32::MAX], 4);
    goes_every_way(&[0, 1, u64::MAX], 8);
    goes_every_way(&[i64::MIN, 1, i64::MAX], 8);
    goes_every_way(&[0, 1, usize::MAX], 8);
    goes_every_way(&[isize::MIN, 1, isize::MAX], 8);
    goes_every_way(&[0, 1, u128::MAX], 16);
    goes_every_way(&[i128::MIN, 1, i128::MAX], 16);
    goes_every_way(&[0.0, -1.5, f32::MAX], 4);
    goes_every_way(&[0.0, -1.5, f64::MAX], 8);
    goes_every_way::<u64>(&[], 8);
}

#[test]
fn the_lowest_byte_comes_first() {
    assert_eq!(encode(&vec![1u16, 0xff02]).unwrap(), [2, 1, 0, 2, 0xff]);
    assert_eq!(encode(&vec![-2i32]).unwrap(), [1, 0xfe, 0xff, 0xff, 0xff]);
}

/// Only what is an element by itself has its full width.
#[test]
fn other_numbers_stay_short() {
    assert_eq!(encode(&vec![(1u64, [2u32; 2])]).unwrap(), [1, 1, 2, 2]);
    assert_eq!(encode(&vec![Some(1u64)]).unwrap(), [1, 1, 1]);
    assert_eq!(encode(&(1u64, -1i64, vec![1u16])).unwrap(), [1, 1, 1, 1, 0]);
    let map = std::collections::BTreeMap::from([(1u64, 2i64)]);
    assert_eq!(encode(&map).unwrap(), [1, 1, 4]);
    let read: std::collections::BTreeMap<u64, i64> = decode(&[1, 1, 4]).unwrap();
    assert_eq!(read, map);
}

#[test]
fn bytes_and_a_list_of_bytes_are_the_same() {
    let list = vec![7u8, 0, 255];
    let bytes = encode(&list).unwrap();
    assert_eq!(bytes, encode(&Bytes(&list)).unwrap());
    assert_eq!(decode::<Bytes<'_>>(&bytes).unwrap().0, list);
    let set: BTreeSet<u8> = decode(&bytes).unwrap();
    assert_eq!(set, list.into_iter().collect());
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Photo {
    name: String,
    pixels: Vec<u8>,
    heights: Option<Vec<f64>>,
    size: (u32, u32),
    tiles: Vec<Vec<i16>>,
}

#[test]
fn lists_stand_anywhere_in_a_value() {
    let photo = Photo {
        name: "oak".to_owned(),
        pixels: (0..=255).cycle().take(5000).collect(),
        heights: Some(vec![0.1, f64::INFINITY]),
        size: (100, 50),
        tiles: vec![vec![-1, 300], vec![], vec![7; 600]],
    };
    let outcome: Result<Vec<Photo>, Vec<u64>> = Ok(vec![photo.clone(), photo]);
    let read: Result<Vec<Photo>, Vec<u64>> = decode(&encode(&outcome).unwrap()).unwrap();
    assert_eq!(read, outcome);
    let failure: Result<Vec<Photo>, Vec<u64>> = Err(vec![1, u64::MAX]);
    let read: Result<Vec<Photo>, Vec<u64>> = decode(&encode(&failure).unwrap()).unwrap();
    assert_eq!(read, failure);
}

/// Around the sizes that are copied piece by piece.
#[test]
fn every_length_is_copied_whole() {
    for length in (0..20).chain(500..530).chain(1020..1030).chain([70_000]) {
        let list: Vec<u8> = (0..251).cycle().take(length).collect();
        assert_eq!(decode::<Vec<u8>>(&encode(&list).unwrap()).unwrap(), list);
        let text = "x".repeat(length);
        assert_eq!(decode::<String>(&encode(&text).unwrap()).unwrap(), text);
    }
}

/// What is read is a vector here too, but not the one that came.
#[test]
fn who_looks_at_each_number_is_shown_each() {
    struct Doubles;
    impl<'de> Visitor<'de> for Doubles {
        type Value = Vec<u8>;
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a list")
        }
        fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<u8>, A::Error> {
            let mut doubled = Vec::new();
            while let Some(number) = list.next_element::<u8>()? {
                doubled.push(2 * number);
            }
            Ok(doubled)
        }
    }
    #[derive(Deserialize)]
    struct Doubled(#[serde(deserialize_with = "doubled")] Vec<u8>);
    fn doubled<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<u8>, D::Error> {
        deserializer.deserialize_seq(Doubles)
    }
    let bytes = encode(&vec![1u8, 2, 3]).unwrap();
    assert_eq!(decode::<Doubled>(&bytes).unwrap().0, [2, 4, 6]);
}
