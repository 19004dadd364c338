use std::cell::Cell;

use shared_runtime::shared;

pub struct Counter(Cell<u32>);

#[shared]
impl Counter {
    pub fn get(&self) -> u32 {
        self.0.get()
    }
}

fn main() {}
