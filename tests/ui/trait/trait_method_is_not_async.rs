use shared_runtime::{Error, shared};

#[shared]
pub trait Store {
    async fn get(&self, key: u32) -> Result<u32, Error>;
}

fn main() {}
