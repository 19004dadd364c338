use shared_runtime::shared;

pub struct Page<'a>(&'a str);

#[shared]
impl<'a> Page<'a> {
    pub fn text(&self) -> &str {
        self.0
    }
}

fn main() {}
