use shared_runtime::{Error, shared};

#[shared]
pub trait Get {
    fn get(&self) -> Result<u32, Error>;
}

pub struct Counter(u32);

#[shared(lock = "mutex")]
impl Counter {
    pub fn add(&mut self) {
        self.0 += 1;
    }
}

#[shared]
impl Get for Counter {
    fn get(&self) -> Result<u32, Error> {
        Ok(self.0)
    }
}

fn main() {}
