use shared_runtime::{Error, shared};

#[shared]
pub trait Store {
    fn get(&self, key: u32) -> Result<u32, Error>;
}

pub struct Shelf;

#[shared]
impl Store for Shelf {
    #[shared(timeout = "1s")]
    fn get(&self, key: u32) -> Result<u32, Error> {
        Ok(key)
    }
}

fn main() {}
