use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub fn get(&self) -> u32
    where
        Self: Sized,
    {
        1
    }
}

fn main() {}
