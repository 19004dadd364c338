//! What errors say.

use serde::{Deserialize, Serialize};
use shared_runtime::{
    CallError, Error, ErrorKind, Executed, Report, ServerProcess, Shared, shared, task,
};

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Refusal {
    Empty,
    TooMany { allowed: usize },
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Empty => f.write_str("nothing was given"),
            Self::TooMany { allowed } => write!(f, "more than {allowed} were given"),
        }
    }
}

impl std::error::Error for Refusal {}

/// Cannot be encoded, though it compiles.
#[derive(Deserialize)]
pub struct Unwritable;

impl Serialize for Unwritable {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("this value is not for sending"))
    }
}

/// Written as a number, read as a text.
pub struct Mismatched;

impl Serialize for Mismatched {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(u64::MAX)
    }
}

impl<'de> Deserialize<'de> for Mismatched {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(|_| Self)
    }
}

#[derive(Default)]
pub struct Shop {
    sold: usize,
}

#[shared]
impl Shop {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn sell(&mut self, n: usize) -> Result<usize, Refusal> {
        match n {
            0 => Err(Refusal::Empty),
            1..=9 => {
                self.sold += n;
                Ok(self.sold)
            }
            _ => Err(Refusal::TooMany { allowed: 9 }),
        }
    }
    pub fn parse(&self, text: &str) -> Result<u32, Report> {
        Ok(text.parse()?)
    }
    pub fn unwritable(&self) -> Unwritable {
        Unwritable
    }
    pub fn take(&self, _value: Unwritable) {}
    pub fn mismatched(&self, _value: Mismatched) {}
    /// An error of this server's own call to another, as a value.
    pub fn relay(&self, other: Shared<Shop>) -> Result<(), Error> {
        other.unwritable().map(drop)
    }
}

#[test]
fn a_methods_own_error_arrives_as_it_was() {
    let server = ServerProcess::start().unwrap();
    let shop = Shop::new_in(&server).unwrap();
    assert_eq!(shop.sell(3), Ok(3));
    assert_eq!(shop.sell(0), Err(CallError::Method(Refusal::Empty)));
    let error = shop.sell(100).unwrap_err();
    assert_eq!(error, CallError::Method(Refusal::TooMany { allowed: 9 }));
    assert_eq!(error.executed(), Executed::Yes);
    assert_eq!(error.to_string(), "more than 9 were given");
}

#[test]
fn a_report_keeps_the_text_and_the_line() {
    let server = ServerProcess::start().unwrap();
    let shop = Shop::new_in(&server).unwrap();
    assert_eq!(shop.parse("12").unwrap(), 12);
    let Err(CallError::Method(report)) = shop.parse("a dozen") else {
        panic!("not a number")
    };
    assert_eq!(report.to_string(), "invalid digit found in string");
    assert!(report.type_name().contains("ParseIntError"));
    assert!(format!("{report:?}").contains("errors.rs"), "{report:?}");
}

#[test]
fn what_cannot_be_encoded_or_decoded_says_whether_the_method_ran() {
    let server = ServerProcess::start().unwrap();
    let shop = Shop::new_in(&server).unwrap();
    let before = shop.take(Unwritable).unwrap_err();
    assert_eq!(
        (before.kind(), before.executed()),
        (ErrorKind::Encode, Executed::No)
    );
    let there = shop.mismatched(Mismatched).unwrap_err();
    assert_eq!(
        (there.kind(), there.executed()),
        (ErrorKind::Decode, Executed::No)
    );
    let after = shop.unwritable().err().unwrap();
    assert_eq!(
        (after.kind(), after.executed()),
        (ErrorKind::Encode, Executed::Yes)
    );
    assert_eq!(after.method(), Some("unwritable"));
    assert_eq!(shop.sell(1), Ok(1), "the server and the connection go on");
}

#[test]
fn an_error_inside_an_answer_did_run() {
    let server = ServerProcess::start().unwrap();
    let shop = Shop::new_in(&server).unwrap();
    let Err(CallError::Method(error)) = shop.relay(shop.clone()) else {
        panic!("the inner call failed")
    };
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::Encode, Executed::Yes)
    );
}

/// An error with a cause, and one without.
#[derive(Debug, Serialize, Deserialize)]
pub struct LoadError {
    cause: ParseError,
}

#[derive(Debug, Serialize, Deserialize)]
pub struct ParseError(u32);

impl std::fmt::Display for LoadError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the page could not be loaded")
    }
}

impl std::fmt::Display for ParseError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "line {} is none", self.0)
    }
}

impl std::error::Error for ParseError {}

impl std::error::Error for LoadError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&self.cause)
    }
}

type Loaded = std::result::Result<u32, LoadError>;

pub struct Loader;

#[shared]
impl Loader {
    pub fn open(line: u32) -> Result<Self, LoadError> {
        Err(LoadError {
            cause: ParseError(line),
        })
    }
    #[shared(result)]
    pub fn load(&self, line: u32) -> Loaded {
        Self::open(line).map(|_| 0)
    }
    pub fn say(&self) -> Result<u32, String> {
        Err("only a text".into())
    }
}

#[task]
fn load_elsewhere(line: u32) -> Result<u32, ParseError> {
    Err(ParseError(line))
}

#[test]
fn the_error_of_a_method_has_its_own_causes() {
    let server = ServerProcess::start().unwrap();
    let source = |error: &dyn std::error::Error| error.source().map(ToString::to_string);
    let made = Loader::open_in(&server, 3).unwrap_err();
    assert_eq!(source(&made).as_deref(), Some("line 3 is none"));
    let loader = Shared::new(Loader);
    let called = loader.load(4).unwrap_err();
    assert_eq!(source(&called).as_deref(), Some("line 4 is none"));
    assert_eq!(source(&loader.say().unwrap_err()), None);
    let task = load_elsewhere::spawn(5).unwrap().join().unwrap_err();
    assert_eq!(source(&task), None, "it has none");
    // And so into a report.
    let report = Report::from(loader.load(6).unwrap_err());
    let chain: Vec<&str> = report.chain().collect();
    assert_eq!(chain, ["the page could not be loaded", "line 6 is none"]);
    assert!(report.type_name().contains("LoadError"), "{report:?}");
}
