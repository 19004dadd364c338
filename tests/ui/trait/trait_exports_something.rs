use shared_runtime::shared;

#[shared]
pub trait Store {
    #[shared(skip)]
    fn name(&self) -> u32 {
        7
    }
}

fn main() {}
