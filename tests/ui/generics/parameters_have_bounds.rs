use shared_runtime::shared;

pub struct Stack<T>(Vec<T>);

#[shared]
impl<T> Stack<T> {
    pub fn push(&mut self, item: T) {
        self.0.push(item);
    }
}

fn main() {}
