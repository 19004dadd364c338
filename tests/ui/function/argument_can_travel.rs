use shared_runtime::shared;

struct Store;

#[shared]
impl Store {
    pub fn new() -> Self {
        Self
    }
    pub fn fill(&self, into: &mut Vec<u32>) {
        into.clear();
    }
    pub fn each(&self, each: impl Fn(u32)) {
        each(1);
    }
    pub fn all(&self, names: Vec<&str>) -> usize {
        names.len()
    }
}

fn main() {}
