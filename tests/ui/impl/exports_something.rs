use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    fn get(&self) -> u32 {
        1
    }
}

fn main() {}
