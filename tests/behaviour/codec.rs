//! What cannot be sent is refused with its reason and the way out, what arrives forged harms nobody, and `Json` carries the rest.

use std::collections::BTreeMap;
use std::fmt;

use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::{Value, json};
use shared_runtime::{Error, ErrorKind, Executed, Json, ServerProcess, Shared, shared, task};

/// How many values may stand around a value.
const DEPTH: usize = 128;

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Nest {
    Leaf,
    Deep(Box<Nest>),
}

fn nest(depth: usize) -> Nest {
    (0..depth).fold(Nest::Leaf, |inner, _| Nest::Deep(Box::new(inner)))
}

/// Written as the bytes of a `Nest` of any depth, which nothing honest could write; read as one.
pub struct Forged(usize);

impl Serialize for Forged {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut bytes = serializer.serialize_tuple(self.0 + 1)?;
        (0..self.0).try_for_each(|_| bytes.serialize_element(&1u8))?;
        bytes.serialize_element(&0u8)?;
        bytes.end()
    }
}

impl<'de> Deserialize<'de> for Forged {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut nest = &Nest::deserialize(deserializer)?;
        let mut depth = 0;
        while let Nest::Deep(inner) = nest {
            (nest, depth) = (inner, depth + 1);
        }
        Ok(Self(depth))
    }
}

/// Written as a number, read as a list of that many elements without contents.
#[derive(Serialize)]
pub struct Announced(u64);

impl<'de> Deserialize<'de> for Announced {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Vec::<()>::deserialize(deserializer).map(|list| Self(list.len() as u64))
    }
}

/// Is not written if it is 0, and not read if it is odd.
#[derive(Debug)]
pub struct Picky(u32);

impl Serialize for Picky {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0 {
            0 => Err(ser::Error::custom("there is nothing to write")),
            number => number.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Picky {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match u32::deserialize(deserializer)? {
            even if even.is_multiple_of(2) => Ok(Self(even)),
            odd => Err(de::Error::custom(format_args!("{odd} is odd"))),
        }
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Flat {
    id: u64,
    #[serde(flatten)]
    more: BTreeMap<String, Value>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Skips {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    note: Option<String>,
    id: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Untagged {
    Number(i64),
    Text(String),
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind")]
pub enum Tagged {
    Circle { radius: f64 },
    Square { side: f64 },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "of")]
pub enum Adjacent {
    Nothing,
    Number(u8),
}

/// A handle beside an attribute that only JSON can carry.
#[derive(Clone, Serialize, Deserialize)]
pub struct Linked {
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<Shared<Codec>>,
}

#[derive(Default)]
pub struct Codec {
    next: Option<Shared<Codec>>,
}

#[shared]
impl Codec {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn nest(&self, nest: Nest) -> usize {
        let mut depth = 0;
        let mut nest = &nest;
        while let Nest::Deep(inner) = nest {
            (nest, depth) = (inner, depth + 1);
        }
        depth
    }
    pub fn nested(&self, depth: usize) -> Nest {
        nest(depth)
    }
    pub fn forged(&self, forged: Forged) -> usize {
        forged.0
    }
    pub fn forge(&self, depth: usize) -> Forged {
        Forged(depth)
    }
    pub fn announced(&self, announced: Announced) -> u64 {
        announced.0
    }
    pub fn announce(&self, length: u64) -> Announced {
        Announced(length)
    }
    pub fn picky(&self, number: Picky) -> u32 {
        number.0
    }
    pub fn pick(&self, number: u32) -> Picky {
        Picky(number)
    }
    pub fn flat(&self, flat: Flat) -> u64 {
        flat.id
    }
    pub fn skips(&self, skips: Skips) -> u64 {
        skips.id
    }
    pub fn untagged(&self, value: Untagged) -> bool {
        matches!(value, Untagged::Number(_))
    }
    pub fn tagged(&self, value: Tagged) -> bool {
        matches!(value, Tagged::Circle { .. })
    }
    pub fn adjacent(&self, value: Adjacent) -> bool {
        matches!(value, Adjacent::Nothing)
    }
    pub fn value(&self, value: Value) -> bool {
        value.is_null()
    }
    pub fn any(&self) -> Value {
        json!([1])
    }
    pub fn json(&self, value: Json<Value>) -> Json<Value> {
        Json(json!({ "was": value.0 }))
    }
    pub fn json_flat(&self, flat: Json<Flat>) -> Json<Flat> {
        flat
    }
    pub fn json_skips(&self, skips: Json<Skips>) -> Json<Skips> {
        skips
    }
    pub fn json_untagged(&self, values: Vec<Json<Untagged>>) -> Vec<Json<Untagged>> {
        values
    }
    pub fn json_tagged(&self, value: &Json<Tagged>) -> Result<Json<Tagged>, Json<Adjacent>> {
        match value.0 {
            Tagged::Circle { .. } => Ok(value.clone()),
            Tagged::Square { .. } => Err(Json(Adjacent::Nothing)),
        }
    }
    pub fn json_picky(&self, number: Json<Picky>) -> u32 {
        number.0.0
    }
    pub fn link(&mut self, link: Json<Linked>) -> bool {
        self.next = link.0.next;
        self.next.is_some()
    }
    pub fn linked(&self) -> Json<Linked> {
        let next = self.next.clone();
        Json(Linked { next })
    }
}

fn codec() -> (ServerProcess, Shared<Codec>) {
    let server = ServerProcess::start().unwrap();
    let codec = Codec::new_in(&server).unwrap();
    (server, codec)
}

fn says(error: &Error, words: &[&str]) {
    for word in words {
        assert!(error.to_string().contains(word), "no {word:?} in: {error}");
    }
}

fn refused<T: fmt::Debug>(
    result: Result<T, Error>,
    kind: ErrorKind,
    executed: Executed,
    words: &[&str],
) {
    let error = result.unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (kind, executed),
        "{error}"
    );
    says(&error, words);
}

#[test]
fn values_nest_128_deep_and_no_deeper() {
    let (_server, codec) = codec();
    // The arguments are a tuple, which is a level.
    assert_eq!(codec.nest(nest(DEPTH - 1)).unwrap(), DEPTH - 1);
    assert_eq!(codec.nested(DEPTH).unwrap(), nest(DEPTH));
    let words = ["codec::Nest", "more than 128", "stand inside each other"];
    let too_deep = codec.nest(nest(DEPTH));
    refused(too_deep, ErrorKind::Encode, Executed::No, &words);
    let too_deep = codec.nested(DEPTH + 1);
    refused(too_deep, ErrorKind::Encode, Executed::Yes, &words);
}

#[test]
fn forged_depth_is_an_error_on_both_sides_and_nobody_dies() {
    let (server, codec) = codec();
    assert_eq!(codec.forged(Forged(DEPTH - 1)).unwrap(), DEPTH - 1);
    for depth in [DEPTH, 1_000_000] {
        let words = ["more than 128", "Codec::forged"];
        let forged = codec.forged(Forged(depth));
        refused(forged, ErrorKind::Decode, Executed::No, &words);
        let forged = codec.forge(depth + 1).map(|forged| forged.0);
        let words = ["more than 128", "Codec::forge"];
        refused(forged, ErrorKind::Decode, Executed::Yes, &words);
    }
    assert_eq!(codec.forge(DEPTH).unwrap().0, DEPTH);
    assert_eq!(server.object_count().unwrap(), 1, "the server lives on");
}

#[test]
fn forged_counts_are_errors_on_both_sides_and_nobody_waits() {
    let (server, codec) = codec();
    assert_eq!(codec.announced(Announced(10)).unwrap(), 10);
    for length in [1 << 40, u64::MAX] {
        let announced = codec.announced(Announced(length));
        refused(announced, ErrorKind::Decode, Executed::No, &["elements"]);
        let announced = codec.announce(length).map(|list| list.0);
        refused(announced, ErrorKind::Decode, Executed::Yes, &["elements"]);
    }
    assert_eq!(server.object_count().unwrap(), 1, "the server lives on");
}

#[test]
fn the_texts_of_own_serialize_and_deserialize_arrive() {
    let (_server, codec) = codec();
    assert_eq!(codec.picky(Picky(2)).unwrap(), 2);
    let nothing = ["there is nothing to write"];
    let error = codec.picky(Picky(0));
    refused(error, ErrorKind::Encode, Executed::No, &nothing);
    refused(codec.pick(0), ErrorKind::Encode, Executed::Yes, &nothing);
    let odd = ["7 is odd"];
    refused(codec.picky(Picky(7)), ErrorKind::Decode, Executed::No, &odd);
    refused(codec.pick(7), ErrorKind::Decode, Executed::Yes, &odd);
    // Also out of JSON.
    let error = codec.json_picky(Json(Picky(0)));
    refused(error, ErrorKind::Encode, Executed::No, &nothing);
    let error = codec.json_picky(Json(Picky(7)));
    refused(error, ErrorKind::Decode, Executed::No, &odd);
}

/// The way out.
const JSON: &str = "`shared_runtime::Json` (feature `json`)";

#[test]
fn attributes_that_do_not_work_are_named_with_the_way_out() {
    let (_server, codec) = codec();
    let more = BTreeMap::new();
    let words = ["codec::Flat", "#[serde(flatten)]", "remove", JSON];
    let flat = codec.flat(Flat { id: 1, more });
    refused(flat, ErrorKind::Encode, Executed::No, &words);
    let skips = codec.skips(Skips::default());
    let words = ["codec::Skips", "skip_serializing_if", "`note`", JSON];
    refused(skips, ErrorKind::Encode, Executed::No, &words);
    let results = [
        ("Untagged", codec.untagged(Untagged::Number(1))),
        ("Tagged", codec.tagged(Tagged::Circle { radius: 1.0 })),
        ("Adjacent", codec.adjacent(Adjacent::Nothing)),
        ("Value", codec.value(Value::Null)),
        ("Value", codec.any().map(|_| true)),
    ];
    for (name, result) in results {
        let causes = ["#[serde(tag = …", "remove", JSON];
        let words = [&[name], &causes[..]].concat();
        refused(result, ErrorKind::Encode, Executed::No, &words);
    }
}

#[test]
fn json_carries_what_the_codec_cannot() {
    let (_server, codec) = codec();
    let value = json!({ "a": [1, null, -2.5, "ß"], "b": {} });
    let answer = codec.json(Json(value.clone())).unwrap();
    assert_eq!(answer.0, json!({ "was": value }));
    let more = BTreeMap::from([("colour".to_owned(), json!("red"))]);
    let flat = Json(Flat { id: u64::MAX, more });
    assert_eq!(codec.json_flat(flat.clone()).unwrap(), flat);
    for note in [None, Some("n".to_owned())] {
        let skips = Json(Skips { note, id: 3 });
        assert_eq!(codec.json_skips(skips.clone()).unwrap(), skips);
    }
    let untagged = vec![Json(Untagged::Number(-1)), Json(Untagged::Text("t".into()))];
    assert_eq!(codec.json_untagged(untagged.clone()).unwrap(), untagged);
    let circle = Json(Tagged::Circle { radius: 0.1 + 0.2 });
    assert_eq!(codec.json_tagged(&circle).unwrap(), circle);
    let square = Json(Tagged::Square { side: 1.0 });
    let error = codec.json_tagged(&square).unwrap_err();
    assert!(matches!(
        error,
        shared_runtime::CallError::Method(Json(Adjacent::Nothing))
    ));
}

#[task]
fn turned(values: Json<Vec<Value>>) -> Json<Vec<Value>> {
    Json(values.0.into_iter().rev().collect())
}

#[test]
fn json_is_an_argument_and_a_result_of_tasks() {
    let task = turned::spawn(Json(vec![json!(1), json!({ "a": null })])).unwrap();
    assert_eq!(task.join().unwrap().0, [json!({ "a": null }), json!(1)]);
}

/// 127 lists, which `serde_json` reads, and one more, which it does not.
#[test]
fn json_that_is_too_deep_is_not_sent() {
    let (_server, codec) = codec();
    let lists = |depth| (0..depth).fold(json!(0), |inner, _| json!([inner]));
    assert!(codec.json(Json(lists(126))).is_ok());
    let words = ["more than 127", "JSON"];
    let error = codec.json(Json(lists(128)));
    refused(error, ErrorKind::Encode, Executed::No, &words);
    // The answer wraps it in one more.
    let error = codec.json(Json(lists(127)));
    refused(error, ErrorKind::Encode, Executed::Yes, &words);
}

#[test]
fn a_handle_inside_json_arrives_as_a_handle() {
    let (server, codec) = codec();
    let next = Codec::new_in(&server).unwrap();
    let id = Shared::id(&next);
    let link = Json(Linked { next: Some(next) });
    assert!(codec.link(link).unwrap());
    assert_eq!(server.object_count().unwrap(), 2, "the codec keeps it");
    let next = codec.linked().unwrap().0.next.unwrap();
    assert_eq!(Shared::id(&next), id);
    assert_eq!(next.nest(nest(3)).unwrap(), 3);
    assert!(!codec.link(Json(Linked { next: None })).unwrap());
    // Outside of a call a handle is no JSON.
    let error = serde_json::to_value(Linked { next: Some(next) }).unwrap_err();
    assert!(error.to_string().contains("Shared::ticket"), "{error}");
}
