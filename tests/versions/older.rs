//! A program that knows an older shop than `tests/process/versions.rs`, which starts it with a ticket to a newer one: it calls
//! every method and prints what came of it.
#![allow(
    missing_docs,
    unreachable_pub,
    clippy::missing_errors_doc,
    clippy::unused_self,
    clippy::needless_pass_by_value,
    reason = "nothing runs here: only what it looks like is of interest"
)]

use std::fmt::Display;
use std::num::NonZeroU32;

use serde::{Deserialize, Serialize};
use shared_runtime::{CallError, Error, ServerHandle, Shared, Ticket, shared};

#[derive(Debug, Serialize, Deserialize)]
pub struct Reordered {
    pub id: u32,
    pub n: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Renamed {
    pub id: u32,
    pub n: u32,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Retyped {
    pub id: u32,
    pub n: u32,
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
pub struct OldName {
    pub id: u32,
}

/// Elsewhere in the newer program.
#[derive(Debug, Serialize, Deserialize)]
pub struct Same {
    pub id: NonZeroU32,
    pub tree: Vec<Same>,
}

/// No text is one.
#[derive(Debug, Serialize)]
pub struct Untraceable;

impl<'de> Deserialize<'de> for Untraceable {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <()>::deserialize(deserializer)?;
        Err(serde::de::Error::custom("never"))
    }
}

#[derive(Debug, Serialize)]
pub struct Password(String);

impl<'de> Deserialize<'de> for Password {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?;
        Err(serde::de::Error::custom("not in this program"))
    }
}

#[derive(Debug)]
pub struct Safe;

#[shared(name = "test/Safe", version = 3)]
impl Safe {
    pub fn closed() -> Self {
        Self
    }
    pub fn open(&self, word: Password) -> usize {
        word.0.len()
    }
}

#[derive(Debug)]
pub struct Till;

#[shared(name = "test/Till", version = 1)]
impl Till {
    pub fn empty() -> Self {
        Self
    }
    pub fn count(&self) -> u32 {
        0
    }
}

#[shared(name = "test/Scale", version = 1)]
pub trait Scale {
    fn weigh(&self) -> Result<u32, Error>;
}

impl Scale for Till {
    fn weigh(&self) -> Result<u32, Error> {
        Ok(1)
    }
}

#[derive(Debug)]
pub struct Listener;

#[shared(name = "test/Listener")]
impl Listener {
    pub fn hear(&self, said: String) -> String {
        format!("older heard {said}")
    }
    pub fn changed(&self, said: Renamed) -> u32 {
        said.n
    }
}

#[derive(Debug)]
pub struct Shop;

#[shared(name = "test/Shop")]
impl Shop {
    pub fn open() -> Self {
        Self
    }
    pub fn stocked(first: Retyped) -> Self {
        let _ = first;
        Self
    }
    pub fn same(&self, same: Same, said: &str) -> Option<Same> {
        let _ = said;
        Some(same)
    }
    pub fn reordered(&self, it: Reordered) -> u32 {
        it.n
    }
    pub fn renamed(&self, it: Renamed) -> u32 {
        it.n
    }
    pub fn retyped(&self, it: Retyped) -> u32 {
        it.n
    }
    pub fn nested(&self, it: Outer) -> usize {
        it.inner.len()
    }
    pub fn renamed_type(&self, it: OldName) -> u32 {
        it.id
    }
    pub fn answered(&self) -> Result<Vec<Retyped>, String> {
        Ok(Vec::new())
    }
    pub fn failed(&self) -> Result<(), Inner> {
        Ok(())
    }
    pub fn untraceable(&self, it: Untraceable) {
        let _ = it;
    }
    pub fn listen(&self, listener: Shared<Listener>) -> Result<String, String> {
        let _ = listener;
        Err("not this one".to_owned())
    }
    pub fn till(&self) -> Shared<Till> {
        Shared::new(Till)
    }
    pub fn scale(&self) -> Shared<dyn Scale> {
        Shared::<dyn Scale>::new_dyn(Till)
    }
    pub fn gone(&self) {}
}

fn say<T, E: Display>(method: &str, outcome: Result<T, E>) {
    match outcome {
        Ok(_) => println!("{method}: fine"),
        Err(error) => println!("{method}: {error}"),
    }
}

fn main() -> Result<(), Error> {
    shared_runtime::init();
    let ticket: Ticket = std::env::var("SHOP").unwrap().parse()?;
    let shop = Shared::<Shop>::from_ticket(&ticket)?;
    let retyped = || Retyped { id: 1, n: 2 };
    let tree = Vec::new();
    let id = NonZeroU32::MIN;
    say("same", shop.same(Same { id, tree }, "is the same"));
    say("reordered", shop.reordered(Reordered { id: 1, n: 2 }));
    say("renamed", shop.renamed(Renamed { id: 1, n: 2 }));
    say("retyped", shop.retyped(retyped()));
    let deep = Inner::Something { deep: retyped() };
    let inner = vec![Some(deep), Some(Inner::Nothing), None];
    say("nested", shop.nested(Outer { inner }));
    say("renamed_type", shop.renamed_type(OldName { id: 1 }));
    say("answered", shop.answered());
    let failed = shop.failed().map_err(|error| match error {
        CallError::Remote(error) => error.to_string(),
        CallError::Method(inner) => format!("{inner:?}"),
    });
    say("failed", failed);
    say("untraceable", shop.untraceable(Untraceable));
    say("gone", shop.gone());
    let detached = Shared::calls(&shop).retyped(retyped()).detach();
    say("detached", detached);
    let server = Shared::server(&shop)?;
    say("open", Shop::open_in(&server));
    say("stocked", Shop::stocked_in(&server, retyped()));
    let heard = shop.listen(Shared::new(Listener));
    println!(
        "listen: {}",
        heard.unwrap_or_else(|error| error.to_string())
    );
    versions(&shop, &server)
}

/// Of the types that have one.
fn versions(shop: &Shared<Shop>, server: &ServerHandle) -> Result<(), Error> {
    let safe = Safe::closed_in(server)?;
    say("vouched for", safe.open(Password("sesame".to_owned())));
    say("make", Till::empty_in(server));
    say("count", shop.till()?.count());
    let scale = shop.scale()?;
    say("weigh", scale.weigh());
    Ok(())
}
