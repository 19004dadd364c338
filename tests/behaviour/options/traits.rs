//! The options of `#[shared]` on traits, on their methods and on impls of them, each in a test of its name.

use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;
use shared_runtime::{Error, ErrorKind, ServerProcess, Shared, shared};

use super::elsewhere;

type Told<T> = Result<T, Error>;

#[shared(
    name = "library.Reader",
    proxy = ReaderHandle,
    calls = ReaderLater,
    version = 2,
    crate = elsewhere::deep::renamed
)]
pub trait Reader {
    /// What it returns is called neither `Result` nor anything like it.
    #[shared(result)]
    fn page(&self, number: u32) -> Told<String>;

    #[shared(timeout = "30ms")]
    fn doze(&self, millis: u64) -> Result<(), Error>;

    /// Where the caller is.
    #[shared(skip)]
    fn here(&self) -> u32 {
        std::process::id()
    }

    /// Where the object is.
    fn there(&self) -> Result<u32, Error> {
        Ok(std::process::id())
    }
}

#[derive(Debug)]
pub struct Novel;

#[shared]
impl Novel {
    pub fn new() -> Self {
        Self
    }
}

#[shared(crate = elsewhere::deep::renamed)]
impl Reader for Novel {
    fn page(&self, number: u32) -> Told<String> {
        Ok(format!("page {number}"))
    }

    fn doze(&self, millis: u64) -> Result<(), Error> {
        std::thread::sleep(Duration::from_millis(millis));
        Ok(())
    }
}

fn reader(server: &ServerProcess) -> Shared<dyn Reader> {
    Shared::cast(&Novel::new_in(server).unwrap())
}

#[test]
fn name() {
    let server = ServerProcess::start().unwrap();
    let reader = reader(&server);
    server.shutdown().unwrap();
    let error = reader.page(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Disconnected);
    assert_eq!(error.object(), Some("library.Reader"));
}

#[test]
fn proxy() {
    let server = ServerProcess::start().unwrap();
    let reader = reader(&server);
    let handle: &ReaderHandle = &reader;
    assert_eq!(handle.page(1).unwrap(), "page 1");
}

#[test]
fn calls() {
    let server = ServerProcess::start().unwrap();
    let reader = reader(&server);
    let calls: ReaderLater = Shared::calls(&reader);
    assert_eq!(calls.page(2).wait().unwrap(), "page 2");
}

/// What another version says is shown by two executables, in `tests/process/versions.rs`.
#[test]
fn version() {
    let server = ServerProcess::start().unwrap();
    assert_eq!(reader(&server).page(3).unwrap(), "page 3");
}

/// Both on the trait and on the impl.
#[test]
fn crate_() {
    let server = ServerProcess::start().unwrap();
    assert_eq!(reader(&server).page(4).unwrap(), "page 4");
}

#[test]
fn result() {
    let server = ServerProcess::start().unwrap();
    let told: Result<String, Error> = reader(&server).page(5);
    assert_eq!(told.unwrap(), "page 5");
}

#[test]
fn skip() {
    let server = ServerProcess::start().unwrap();
    let reader = reader(&server);
    assert_eq!(reader.here(), std::process::id());
    assert_eq!(reader.there().unwrap(), server.pid());
}

#[test]
fn timeout() {
    let server = ServerProcess::start().unwrap();
    let reader = reader(&server);
    let late = reader.doze(60_000).unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout);
    // What the caller says comes first.
    let patient = Shared::with_timeout(&reader, Duration::from_mins(1));
    patient.doze(60).unwrap();
}

#[derive(Debug)]
pub struct Pile<T>(Vec<T>);

#[shared(instances(Pile<u8>, Pile<String>))]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Pile<T> {
    pub fn new() -> Self {
        Self(Vec::new())
    }

    pub fn put(&mut self, item: T) {
        self.0.push(item);
    }
}

#[shared]
pub trait Height {
    fn height(&self) -> Result<usize, Error>;
}

#[shared(instances(Pile<u8>))]
impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Height for Pile<T> {
    fn height(&self) -> Result<usize, Error> {
        Ok(self.0.len())
    }
}

#[test]
fn instances() {
    let server = ServerProcess::start().unwrap();
    let bytes = Pile::<u8>::new_in(&server).unwrap();
    bytes.put(1).unwrap();
    assert_eq!(Shared::cast::<dyn Height>(&bytes).height().unwrap(), 1);
    // Only what is named: the type's own instances are not the trait's.
    let texts = Pile::<String>::new_in(&server).unwrap();
    let error = Shared::cast::<dyn Height>(&texts).height().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
}
