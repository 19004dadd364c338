use shared_runtime::{Shared, shared};

pub struct Unknown;
pub struct Counter;

#[shared]
impl Counter {
    pub fn other(&self) -> Shared<Unknown> {
        todo!()
    }
}

fn main() {}
