use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub fn get(&self) -> u32 {
        1
    }
    #[shared(rename = get)]
    pub fn got(&self) -> u32 {
        2
    }
}

fn main() {}
