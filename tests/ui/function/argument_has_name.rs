use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub fn add(&self, (a, b): (u32, u32)) -> u32 {
        a + b
    }
}

fn main() {}
