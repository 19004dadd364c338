//! What is the same and what is not.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::{Difference, Table, difference, shapes, trace};

/// How the second type differs from the first.
fn differ<'de, A: Deserialize<'de>, B: Deserialize<'de>>() -> Option<String> {
    let ((ours, a), (theirs, b)) = (shapes::<A>(), shapes::<B>());
    let Difference {
        subject,
        ours,
        theirs,
    } = difference(&ours, &theirs, (a, b), "it")?;
    Some(format!("{subject} {ours} and {theirs}"))
}

fn says<'de, A: Deserialize<'de>, B: Deserialize<'de>>(difference: &str) {
    assert_eq!(differ::<A, B>().as_deref(), Some(difference));
}

fn same<'de, A: Deserialize<'de>, B: Deserialize<'de>>() {
    assert_eq!(differ::<A, B>(), None);
}

macro_rules! types {
    ($($name:ident { $($item:item)* })*) => {
        $(mod $name {
            use super::*;
            $(
                #[derive(Deserialize)]
                #[expect(dead_code, reason = "only its shape is of interest")]
                $item
            )*
        })*
    };
}

types! {
    first {
        pub(super) struct Order { id: u32, item: String, price: Price }
        pub(super) struct Price { amount: u64, currency: Currency }
        pub(super) enum Currency { Euro, Dollar, Other(String) }
        pub(super) struct Page<T> { items: Vec<T>, next: Option<u32> }
        pub(super) struct Book { orders: Page<Order>, prices: Page<Price> }
    }
    reordered {
        pub(super) struct Order { item: String, id: u32, price: first::Price }
    }
    renamed_field {
        pub(super) struct Order { id: u32, name: String, price: first::Price }
    }
    renamed {
        pub(super) struct Purchase { id: u32, item: String, price: first::Price }
    }
    retyped {
        pub(super) struct Order { id: u64, item: String, price: first::Price }
    }
    grown {
        pub(super) struct Order { id: u32, item: String, price: first::Price, note: Option<String> }
    }
    nested {
        pub(super) struct Order { id: u32, item: String, price: Price }
        pub(super) struct Price { amount: u64, currency: Currency }
        pub(super) enum Currency { Euro, Dollar, Other(Vec<u8>) }
        pub(super) struct Book { orders: first::Page<first::Order>, prices: first::Page<Price> }
    }
    variants {
        pub(super) struct Order { id: u32, item: String, price: Price }
        pub(super) struct Price { amount: u64, currency: Currency }
        pub(super) enum Currency { Dollar, Euro, Other(String) }
    }
    moved {
        pub(super) struct Order { id: u32, item: String, price: Price }
        pub(super) struct Price { amount: u64, currency: Currency }
        pub(super) enum Currency { Euro, Dollar, Other(String) }
        pub(super) struct Unrelated { anything: u8 }
    }
}

#[test]
fn the_same_types_elsewhere_are_the_same() {
    same::<first::Order, moved::Order>();
    same::<(first::Order, first::Book), (moved::Order, first::Book)>();
    assert_ne!(differ::<first::Order, moved::Unrelated>(), None);
}

#[test]
fn what_was_changed_is_named() {
    says::<first::Order, reordered::Order>(
        "the fields of `Order` are `id`, `item`, `price` and `item`, `id`, `price`",
    );
    says::<first::Order, renamed_field::Order>(
        "the fields of `Order` are `id`, `item`, `price` and `id`, `name`, `price`",
    );
    says::<first::Order, grown::Order>(
        "the fields of `Order` are `id`, `item`, `price` and `id`, `item`, `price`, `note`",
    );
    says::<Option<first::Order>, Option<renamed::Purchase>>(
        "the value in it is `Order` and `Purchase`",
    );
    says::<first::Order, retyped::Order>("field `id` of `Order` is u32 and u64");
    says::<Vec<first::Order>, Vec<nested::Order>>(
        "the value in `Currency::Other` is string and a list of u8",
    );
    says::<first::Order, variants::Order>(
        "the variants of `Currency` are `Euro`, `Dollar`, `Other` and `Dollar`, `Euro`, `Other`",
    );
    says::<(u8, first::Order), (u8, u16)>("part 1 of it is `Order` and u16");
    says::<(u8, u8), (u8, u8, u8)>("it is (u8, u8) and (u8, u8, u8)");
    says::<Result<u8, String>, Result<u8, char>>("the `Err` of it is string and char");
    says::<HashMap<String, u8>, HashMap<String, Option<u8>>>(
        "a value of it is u8 and an Option<u8>",
    );
    says::<BTreeMap<u8, char>, BTreeMap<u16, char>>("a key of it is u8 and u16");
}

#[test]
fn two_types_of_one_name_stand_beside_each_other() {
    // `Page<Order>` and `Page<Price>`, of which one has changed.
    says::<first::Book, nested::Book>("the value in `Currency::Other` is string and a list of u8");
    let (table, _) = shapes::<first::Book>();
    assert_eq!(table.iter().filter(|shape| shape.name == "Page").count(), 2);
}

#[test]
fn a_table_has_each_type_once() {
    let mut table = Table::default();
    let a = table.add(&trace::<(first::Order, u8)>().unwrap());
    let count = table.shapes_so_far();
    let b = table.add(&trace::<(first::Order, u8)>().unwrap());
    let order = table.add(&trace::<first::Order>().unwrap());
    assert_eq!((a, table.shapes_so_far()), (b, count));
    assert_ne!(order, a);
}

#[test]
fn borrowed_and_owned_forms_are_one() {
    same::<&str, String>();
    same::<Cow<'_, str>, Box<str>>();
    same::<&Path, PathBuf>();
    same::<Vec<u8>, Box<[u8]>>();
}

#[test]
fn a_table_from_elsewhere_is_not_believed() {
    let (ours, at) = shapes::<first::Order>();
    assert!(difference(&ours, &[], (at, 0), "it").is_some());
    assert!(difference(&ours, &ours, (at, u32::MAX), "it").is_some());
    let mut cut = ours.clone();
    for shape in &mut cut {
        for variant in &mut shape.variants {
            for part in &mut variant.parts {
                part.shape = part.shape.map(|place| place + 1000);
            }
        }
    }
    assert!(difference(&ours, &cut, (at, at), "it").is_some());
    // Every place refers to itself: the texts end as well.
    let mut round = ours.clone();
    for (index, shape) in round.iter_mut().enumerate() {
        for part in shape
            .variants
            .iter_mut()
            .flat_map(|variant| &mut variant.parts)
        {
            part.shape = Some(u32::try_from(index).unwrap());
        }
    }
    assert!(difference(&ours, &round, (at, at), "it").is_some());
}
