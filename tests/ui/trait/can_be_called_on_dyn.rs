//! Whoever uses a trait of which one method is rejected sees no errors that are not theirs.
use shared_runtime::{Error, Shared, shared};

#[shared]
pub trait Store {
    fn get(&self, _: u8) -> Result<u8, Error>;
    fn len(&self) -> u64;
    fn clear(&mut self) -> Result<(), Error>;
    #[cfg(any())]
    fn never(&self, _: u8) -> Nothing;
}

pub struct Memory;

#[shared]
impl Memory {
    pub fn fill(&self, from: Shared<dyn Store>) -> Result<u64, Error> {
        Ok(from.len())
    }
}

#[shared]
impl Store for Memory {
    fn get(&self, _: u8) -> Result<u8, Error> {
        Ok(1)
    }
    fn len(&self) -> u64 {
        1
    }
    fn clear(&mut self) -> Result<(), Error> {
        Ok(())
    }
}

fn main() {
    let mut store = Shared::<dyn Store>::new_dyn(Memory);
    let _ = (store.get(1), store.clear());
    let _ = Shared::cast::<dyn Store>(&Shared::new(Memory));
}
