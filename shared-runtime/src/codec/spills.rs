//! What spills: all of a large value and nothing of a small one, and what is left when the writing fails.

use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::Serialize;
use serde::ser::{self, SerializeSeq as _, SerializeTuple as _, Serializer};

use super::refuse::EMPTY;
use super::{SPILL_FROM, Spill, encode, encode_into, encode_spilling};
use crate::error::{Error, ErrorKind};

/// Takes so many times, and then refuses.
struct Takes {
    taken: Vec<u8>,
    starts: Vec<*const u8>,
    room: usize,
}

impl Takes {
    fn times(room: usize) -> Self {
        Self {
            taken: Vec::new(),
            starts: Vec::new(),
            room,
        }
    }
}

impl Spill for Takes {
    fn take(&mut self, bytes: &[u8]) -> Result<(), Error> {
        assert!(!bytes.is_empty());
        self.starts.push(bytes.as_ptr());
        if self.starts.len() > self.room {
            return Err(Error::new(ErrorKind::TooLarge, "no more"));
        }
        self.taken.extend_from_slice(bytes);
        Ok(())
    }
}

/// Spills to the same bytes as are written otherwise, `before` them what was in the buffer.
fn spills<T: Serialize>(value: &T) -> Takes {
    let before = b"before";
    let (mut buffer, mut takes) = (before.to_vec(), Takes::times(usize::MAX));
    encode_spilling(value, &mut buffer, &mut takes).unwrap();
    assert!(buffer.len() < SPILL_FROM);
    let all = [&takes.taken[..], &buffer].concat();
    assert_eq!(all, [&before[..], &encode(value).unwrap()].concat());
    takes
}

#[test]
fn a_small_value_does_not_spill() {
    assert!(spills(&("text", 7u64, vec![1.5f64; 500])).starts.is_empty());
    let most = SPILL_FROM - 1 - b"before".len() - 2;
    assert!(spills(&vec![1u8; most]).starts.is_empty());
    assert!(!spills(&vec![1u8; most + 1]).starts.is_empty());
}

#[test]
fn a_large_value_spills_in_order() {
    let words: Vec<String> = (0..3000u32).map(|n| n.to_string()).collect();
    assert!(spills(&words).starts.len() > 2);
    let numbers: Vec<(u64, i64)> = (0..3000).map(|n| (n * n * n, -1)).collect();
    assert!(spills(&numbers).starts.len() > 2);
    let mixed: Vec<(Vec<u8>, String)> = vec![(vec![3; 5000], "x".repeat(4000)); 3];
    assert!(spills(&mixed).starts.len() > 5);
}

#[test]
fn what_is_large_by_itself_is_not_copied_first() {
    let list = vec![1u64; SPILL_FROM];
    let takes = spills(&(1u8, &list));
    assert_eq!(takes.starts[1], list.as_ptr().cast());
    let text = "x".repeat(SPILL_FROM);
    assert_eq!(spills(&text).starts[1], text.as_ptr());
}

#[test]
fn elements_without_bytes_are_counted_across_what_spills() {
    let (mut buffer, mut takes) = (Vec::new(), Takes::times(usize::MAX));
    let value = (vec![0u8; SPILL_FROM], vec![(); EMPTY + 1]);
    let error = encode_spilling(&value, &mut buffer, &mut takes).unwrap_err();
    assert!(error.to_string().contains("65536"), "{error}");
    // All of these take bytes, most of which are elsewhere when the list ends.
    spills(&vec![vec![0u8; 1000]; 100]);
}

#[test]
fn the_spill_refuses_in_its_own_words() {
    for room in 0..3 {
        let (mut buffer, mut takes) = (b"before".to_vec(), Takes::times(room));
        let value = vec!["x".repeat(1000); 100];
        let error = encode_spilling(&value, &mut buffer, &mut takes).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::TooLarge);
        assert_eq!(takes.starts.len(), room + 1, "asked again after it refused");
        assert!(buffer.is_empty());
        encode_into(&7u8, &mut buffer).unwrap();
        assert_eq!(buffer, [7]);
    }
}

/// Writes what it can, and says that all is well.
struct Careless(Vec<String>);

impl Serialize for Careless {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut list = serializer.serialize_seq(Some(self.0.len()))?;
        for text in &self.0 {
            let _lost = list.serialize_element(text);
        }
        list.end()
    }
}

#[test]
fn a_loss_that_is_not_passed_on_is_noticed() {
    let (mut buffer, mut takes) = (Vec::new(), Takes::times(1));
    let value = Careless(vec!["x".repeat(1000); 100]);
    let error = encode_spilling(&value, &mut buffer, &mut takes).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
    assert_eq!(takes.starts.len(), 2);
    assert!(buffer.is_empty());
}

/// Writes some bytes, and then fails or panics.
struct Fails {
    after: usize,
    panics: bool,
}

impl Serialize for Fails {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut tuple = serializer.serialize_tuple(2)?;
        tuple.serialize_element(&vec![1u8; self.after])?;
        assert!(!self.panics, "as it is told");
        Err(ser::Error::custom("I fail"))
    }
}

#[test]
fn what_fails_leaves_nothing_of_itself() {
    let before = b"before".to_vec();
    for panics in [false, true] {
        let small = Fails { after: 9, panics };
        let large = Fails {
            after: 9000,
            panics,
        };
        let failed = |buffer: &mut Vec<u8>, value: &Fails, spilling: bool| {
            let mut takes = Takes::times(usize::MAX);
            let result = catch_unwind(AssertUnwindSafe(|| {
                if spilling {
                    encode_spilling(value, buffer, &mut takes)
                } else {
                    encode_into(value, buffer)
                }
            }));
            assert_eq!(result.is_err(), panics);
            assert!(result.is_err() || result.unwrap().is_err());
        };
        let mut buffer = before.clone();
        failed(&mut buffer, &small, false);
        assert_eq!(buffer, before);
        failed(&mut buffer, &large, false);
        assert_eq!(buffer, before);
        failed(&mut buffer, &small, true);
        assert_eq!(buffer, before);
        // What was before has spilled with it.
        failed(&mut buffer, &large, true);
        assert!(buffer.is_empty());
    }
}

#[test]
fn values_follow_each_other_in_a_buffer() {
    let mut buffer = Vec::new();
    encode_into(&(1u8, "one"), &mut buffer).unwrap();
    encode_into(&vec![2u16], &mut buffer).unwrap();
    assert_eq!(buffer, b"\x01\x03one\x01\x02\x00");
}
