//! What can be passed and returned, and how constructors and results come across.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use serde::{Deserialize, Serialize};
use shared_runtime::{CallError, ErrorKind, Executed, ServerHandle, ServerProcess, Shared, shared};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    id: u64,
    lines: Vec<(String, u32)>,
    note: Option<String>,
}

pub struct Echo {
    text: String,
    numbers: Vec<u32>,
    order: Option<Order>,
}

#[shared]
impl Echo {
    pub fn new() -> Self {
        Self {
            text: "kept".into(),
            numbers: vec![1, 2, 3],
            order: None,
        }
    }
    pub fn text(&self, text: &str) -> String {
        text.to_owned()
    }
    pub fn bytes(&self, bytes: &[u8]) -> usize {
        bytes.len()
    }
    pub fn sum(&self, numbers: &[u64]) -> u64 {
        numbers.iter().sum()
    }
    pub fn order(&mut self, order: &Order) -> u64 {
        self.order = Some(order.clone());
        order.id
    }
    pub fn maybe(&self, order: Option<&Order>, text: Option<&str>) -> (bool, usize) {
        (order.is_some(), text.map_or(0, str::len))
    }
    pub fn path(&self, path: &Path) -> bool {
        path.is_absolute()
    }
    pub fn map(&self, map: BTreeMap<String, Vec<Option<i8>>>) -> BTreeMap<String, Vec<Option<i8>>> {
        map
    }
    pub fn kept(&self) -> &str {
        &self.text
    }
    pub fn numbers(&self) -> &[u32] {
        &self.numbers
    }
    pub fn last_order(&self) -> Option<&Order> {
        self.order.as_ref()
    }
    pub fn nothing(&self) {}
}

#[test]
fn arguments_and_answers_of_every_form_arrive_as_they_were() {
    let server = ServerProcess::start().unwrap();
    let echo = Echo::new_in(&server).unwrap();
    let order = Order {
        id: 7,
        lines: vec![("oak".into(), 3)],
        note: None,
    };
    assert_eq!(echo.text("grüße").unwrap(), "grüße");
    assert_eq!(echo.bytes(&vec![9; 1_000_000]).unwrap(), 1_000_000);
    assert_eq!(echo.sum(&[1, 2, 39]).unwrap(), 42);
    assert_eq!(echo.last_order().unwrap(), None);
    assert_eq!(echo.order(&order).unwrap(), 7);
    assert_eq!(echo.last_order().unwrap(), Some(order.clone()));
    assert_eq!(echo.maybe(Some(&order), Some("four")).unwrap(), (true, 4));
    assert_eq!(echo.maybe(None, None).unwrap(), (false, 0));
    assert!(echo.path(Path::new("/tmp")).unwrap());
    let map = BTreeMap::from([("a".to_owned(), vec![Some(-1), None])]);
    assert_eq!(echo.map(map.clone()).unwrap(), map);
    assert_eq!(echo.kept().unwrap(), "kept");
    assert_eq!(echo.numbers().unwrap(), [1, 2, 3]);
    echo.nothing().unwrap();
}

type Octet = u8;

pub struct Lists;

#[shared]
impl Lists {
    pub fn new() -> Self {
        Self
    }
    pub fn bytes(&self, list: Vec<u8>) -> Result<Vec<u8>, String> {
        list.first().ok_or("empty")?;
        Ok(list)
    }
    pub fn octets(&self, list: &[Octet]) -> Option<Vec<Octet>> {
        (!list.is_empty()).then(|| list.to_vec())
    }
    pub fn floats(&self, list: &[f64], factor: Option<&[f64]>) -> Box<[f64]> {
        let factor = factor.map_or(1.0, |list| list[0]);
        list.iter().map(|number| number * factor).collect()
    }
    pub fn boxed(&self, list: Box<[i16]>) -> Box<[i16]> {
        list
    }
    pub fn sizes(&self, list: Vec<usize>, more: VecDeque<usize>) -> Vec<usize> {
        list.into_iter().chain(more).collect()
    }
}

#[test]
fn lists_of_numbers_of_every_form_arrive_as_they_were() {
    let server = ServerProcess::start().unwrap();
    let lists = Lists::new_in(&server).unwrap();
    for length in [1, 3000, 300_000] {
        let bytes: Vec<u8> = (0..=255).cycle().take(length).collect();
        assert_eq!(lists.bytes(bytes.clone()).unwrap(), bytes);
        assert_eq!(lists.octets(&bytes).unwrap(), Some(bytes));
        let numbers: Vec<f64> = (0..1000).cycle().take(length).map(f64::from).collect();
        let doubled: Vec<f64> = numbers.iter().map(|number| 2.0 * number).collect();
        assert_eq!(lists.floats(&numbers, Some(&[2.0])).unwrap()[..], doubled);
        assert_eq!(lists.floats(&numbers, None).unwrap()[..], numbers);
        let small: Box<[i16]> = (-500..500).cycle().take(length).collect();
        assert_eq!(lists.boxed(small.clone()).unwrap(), small);
    }
    let error = lists.bytes(Vec::new()).unwrap_err();
    assert!(matches!(error, CallError::Method(text) if text == "empty"));
    let sizes = lists.sizes(vec![0, usize::MAX], [7].into()).unwrap();
    assert_eq!(sizes, [0, usize::MAX, 7]);
}

#[test]
fn arguments_of_many_pieces_arrive_whole() {
    let server = ServerProcess::start().unwrap();
    let echo = Echo::new_in(&server).unwrap();
    for size in [0, 1, 131_000, 131_072, 131_073, 1 << 20, 20 << 20] {
        let text = "x".repeat(size);
        assert_eq!(echo.text(&text).unwrap().len(), size);
    }
}

/// A hosted type need not be serialisable.
pub struct LogFile {
    file: File,
}

#[shared]
impl LogFile {
    pub fn temporary(folder: &Path) -> Result<Self, String> {
        let path = folder.join(format!("hosted-{}.log", std::process::id()));
        let file = File::options()
            .read(true)
            .write(true)
            .create_new(true)
            .open(&path)
            .map_err(|error| error.to_string())?;
        std::fs::remove_file(path).map_err(|error| error.to_string())?;
        Ok(Self { file })
    }
    pub fn append(&mut self, line: &str) -> Result<(), String> {
        writeln!(self.file, "{line}").map_err(|error| error.to_string())
    }
    pub fn contents(&mut self) -> Result<String, String> {
        let read = |file: &mut File| -> io::Result<String> {
            let mut text = String::new();
            file.seek(SeekFrom::Start(0))?;
            file.read_to_string(&mut text)?;
            Ok(text)
        };
        read(&mut self.file).map_err(|error| error.to_string())
    }
}

#[test]
fn a_type_holding_a_file_is_hosted() {
    let server = ServerProcess::start().unwrap();
    let log = LogFile::temporary_in(&server, &std::env::temp_dir()).unwrap();
    log.append("one").unwrap();
    log.append("two").unwrap();
    assert_eq!(log.contents().unwrap(), "one\ntwo\n");
}

#[test]
fn a_constructor_that_fails_gives_its_own_error_and_leaves_nothing() {
    let server = ServerProcess::start().unwrap();
    let error = LogFile::temporary_in(&server, Path::new("/nowhere/at/all")).unwrap_err();
    assert!(
        matches!(&error, CallError::Method(text) if text.contains("No such file")),
        "{error:?}"
    );
    assert_eq!(error.executed(), Executed::Yes);
    assert_eq!(server.object_count().unwrap(), 0);
}

/// All four forms of constructors.
pub struct Made {
    how: String,
}

#[shared]
impl Made {
    pub fn plain(how: &str) -> Self {
        Self {
            how: how.to_owned(),
        }
    }
    pub fn fallible(how: String) -> Result<Self, u32> {
        if how.is_empty() {
            Err(17)
        } else {
            Ok(Self { how })
        }
    }
    pub fn factory() -> Shared<Self> {
        static ONE: std::sync::OnceLock<Shared<Made>> = std::sync::OnceLock::new();
        ONE.get_or_init(|| Shared::new(Made::plain("the one")))
            .clone()
    }
    pub fn maybe_factory(yes: bool) -> Result<Shared<Made>, String> {
        if yes {
            Ok(Self::factory())
        } else {
            Err("no".into())
        }
    }
    pub fn how(&self) -> String {
        self.how.clone()
    }
}

#[test]
fn constructors_of_every_form() {
    let server = ServerProcess::start().unwrap();
    assert_eq!(
        Made::plain_in(&server, "plain").unwrap().how().unwrap(),
        "plain"
    );
    assert_eq!(
        Made::fallible_in(&server, "well".into())
            .unwrap()
            .how()
            .unwrap(),
        "well"
    );
    assert!(matches!(
        Made::fallible_in(&server, String::new()),
        Err(CallError::Method(17))
    ));
    let one = Made::factory_in(&server).unwrap();
    let same = Made::maybe_factory_in(&server, true).unwrap();
    assert_eq!(one, same, "a factory hands out the object it has");
    assert_ne!(one, Made::plain_in(&server, "another").unwrap());
    assert!(
        matches!(Made::maybe_factory_in(&server, false), Err(CallError::Method(text)) if text == "no")
    );
}

#[test]
fn this_process_is_a_server_too() {
    let here = ServerHandle::local();
    let made = Made::plain_in(&here, "here").unwrap();
    assert!(Shared::is_local(&made));
    assert_eq!(made.how().unwrap(), "here");
}

type Outcome<T> = Result<T, String>;
type Hidden = Result<u8, String>;

pub struct Results;

#[shared]
impl Results {
    pub fn new() -> Self {
        Self
    }
    pub fn alias(&self, ok: bool) -> Outcome<u8> {
        if ok { Ok(1) } else { Err("alias".into()) }
    }
    pub fn hidden(&self, ok: bool) -> Hidden {
        if ok { Ok(2) } else { Err("hidden".into()) }
    }
    #[shared(result)]
    pub fn shown(&self, ok: bool) -> Hidden {
        if ok { Ok(3) } else { Err("shown".into()) }
    }
    #[shared(plain)]
    pub fn whole(&self, ok: bool) -> Result<u8, String> {
        if ok { Ok(4) } else { Err("whole".into()) }
    }
}

/// One-parameter aliases are not named `Result` here, so they stay whole unless the user says otherwise.
#[test]
fn results_are_recognised_by_name_or_by_word() {
    let server = ServerProcess::start().unwrap();
    let results = Results::new_in(&server).unwrap();
    assert_eq!(results.alias(true).unwrap(), Ok(1));
    assert_eq!(results.hidden(false).unwrap(), Err("hidden".to_owned()));
    assert_eq!(results.shown(true).unwrap(), 3);
    assert!(matches!(results.shown(false), Err(CallError::Method(text)) if text == "shown"));
    assert_eq!(results.whole(false).unwrap(), Err("whole".to_owned()));
}

mod own {
    pub type Result<T> = std::result::Result<T, String>;
}

pub struct Aliased {
    divisor: u32,
}

#[shared]
impl Aliased {
    pub fn new(divisor: u32) -> own::Result<Self> {
        if divisor == 0 {
            return Err("by nothing".into());
        }
        Ok(Self { divisor })
    }
    pub fn divide(&self, n: u32) -> own::Result<u32> {
        if n.is_multiple_of(self.divisor) {
            Ok(n / self.divisor)
        } else {
            Err("a rest".into())
        }
    }
}

#[test]
fn an_alias_named_result_is_a_result() {
    let server = ServerProcess::start().unwrap();
    assert!(
        matches!(Aliased::new_in(&server, 0), Err(CallError::Method(text)) if text == "by nothing")
    );
    let aliased = Aliased::new_in(&server, 2).unwrap();
    assert_eq!(aliased.divide(8).unwrap(), 4);
    let error = aliased.divide(7).unwrap_err();
    assert!(matches!(&error, CallError::Method(text) if text == "a rest"));
    assert_eq!(error.executed(), Executed::Yes);
    assert!(error.remote().is_none());
}

#[test]
fn oversized_arguments_and_answers_are_errors_that_name_the_option() {
    let server = ServerProcess::builder()
        .max_message(10_000)
        .start()
        .unwrap();
    let echo = Echo::new_in(&server).unwrap();
    let error = echo.text(&"x".repeat(20_000)).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::TooLarge, Executed::No)
    );
    assert!(
        error.to_string().contains("max_message") && error.to_string().contains("20"),
        "{error}"
    );
    let blow_up = Blow::new_in(&server).unwrap();
    let error = blow_up.up(20_000).unwrap_err();
    assert_eq!(
        (error.kind(), error.executed()),
        (ErrorKind::TooLarge, Executed::Yes)
    );
    assert_eq!(blow_up.up(5).unwrap(), "xxxxx", "the connection goes on");
}

pub struct Blow;

#[shared]
impl Blow {
    pub fn new() -> Self {
        Self
    }
    pub fn up(&self, size: usize) -> String {
        "x".repeat(size)
    }
}
