//! What the encoding cannot carry is said before anything is sent.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};
use shared_runtime::{
    CallError, Error, ErrorKind, Executed, ServerHandle, ServerProcess, Shared, shared,
};

#[derive(Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Loose {
    Number(u32),
    Text(String),
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Tagged {
    Round { radius: u32 },
    Nothing,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct Flat {
    id: u32,
    #[serde(flatten)]
    rest: HashMap<String, u32>,
}

#[derive(Debug, Default)]
pub struct Inbox {
    received: usize,
}

#[shared]
impl Inbox {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn with(first: Loose) -> Self {
        let _ = first;
        Self { received: 1 }
    }
    pub fn with_all(first: Flat) -> Result<Self, String> {
        let _ = first;
        Err("nothing is made".to_owned())
    }
    pub fn loose(&mut self, _it: Option<Vec<Loose>>) {
        self.received += 1;
    }
    pub fn tagged(&mut self, _n: u32, _it: &Tagged) {
        self.received += 1;
    }
    pub fn flat(&mut self, _it: Flat) {
        self.received += 1;
    }
    pub fn value(&mut self, _it: serde_json::Value) {
        self.received += 1;
    }
    pub fn answer(&mut self) -> Result<u32, Loose> {
        self.received += 1;
        Err(Loose::Number(1))
    }
    pub fn received(&self) -> usize {
        self.received
    }
}

fn flat() -> Flat {
    let (id, rest) = (1, HashMap::new());
    Flat { id, rest }
}

fn refused(error: &Error, name: &str, cause: &str) {
    assert_eq!(error.kind(), ErrorKind::Encode, "{error}");
    assert_eq!(error.executed(), Executed::No);
    for part in [name, cause, "shared_runtime::Json", "Inbox::"] {
        assert!(error.to_string().contains(part), "{part}: {error}");
    }
}

#[test]
fn types_that_need_names_in_the_bytes_are_refused_before_the_call() {
    let process = ServerProcess::start().unwrap();
    for server in [ServerHandle::local(), ServerHandle::clone(&process)] {
        let inbox = Inbox::new_in(&server).unwrap();
        // Also where this value has nothing in it that could not be carried.
        refused(
            &inbox.loose(None).unwrap_err(),
            "encoding::Loose",
            "untagged",
        );
        let tagged = inbox.tagged(1, &Tagged::Nothing).unwrap_err();
        refused(&tagged, "encoding::Tagged", "#[serde(tag = …)]");
        refused(
            &inbox.flat(flat()).unwrap_err(),
            "encoding::Flat",
            "flatten",
        );
        let value = inbox.value(serde_json::Value::Null).unwrap_err();
        refused(&value, "serde_json::value::Value", "serde_json::Value");
        let CallError::Remote(answer) = inbox.answer().unwrap_err() else {
            panic!("the method has not run");
        };
        refused(&answer, "encoding::Loose", "untagged");
        let detached = Shared::calls(&inbox).flat(flat()).detach().unwrap_err();
        refused(&detached, "encoding::Flat", "flatten");
        let made = Inbox::with_in(&server, Loose::Number(1)).unwrap_err();
        refused(&made, "encoding::Loose", "untagged");
        let Err(CallError::Remote(made)) = Inbox::with_all_in(&server, flat()) else {
            panic!("the constructor has not run");
        };
        refused(&made, "encoding::Flat", "flatten");
        assert_eq!(inbox.received().unwrap(), 0, "no method has run");
    }
}
