use shared_runtime::shared;

pub struct Bill;

pub struct Store;

#[shared]
impl Store {
    pub fn new() -> Result<Self, Bill> {
        Ok(Self)
    }

    pub fn last(&self) -> Bill {
        Bill
    }

    pub fn bill(&self) -> Result<Vec<Bill>, String> {
        Ok(Vec::new())
    }
}

fn main() {}
