use shared_runtime::{Error, shared};

pub trait Plain {}

#[shared]
pub trait Store: Plain {
    fn get(&self, key: u32) -> Result<u32, Error>;
}

pub struct Shelf;

#[shared]
impl Plain for Shelf {}

fn main() {}
