//! Two executables that know each other's types in different versions: this one and `tests/versions/older.rs`.

use std::process::Command;
use std::time::Duration;

use shared_runtime::{Error, ErrorKind, Executed, ServerProcess, Shared, shared};

use super::leftovers::NothingLeft;
use super::programs::built;
use types::{Inner, Listener, NewName, Outer, Password, Renamed, Reordered, Retyped, Untraceable};

/// What the two programs see differently. A module that is not there in the other one.
mod types {
    use serde::{Deserialize, Serialize};
    use shared_runtime::shared;

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Reordered {
        pub n: u32,
        pub id: u32,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Renamed {
        pub id: u32,
        pub count: u32,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Retyped {
        pub id: u32,
        pub n: u64,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct Outer {
        pub inner: Vec<Option<Inner>>,
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub enum Inner {
        Nothing,
        Something { deep: Retyped },
    }

    #[derive(Debug, Serialize, Deserialize)]
    pub struct NewName {
        pub id: u32,
    }

    #[derive(Debug, Serialize)]
    pub struct Untraceable;

    impl<'de> Deserialize<'de> for Untraceable {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            <()>::deserialize(deserializer)?;
            Err(serde::de::Error::custom("never"))
        }
    }

    /// Read by who knows the word, so that no tracing comes through.
    #[derive(Debug, Serialize)]
    pub struct Password(pub String);

    impl<'de> Deserialize<'de> for Password {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let word = String::deserialize(deserializer)?;
            if word != "sesame" {
                return Err(serde::de::Error::custom("the wrong word"));
            }
            Ok(Self(word))
        }
    }

    pub mod deeper {
        use std::num::NonZeroU32;

        use serde::{Deserialize, Serialize};

        #[derive(Debug, Serialize, Deserialize)]
        pub struct Same {
            pub id: NonZeroU32,
            pub tree: Vec<Same>,
        }
    }

    #[derive(Debug)]
    pub struct Listener;

    #[shared(name = "test/Listener")]
    impl Listener {
        pub fn changed(&self, said: Renamed) -> u32 {
            said.count
        }
        pub fn hear(&self, said: &str) -> String {
            said.to_owned()
        }
    }
}

/// Of the same version in both programs.
#[derive(Debug)]
struct Safe;

#[shared(name = "test/Safe", version = 3)]
impl Safe {
    pub(crate) fn closed() -> Self {
        Self
    }
    pub(crate) fn open(&self, word: Password) -> usize {
        word.0.len()
    }
}

/// Of another version in the older program, which sees the same types.
#[derive(Debug)]
struct Till;

#[shared(name = "test/Till", version = 2)]
impl Till {
    pub(crate) fn empty() -> Self {
        Self
    }
    pub(crate) fn count(&self) -> u32 {
        0
    }
}

/// The same, of a trait.
#[shared(name = "test/Scale", version = 2)]
trait Scale {
    fn weigh(&self) -> Result<u32, Error>;
}

impl Scale for Till {
    fn weigh(&self) -> Result<u32, Error> {
        Ok(1)
    }
}

#[derive(Debug)]
struct Shop {
    orders: u32,
}

#[shared(name = "test/Shop")]
impl Shop {
    pub(crate) fn stocked(first: Retyped) -> Self {
        Self { orders: first.id }
    }
    pub(crate) fn open() -> Self {
        Self { orders: 0 }
    }
    /// Not there in the older program: all numbers after it are others.
    pub(crate) fn added(&self, twice: &[u8]) -> u64 {
        twice.len() as u64
    }
    pub(crate) fn retyped(&self, it: Retyped) -> u32 {
        it.id
    }
    pub(crate) fn renamed(&self, it: Renamed) -> u32 {
        it.count
    }
    pub(crate) fn reordered(&self, it: Reordered) -> u32 {
        it.n
    }
    pub(crate) fn nested(&self, it: Outer) -> usize {
        it.inner.len()
    }
    pub(crate) fn renamed_type(&self, it: NewName) -> u32 {
        it.id
    }
    pub(crate) fn answered(&self) -> Result<Vec<Retyped>, String> {
        let none = self.orders == 0;
        none.then(Vec::new).ok_or_else(|| "orders".to_owned())
    }
    pub(crate) fn failed(&self) -> Result<(), Inner> {
        (self.orders == 0).then_some(()).ok_or(Inner::Nothing)
    }
    pub(crate) fn untraceable(&self, it: Untraceable) {
        let _ = it;
    }
    /// The receiver is another too, and the text is a `String`.
    pub(crate) fn same(
        &mut self,
        same: types::deeper::Same,
        said: String,
    ) -> Option<types::deeper::Same> {
        (said == "is the same").then_some(same)
    }
    pub(crate) fn till(&self) -> Shared<Till> {
        Shared::new(Till)
    }
    pub(crate) fn scale(&self) -> Shared<dyn Scale> {
        Shared::<dyn Scale>::new_dyn(Till)
    }
    pub(crate) fn listen(&self, listener: Shared<Listener>) -> Result<String, String> {
        let said = Renamed { id: 1, count: 2 };
        let error = listener.changed(said).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Incompatible);
        assert_eq!(error.executed(), Executed::No);
        listener.hear("you").map_err(|error| error.to_string())
    }
}

/// What the older program prints as `what`, as errors name it.
fn named(what: &str) -> String {
    let object = match what {
        "count" | "make" => "test/Till",
        "weigh" => "test/Scale",
        _ => "test/Shop",
    };
    let function = if what == "make" { "empty" } else { what };
    format!("{object}::{function}: ")
}

#[test]
fn a_method_whose_types_have_changed_is_incompatible_and_named() {
    let _nothing_left = NothingLeft::watch();
    let server = ServerProcess::builder().name("models").start().unwrap();
    let shop = Shop::open_in(&server).unwrap();
    let ticket = Shared::ticket(&shop, Duration::from_mins(10)).unwrap();
    let output = Command::new(built("examples", "older_shop"))
        .env("SHOP", ticket.to_string())
        .output()
        .expect("`cargo test` without a filter builds the examples");
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(
        output.status.success(),
        "{said}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let program = format!("that of models (pid {})", server.pid());
    let said: Vec<(&str, &str)> = said
        .lines()
        .map(|line| line.split_once(": ").unwrap())
        .collect();
    let retyped = "field `n` of `Retyped` is u32 in this program and u64 in";
    let versions = "it is of version 1 in this program and of version 2 in";
    let expected = [
        ("same", ""),
        (
            "reordered",
            "the fields of `Reordered` are `id`, `n` in this program and `n`, `id` in",
        ),
        (
            "renamed",
            "the fields of `Renamed` are `id`, `n` in this program and `id`, `count` in",
        ),
        ("retyped", retyped),
        ("nested", retyped),
        (
            "renamed_type",
            "argument 1 is `OldName` in this program and `NewName` in",
        ),
        ("answered", retyped),
        ("failed", retyped),
        ("untraceable", "`version = n`"),
        ("gone", "has no such function"),
        ("detached", retyped),
        ("open", ""),
        ("stocked", retyped),
        ("listen", "older heard you"),
        ("vouched for", ""),
        ("make", versions),
        ("count", versions),
        ("weigh", versions),
    ];
    assert_eq!(said.len(), expected.len(), "{said:#?}");
    for ((method, outcome), (expected, text)) in said.into_iter().zip(expected) {
        assert_eq!(method, expected);
        let name = if method == "detached" {
            "retyped"
        } else {
            method
        };
        match text {
            "" => assert_eq!(outcome, "fine", "{method}"),
            "older heard you" => assert_eq!(outcome, text),
            _ => {
                assert!(outcome.contains(text), "{method}: {outcome}");
                assert!(outcome.contains(&named(name)), "{outcome}");
                if text.ends_with(" in") {
                    assert!(outcome.contains(&format!("{text} {program}")), "{outcome}");
                }
            }
        }
    }
    assert_eq!(shop.added(&[1, 2]).unwrap(), 2);
}
