//! Objects are locked by receiver, and a chain of calls that would wait for itself is told so.

use shared_runtime::{Error, ErrorKind, Executed, ServerProcess, Shared, shared};

#[derive(Default)]
pub struct Node {
    value: u32,
}

#[shared]
impl Node {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn read(&self) -> u32 {
        self.value
    }
    pub fn write(&mut self, value: u32) {
        self.value = value;
    }
    /// Reads `other` while this one is being read.
    pub fn read_other(&self, other: &Shared<Node>) -> Result<u32, Error> {
        other.read()
    }
    pub fn write_other(&self, other: &Shared<Node>) -> Result<(), Error> {
        other.write(1)
    }
    pub fn hold_and_read_other(&mut self, other: &Shared<Node>) -> Result<u32, Error> {
        other.read()
    }
    /// Goes to `next`, which comes back to `last`.
    pub fn round(&mut self, next: &Shared<Node>, last: &Shared<Node>) -> Result<u32, Error> {
        match next.read_other(last) {
            Ok(value) => Ok(value),
            Err(
                shared_runtime::CallError::Method(error) | shared_runtime::CallError::Remote(error),
            ) => Err(error),
        }
    }
}

fn method_error<T: std::fmt::Debug>(outcome: Result<T, shared_runtime::CallError<Error>>) -> Error {
    match outcome {
        Err(shared_runtime::CallError::Method(error)) => error,
        other => panic!("expected the method's own error, got {other:?}"),
    }
}

#[test]
fn a_method_that_calls_its_own_object() {
    let server = ServerProcess::start().unwrap();
    let node = Node::new_in(&server).unwrap();
    assert_eq!(node.read_other(&node).unwrap(), 0, "a read under a read");
    assert_eq!(
        method_error(node.write_other(&node)).kind(),
        ErrorKind::Reentrant
    );
    assert_eq!(
        method_error(node.hold_and_read_other(&node)).kind(),
        ErrorKind::Reentrant
    );
    node.write(3).unwrap();
    assert_eq!(node.read().unwrap(), 3);
}

#[test]
fn a_chain_that_comes_back_over_another_server() {
    let (one, two) = (
        ServerProcess::start().unwrap(),
        ServerProcess::start().unwrap(),
    );
    let (a, b) = (Node::new_in(&one).unwrap(), Node::new_in(&two).unwrap());
    let error = method_error(a.round(&b, &a));
    assert_eq!(error.kind(), ErrorKind::Reentrant);
    assert_eq!(error.executed(), Executed::Yes, "it came as an answer");
    assert_eq!(a.read().unwrap(), 0);
}

#[test]
fn siblings_are_not_ancestors() {
    let server = ServerProcess::start().unwrap();
    let (a, b) = (
        Node::new_in(&server).unwrap(),
        Node::new_in(&server).unwrap(),
    );
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                for n in 0..100 {
                    a.write(n).unwrap();
                    b.write_other(&a).unwrap();
                }
            });
        }
    });
}
