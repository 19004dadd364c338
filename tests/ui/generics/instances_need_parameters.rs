use shared_runtime::shared;

pub struct Page;

#[shared(instances(Page))]
impl Page {
    pub fn text(&self) -> u32 {
        7
    }
}

fn main() {}
