use shared_runtime::{Error, shared};

#[shared]
pub trait Store {
    fn get(&self, key: u32) -> Result<u32, Error>;
}

#[shared]
impl<T: Send + Sync + 'static> Store for T {
    fn get(&self, key: u32) -> Result<u32, Error> {
        Ok(key)
    }
}

fn main() {}
