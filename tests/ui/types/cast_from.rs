use shared_runtime::{Error, Shared, shared};

#[shared]
pub trait Store {
    fn get(&self, key: u32) -> Result<u32, Error>;
}

pub struct Shelf;

#[shared]
impl Shelf {
    pub fn new() -> Self {
        Self
    }
}

fn main() {
    let shelf = Shared::new(Shelf);
    let _: Shared<dyn Store> = Shared::cast(&shelf);
}
