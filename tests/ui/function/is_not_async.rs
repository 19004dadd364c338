use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub async fn get(&self) -> u32 {
        1
    }
}

fn main() {}
