use shared_runtime::shared;

struct Stack<T>(Vec<T>);

#[shared]
impl<T: Clone> Stack<T> {
    pub fn top(&self) -> Option<T> {
        self.0.last().cloned()
    }
}

fn main() {}
