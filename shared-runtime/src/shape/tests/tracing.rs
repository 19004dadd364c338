//! What can be traced, and what cannot.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsString;
use std::net::{IpAddr, SocketAddr};
use std::num::{NonZeroI64, NonZeroU32};
use std::ops::{Bound, Range};
use std::time::{Duration, SystemTime};

use serde::de::{Error as _, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

use super::{Shape, Untraced, difference, shapes, trace};
use crate::shape::form::{Kind, Style, Variant};

fn unclear<'de, T: Deserialize<'de>>() -> String {
    match trace::<T>().unwrap_err() {
        Untraced::Unclear { name, why } => format!("{name}: {why}"),
        Untraced::NotCarried { name, why } => panic!("{name} is not carried: {why}"),
    }
}

fn not_carried<'de, T: Deserialize<'de>>() -> (String, &'static str) {
    match trace::<T>().unwrap_err() {
        Untraced::NotCarried { name, why } => (name, why),
        Untraced::Unclear { name, why } => panic!("{name} is unclear: {why}"),
    }
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape is of interest")]
enum Expression {
    Sum(Box<Expression>, Box<Expression>),
    Call {
        name: String,
        arguments: Vec<Expression>,
    },
    Let(HashMap<Kinds, Statement>),
    Number(f64),
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape is of interest")]
enum Statement {
    Loop(Box<Statement>),
    Evaluate(Box<Expression>),
    Nothing,
}

#[derive(Deserialize, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Kinds {
    One,
    Two(u8),
    Three { deep: Option<Box<Kinds>> },
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "only its shape is of interest")]
struct Tree {
    children: Vec<Tree>,
    parent: Option<Box<Tree>>,
    kinds: BTreeMap<Kinds, BTreeSet<Kinds>>,
}

#[test]
fn types_that_contain_themselves_are_traced_whole() {
    let (table, _) = shapes::<Tree>();
    let kinds = table.iter().find(|shape| shape.name == "Kinds").unwrap();
    let parts = |shape: &Shape| {
        let all = shape.variants.iter().flat_map(|variant| &variant.parts);
        all.filter(|part| part.shape.is_none()).count()
    };
    assert_eq!(kinds.variants.len(), 3);
    for shape in &table {
        assert_eq!(parts(shape), 0, "{shape:?} has been seen whole");
    }
    let (table, _) = shapes::<Expression>();
    for name in ["Expression", "Statement", "Kinds"] {
        assert!(table.iter().any(|shape| shape.name == name), "{name}");
    }
    assert!(table.iter().all(|shape| parts(shape) == 0), "{table:?}");
    let (other, at) = shapes::<(Expression,)>();
    assert_eq!(difference(&table, &other, (0, at + 1), "it"), None);
}

mod crossed {
    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) enum A {
        B(Box<B>),
        Both(Box<A>, Box<B>),
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) enum B {
        A(Box<A>),
        End(u16),
    }

    /// Has no value that ends.
    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) enum Endless {
        One(Box<Endless>),
        Two(Box<Endless>, u8),
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) struct Infinite {
        next: Box<Infinite>,
    }

    #[derive(Deserialize)]
    pub(super) enum Nothing {}
}

#[test]
fn the_way_out_of_two_types_may_lie_in_the_other() {
    let (table, _) = shapes::<crossed::A>();
    assert!(table.iter().any(|shape| shape.name == "u16"));
    assert_eq!(
        table
            .iter()
            .filter(|shape| shape.kind == Kind::Enum)
            .count(),
        2
    );
}

#[test]
fn what_has_no_end_is_given_up() {
    assert!(unclear::<crossed::Endless>().contains("`Endless::One`"));
    assert!(unclear::<crossed::Infinite>().contains("ends"));
    // A failure that cannot happen.
    let (table, _) = shapes::<Result<u8, crossed::Nothing>>();
    assert!(table.iter().any(|shape| shape.name == "Nothing"));
}

macro_rules! large {
    ($($variant:ident)*) => {
        #[derive(Deserialize)]
        #[expect(dead_code, reason = "only its shape is of interest")]
        enum Large { $($variant(Box<Large>, Box<Large>),)* End }
    };
}

large! {
    A0 A1 A2 A3 A4 A5 A6 A7 A8 A9 B0 B1 B2 B3 B4 B5 B6 B7 B8 B9 C0 C1 C2 C3 C4 C5 C6 C7 C8 C9 D0 D1 D2 D3 D4 D5 D6 D7 D8 D9
    E0 E1 E2 E3 E4 E5 E6 E7 E8 E9 F0 F1 F2 F3 F4 F5 F6 F7 F8 F9 G0 G1 G2 G3 G4 G5 G6 G7 G8 G9 H0 H1 H2 H3 H4 H5 H6 H7 H8 H9
    I0 I1 I2 I3 I4 I5 I6 I7 I8 I9 J0 J1 J2 J3 J4 J5 J6 J7 J8 J9 K0 K1 K2 K3 K4 K5 K6 K7 K8 K9 L0 L1 L2 L3 L4 L5 L6 L7 L8 L9
    M0 M1 M2 M3 M4 M5 M6 M7 M8 M9 N0 N1 N2 N3 N4 N5 N6 N7 N8 N9 O0 O1 O2 O3 O4 O5 O6 O7 O8 O9 P0 P1 P2 P3 P4 P5 P6 P7 P8 P9
}

#[test]
fn many_variants_that_contain_themselves_end() {
    let (table, _) = shapes::<(Vec<Large>, Option<Large>)>();
    let large = table.iter().find(|shape| shape.name == "Large").unwrap();
    assert_eq!(large.variants.len(), 161);
    let traced = |variant: &Variant| variant.parts.iter().all(|part| part.shape.is_some());
    assert!(large.variants.iter().all(traced));
}

#[test]
fn types_that_check_what_they_read_are_traced() {
    shapes::<(NonZeroU32, NonZeroI64, char, bool)>();
    shapes::<(IpAddr, SocketAddr, Duration, SystemTime)>();
    shapes::<(OsString, Range<u8>, Bound<u16>, Box<str>)>();
    shapes::<NonZeroU32>();
    shapes::<(Email, Span, Uuid, Filled, [Email; 3])>();
    shapes::<Vec<Option<Email>>>();
    let (table, _) = shapes::<OsString>();
    let names = table[0]
        .variants
        .iter()
        .map(|variant| (&*variant.name, variant.style));
    let expected = [("Unix", Style::Newtype), ("Windows", Style::Never)];
    assert_eq!(names.collect::<Vec<_>>(), expected);
}

/// A text that must parse.
#[derive(Deserialize)]
#[serde(try_from = "String")]
struct Email;

impl TryFrom<String> for Email {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let valid = text.contains('@');
        valid.then_some(Self).ok_or(format!("`{text}` has no @"))
    }
}

#[derive(Deserialize)]
struct Ends {
    from: NonZeroU32,
    to: u32,
}

/// Two numbers of which the second is larger.
#[derive(Deserialize)]
#[serde(try_from = "Ends")]
struct Span;

impl TryFrom<Ends> for Span {
    type Error = &'static str;

    fn try_from(ends: Ends) -> Result<Self, &'static str> {
        let valid = ends.from.get() < ends.to;
        valid.then_some(Self).ok_or("ends before it begins")
    }
}

/// Bytes of one length.
struct Uuid;

impl<'de> Deserialize<'de> for Uuid {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Sixteen;
        impl Visitor<'_> for Sixteen {
            type Value = Uuid;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("sixteen bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Uuid, E> {
                let right = bytes.len() == 16;
                right
                    .then_some(Uuid)
                    .ok_or_else(|| E::invalid_length(bytes.len(), &self))
            }
        }
        deserializer.deserialize_bytes(Sixteen)
    }
}

/// A list that is never empty.
#[derive(Deserialize)]
#[serde(try_from = "Vec<NonZeroU32>")]
struct Filled;

impl TryFrom<Vec<NonZeroU32>> for Filled {
    type Error = &'static str;

    fn try_from(list: Vec<NonZeroU32>) -> Result<Self, &'static str> {
        (list.len() > 2).then_some(Self).ok_or("too few")
    }
}

#[test]
fn a_type_that_accepts_nothing_says_what_it_wants() {
    struct Password;

    impl<'de> Deserialize<'de> for Password {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let text = String::deserialize(deserializer)?;
            let right = text == "sesame";
            right
                .then_some(Self)
                .ok_or_else(|| D::Error::custom("not the word"))
        }
    }

    let said = unclear::<(u8, Option<Password>)>();
    assert!(said.contains("Password"), "{said}");
    assert!(said.contains("not the word"), "{said}");
}

#[test]
fn a_panic_is_a_reason_and_nothing_more() {
    struct Bomb;

    impl<'de> Deserialize<'de> for Bomb {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            String::deserialize(deserializer)?.parse::<u8>().unwrap();
            Ok(Self)
        }
    }

    let said = unclear::<(Bomb,)>();
    assert!(said.contains("panicked at"), "{said}");
    shapes::<Tree>();
}

#[test]
fn a_type_whose_parts_depend_on_others_is_given_up() {
    struct Versioned;

    impl<'de> Deserialize<'de> for Versioned {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Parts;
            impl<'de> Visitor<'de> for Parts {
                type Value = Versioned;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("a kind and its content")
                }

                fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<Versioned, A::Error> {
                    match parts.next_element()? {
                        Some(Kinds::One) => parts.next_element::<u8>().map(drop)?,
                        _ => parts.next_element::<String>().map(drop)?,
                    }
                    Ok(Versioned)
                }
            }
            deserializer.deserialize_tuple(2, Parts)
        }
    }

    let said = unclear::<Versioned>();
    assert!(said.contains("depends on what it has read"), "{said}");
}

mod refused {
    use super::*;

    #[derive(Deserialize)]
    #[serde(untagged)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) enum Untagged {
        Number(u32),
        Text(String),
    }

    #[derive(Deserialize)]
    #[serde(tag = "kind")]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) enum Inside {
        Number { n: u32 },
    }

    #[derive(Deserialize)]
    #[serde(tag = "kind", content = "value")]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) enum Beside {
        Number(u32),
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) struct Outer {
        id: u32,
        #[serde(flatten)]
        rest: Rest,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) struct Rest {
        more: u8,
    }

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only its shape is of interest")]
    pub(super) enum Hidden {
        Nothing,
        Something(Vec<Option<Untagged>>),
    }
}

#[test]
fn what_the_encoding_cannot_carry_is_found_at_any_depth() {
    for (name, why) in [
        not_carried::<(u8, refused::Untagged)>(),
        not_carried::<refused::Hidden>(),
        not_carried::<Result<(), Box<refused::Untagged>>>(),
    ] {
        assert!(name.ends_with("refused::Untagged"), "{name}");
        assert!(why.contains("untagged"), "{why}");
    }
    let (name, why) = not_carried::<Vec<refused::Inside>>();
    assert!(
        name.ends_with("refused::Inside") && why.contains("tag = …"),
        "{name} {why}"
    );
    let (name, _) = not_carried::<Vec<refused::Beside>>();
    assert!(name.ends_with("refused::Beside"), "{name}");
    let (name, why) = not_carried::<HashMap<u8, refused::Outer>>();
    assert!(
        name.ends_with("refused::Outer") && why.contains("flatten"),
        "{name} {why}"
    );
    let (name, _) = not_carried::<(serde::de::IgnoredAny,)>();
    assert!(name.ends_with("IgnoredAny"), "{name}");
}
