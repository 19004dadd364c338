use shared_runtime::{Shared, shared};

pub struct Shelf;

#[shared]
impl Shelf {
    pub fn new() -> Self {
        Self
    }
}

fn main() {
    let _ = Shared::<Shelf>::new_dyn(Shelf);
}
