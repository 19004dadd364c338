use shared_runtime::shared;

pub struct Store;

#[shared(explict)]
impl Store {
    #[shared(renam = other)]
    pub fn get(&self) -> u32 {
        1
    }
}

fn main() {}
