use shared_runtime::shared;

pub struct Shelf;

#[shared(snapshot)]
impl Shelf {
    pub fn new() -> Self {
        Self
    }
}

fn main() {}
