struct Store;

impl Store {
    #[shared_runtime::task]
    fn count(&self) -> u32 {
        1
    }
}

fn main() {}
