//! Whatever is written is read again as it was, in postcard's form; and no change of the bytes makes more than an error.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{decode, encode};
use crate::error::ErrorKind;

/// Something of everything.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Tree {
    Nothing,
    Bool(bool),
    Signed(i8, i16, i32, i64, i128),
    Unsigned(u8, u16, u32, u64, u128),
    Float(f32, f64),
    Char(char),
    Text(String),
    Unit(()),
    Empty(Vec<()>),
    #[expect(clippy::option_option, reason = "to be tried")]
    Maybe(Option<Option<Box<Tree>>>),
    List(Vec<Tree>),
    Map(BTreeMap<String, Tree>),
    Pair(Box<(Tree, Tree)>),
    Wrapped(Wrapper),
    Named {
        first: u16,
        second: Box<Tree>,
    },
    Outcome(Result<u8, String>),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapper(Box<Inner>);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Inner {
    array: [u16; 3],
    tree: Tree,
}

/// Numbers without a pattern, always the same.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Of any size: most of what `next` gives is large.
    fn number(&mut self) -> u64 {
        let bits = self.below(64);
        self.next() >> bits
    }

    fn wide(&mut self) -> u128 {
        u128::from(self.number()) << self.below(65)
    }

    fn text(&mut self) -> String {
        (0..self.below(5)).map(|_| self.char()).collect()
    }

    fn char(&mut self) -> char {
        let shift = self.below(21);
        let code = u32::try_from(self.below(0x0011_0000) >> shift).unwrap();
        char::from_u32(code).unwrap_or('ß')
    }

    fn trees<C: FromIterator<Tree>>(&mut self, room: u64) -> C {
        (0..self.below(4)).map(|_| self.tree(room / 2)).collect()
    }

    /// With about `room` values inside.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_possible_wrap,
        clippy::cast_precision_loss,
        reason = "any number will do"
    )]
    fn tree(&mut self, room: u64) -> Tree {
        let n = self.number();
        let kind = if room == 0 {
            self.below(10)
        } else {
            6 + self.below(10)
        };
        match kind {
            0 => Tree::Nothing,
            1 => Tree::Bool(n.is_multiple_of(2)),
            2 => Tree::Signed(n as i8, n as i16, n as i32, n as i64, self.wide() as i128),
            3 => Tree::Unsigned(n as u8, n as u16, n as u32, n, self.wide()),
            4 => Tree::Float(f32::from(n as i16) / 7.0, n as f64 / -3.0),
            5 => Tree::Char(self.char()),
            6 => Tree::Text(self.text()),
            7 => Tree::Unit(()),
            8 => Tree::Empty(vec![(); self.below(20) as usize]),
            9 => Tree::Outcome(if n.is_multiple_of(2) {
                Ok(n as u8)
            } else {
                Err(self.text())
            }),
            10 => {
                let inner = n.is_multiple_of(3);
                Tree::Maybe((!n.is_multiple_of(2)).then(|| {
                    let tree = || Box::new(self.tree(room / 2));
                    inner.then(tree)
                }))
            }
            11 => Tree::List(self.trees(room)),
            12 => {
                let trees: Vec<Tree> = self.trees(room);
                Tree::Map(trees.into_iter().map(|tree| (self.text(), tree)).collect())
            }
            13 => Tree::Pair(Box::new((self.tree(room / 2), self.tree(room / 2)))),
            14 => Tree::Wrapped(Wrapper(Box::new(Inner {
                array: [n as u16, 0, 7],
                tree: self.tree(room / 2),
            }))),
            _ => Tree::Named {
                first: n as u16,
                second: Box::new(self.tree(room / 2)),
            },
        }
    }
}

/// Fewer where each takes a thousand times as long.
fn rounds(all: u64) -> u64 {
    if cfg!(miri) { all / 50 + 1 } else { all }
}

#[test]
fn what_is_written_is_read_as_it_was() {
    let mut random = Random(5);
    let mut largest = 0;
    for round in 0..rounds(2000) {
        let tree = random.tree(round);
        let bytes = encode(&tree).unwrap();
        assert_eq!(decode::<Tree>(&bytes).unwrap(), tree);
        assert_eq!(bytes, postcard::to_allocvec(&tree).unwrap());
        largest = largest.max(bytes.len());
    }
    assert!(largest > 200, "only small values were tried: {largest}");
}

#[test]
fn the_beginning_of_a_message_is_none() {
    let mut random = Random(6);
    for _ in 0..rounds(300) {
        let bytes = encode(&random.tree(100)).unwrap();
        for end in 0..bytes.len() {
            let error = decode::<Tree>(&bytes[..end]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Decode);
        }
    }
}

/// A value or an error, and a value can be written again.
#[test]
fn a_changed_byte_does_no_harm() {
    let mut random = Random(7);
    let mut values = 0;
    for _ in 0..rounds(60) {
        let mut bytes = encode(&random.tree(100)).unwrap();
        for at in 0..bytes.len() {
            let honest = bytes[at];
            for other in 0..=u8::MAX {
                bytes[at] = other;
                match decode::<Tree>(&bytes) {
                    Ok(tree) => {
                        values += 1;
                        encode(&tree).unwrap();
                    }
                    Err(error) => assert_eq!(error.kind(), ErrorKind::Decode),
                }
            }
            bytes[at] = honest;
        }
    }
    assert!(values > 1000, "hardly anything was read: {values}");
}
