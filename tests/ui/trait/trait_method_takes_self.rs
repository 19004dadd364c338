use shared_runtime::{Error, shared};

#[shared]
pub trait Store {
    fn open() -> Result<u32, Error>;
    fn get(&self, key: u32) -> Result<u32, Error>;
}

fn main() {}
