use shared_runtime::{Error, shared};

#[shared]
pub unsafe trait Store {
    fn get(&self, key: u32) -> Result<u32, Error>;
}

fn main() {}
