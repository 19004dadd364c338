use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    #[shared(rename = other)]
    fn hidden(&self) {}
}

fn main() {}
