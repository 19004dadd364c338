//! Two types of one name, in one program: said at its start, naming both.

use shared_runtime::{ErrorKind, ServerProcess, shared};

mod one {
    pub struct Store;
}

mod other {
    pub struct Store;
}

#[shared(name = "store")]
impl one::Store {
    pub fn get(&self) -> u32 {
        1
    }
}

#[shared(name = "store", proxy = OtherProxy, calls = OtherCalls)]
impl other::Store {
    pub fn get(&self) -> u32 {
        2
    }
}

fn main() {
    let panic = std::panic::catch_unwind(shared_runtime::init).unwrap_err();
    let said = panic.downcast_ref::<String>().unwrap();
    for part in ["`store`", "one::Store", "other::Store", "#[shared(name"] {
        assert!(said.contains(part), "{said}");
    }
    let error = ServerProcess::start().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Incompatible);
}
