use shared_runtime::shared;

pub struct Order;
pub struct Bill;
pub struct Store;

#[shared]
impl Store {
    pub fn place(&self, order: &Order, urgent: bool) -> u32 {
        let _ = (order, urgent);
        1
    }
    pub fn bill(&self) -> Result<Vec<Bill>, String> {
        Ok(Vec::new())
    }
}

fn main() {}
