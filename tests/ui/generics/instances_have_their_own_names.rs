use shared_runtime::shared;

pub struct Page<T>(T);

#[shared(name = "Page")]
impl<T: Send + Sync + 'static> Page<T> {
    pub fn text(&self) -> u32 {
        7
    }
}

fn main() {}
