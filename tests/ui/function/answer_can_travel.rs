use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub fn each(&self) -> impl Iterator<Item = u32> {
        std::iter::empty()
    }
    pub fn names(&self) -> Vec<&str> {
        Vec::new()
    }
}

fn main() {}
