use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub fn new_in(n: u32) -> u32 {
        n
    }
}

fn main() {}
