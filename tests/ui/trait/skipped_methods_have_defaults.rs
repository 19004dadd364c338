use shared_runtime::{Error, shared};

#[shared]
pub trait Store {
    #[shared(skip)]
    fn name(&self) -> &str;
    fn get(&self, key: u32) -> Result<u32, Error>;
}

fn main() {}
