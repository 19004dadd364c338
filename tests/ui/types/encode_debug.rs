use shared_runtime::shared;

pub struct Shelf;

#[shared(debug)]
impl Shelf {
    pub fn new() -> Self {
        Self
    }
}

fn main() {}
