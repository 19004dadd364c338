use shared_runtime::shared;

#[shared]
pub trait Store {
    fn get(&self, key: u32) -> Option<u32>;
}

fn main() {}
