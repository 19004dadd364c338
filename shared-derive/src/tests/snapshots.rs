//! Expansions compared with the files in `src/snapshots`.

use std::path::Path;
use std::{env, fs};

use super::{difference, pretty, shared, tokens};

/// Compares with a committed file. `UPDATE_SNAPSHOTS=1` writes it.
fn assert_snapshot(name: &str, found: &str) {
    let file = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("src/snapshots")
        .join(name)
        .with_extension("rs");
    if env::var_os("UPDATE_SNAPSHOTS").is_some() {
        fs::write(&file, found).expect("the snapshot is written");
    }
    let expected = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{} differs; UPDATE_SNAPSHOTS=1 rewrites it, then read the change\n{}",
        file.display(),
        difference(&expected, found)
    );
}

#[test]
fn tally() {
    let item = r"
        impl Tally {
            pub fn new() -> Self { Self::default() }
            pub fn add(&mut self, word: &str, n: u64) { *self.words.entry(word.to_owned()).or_default() += n; }
            pub fn get(&self, word: &str) -> Option<u64> { self.words.get(word).copied() }
            pub fn top(&self, n: usize) -> Vec<(String, u64)> { self.sorted().take(n).collect() }
        }
    ";
    assert_snapshot("tally", &shared("", item));
}

#[test]
fn options() {
    let item = r"
        impl models::Model {
            #[shared(export)]
            pub fn load() -> Self { Self }
            #[shared(export, rename = copy)]
            pub(crate) fn clone(&self) -> Self { Self }
            #[shared(export)]
            #[shared(result)]
            pub fn save(&mut self) -> Saved<u64> { Ok(1) }
            #[shared(export, plain)]
            pub fn check(&self) -> Result<(), String> { Ok(()) }
            pub fn local(&self) {}
        }
    ";
    let options = r#"crate = crate::rt, explicit, name = "models.Model", proxy = RemoteModel, vis = pub(crate)"#;
    assert_snapshot("options", &shared(options, item));
}

#[test]
fn carried_attributes() {
    let item = r#"
        #[cfg(unix)]
        #[deprecated = "use Meter"]
        impl Gauge {
            /// Makes one.
            #[cfg(feature = "start")]
            #[must_use]
            pub fn new() -> Self { Self }
            /// The reading.
            ///
            /// In units.
            #[cfg(feature = "read")]
            #[inline]
            #[must_use = "reading has no effect"]
            #[expect(clippy::unused_self, reason = "for show")]
            pub fn read(&self) -> u64 { 0 }
            #[cfg(not(feature = "read"))]
            #[cfg_attr(docsrs, doc(hidden))]
            pub fn read(&self) -> u32 { 0 }
            pub fn r#type(&self) {}
        }
    "#;
    assert_snapshot("carried_attributes", &shared("", item));
}

#[test]
fn borrowed_forms() {
    let item = r"
        impl Store {
            pub fn arguments<'a>(&self, text: &'a str, bytes: &[u8], numbers: &[u64], path: &Path, order: &Order, mut n: u8) {}
            pub fn optional(&self, text: Option<&str>, bytes: Option<&[u8]>, order: Option<&Order>) {}
            pub fn text(&self) -> &'static str { self.text }
            pub fn numbers(self: &Self) -> &[u64] { &self.numbers }
            pub fn path(self: &mut Self) -> &Path { &self.path }
            pub fn first(&self) -> Option<&Order> { self.orders.first() }
            pub fn order(&self) -> Result<&Order, Missing> { self.orders.first().ok_or(Missing) }
            pub fn read(&self) -> io::Result<[u8; Self::SIZE]> { self.read_it() }
        }
    ";
    assert_snapshot("borrowed_forms", &shared("", item));
}

#[test]
fn constructors() {
    let item = r"
        impl Job {
            pub fn new(server: u8) -> Job { Self }
            pub fn open(path: &Path) -> Result<Self, OpenError> { Ok(Self) }
            pub fn current() -> Shared<Self> { todo() }
            pub fn find(id: u64) -> Result<Shared<Job>, Missing> { todo() }
            pub fn read() -> io::Result<Self> { todo() }
            pub fn count() -> usize { 0 }
            fn private() -> Self { Self }
        }
    ";
    assert_snapshot("constructors", &shared("", item));
}

#[test]
fn task_with_result() {
    let item = "pub fn count(path: PathBuf, tally: Shared<Tally>) -> Result<u64, Report> { Ok(1) }";
    assert_snapshot(
        "task_with_result",
        &pretty(crate::task::task(tokens(""), &tokens(item))),
    );
}

#[test]
fn task_plain() {
    let item = "/// Adds.\n fn add(numbers: &[u64]) -> u64 { numbers.iter().sum() }";
    assert_snapshot(
        "task_plain",
        &pretty(crate::task::task(
            tokens("item = Add, crate = rt"),
            &tokens(item),
        )),
    );
}

#[test]
fn main_sync() {
    let item =
        "#[allow(unused)] fn main() -> Result<(), Error> { #![allow(dead_code)] run()?; Ok(()) }";
    assert_snapshot(
        "main_sync",
        &pretty(crate::main_fn::main(tokens(""), tokens(item))),
    );
}

#[test]
fn main_async() {
    let item = r#"/// Runs.
        #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Error> { run().await }"#;
    assert_snapshot(
        "main_async",
        &pretty(crate::main_fn::main(tokens("crate = rt"), tokens(item))),
    );
}
