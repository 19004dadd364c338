use shared_runtime::shared;

pub struct Order;

pub struct Store<T>(T);

#[shared]
impl<T: Send + Sync + 'static> Store<T> {
    pub fn place(&self, order: &Order, others: &[Order]) -> usize {
        others.iter().filter(|other| std::ptr::eq(*other, order)).count()
    }

    pub fn replace(&mut self, item: T) {
        self.0 = item;
    }
}

fn main() {}
