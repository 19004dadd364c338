use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub fn clone(&self) -> u32 {
        1
    }
}

fn main() {}
