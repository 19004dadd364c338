use std::rc::Rc;

use shared_runtime::shared;

pub struct Counter(Rc<u32>);

#[shared(lock = "mutex")]
impl Counter {
    pub fn get(&self) -> u32 {
        *self.0
    }
}

fn main() {}
