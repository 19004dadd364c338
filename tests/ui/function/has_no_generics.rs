use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub fn get<T: Default>(&self) -> u32 {
        let _ = T::default();
        1
    }
}

fn main() {}
