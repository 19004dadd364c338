//! Objects are locked by receiver, and a chain of calls that would wait for itself is told so.

use std::time::Duration;

use shared_runtime::{CallError, Error, ErrorKind, Executed, ServerProcess, Shared, shared};

use super::one_way::Gate;
use super::support::until;

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

/// Goes through a list of others and asks the last.
#[derive(Default)]
pub struct Link {
    value: u32,
}

#[shared]
impl Link {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn walk(&mut self, mut path: Vec<Shared<Link>>) -> Result<u32, Error> {
        if path.is_empty() {
            self.value += 1;
            return Ok(self.value);
        }
        flat(path.remove(0).walk(path))
    }
    pub fn look(&self, mut path: Vec<Shared<Link>>) -> Result<u32, Error> {
        if path.is_empty() {
            return Ok(self.value);
        }
        flat(path.remove(0).look(path))
    }
    /// Reads the last of the path when `gate` says so.
    pub fn look_after(&self, gate: &Shared<Gate>, path: Vec<Shared<Link>>) -> Result<u32, Error> {
        gate.pass()?;
        self.look(path)
    }
    pub fn walk_after(
        &mut self,
        gate: &Shared<Gate>,
        path: Vec<Shared<Link>>,
    ) -> Result<u32, Error> {
        gate.pass()?;
        self.walk(path)
    }
    /// Both at the same time, from threads of the method's own.
    pub fn both(&self, one: &Shared<Link>, other: &Shared<Link>) -> u32 {
        std::thread::scope(|scope| {
            let asked = [one, other].map(|link| scope.spawn(|| link.walk(Vec::new()).unwrap()));
            asked.into_iter().map(|asked| asked.join().unwrap()).sum()
        })
    }
    /// Waits for what waits for it.
    pub fn waits_for_itself(
        &mut self,
        this: &Shared<Link>,
        other: &Shared<Link>,
    ) -> Result<u32, Error> {
        let call = Shared::calls(other).walk(vec![this.clone()]);
        call.detach()?;
        flat(other.walk(Vec::new()))
    }
    /// Does not wait for it.
    pub fn walk_later(&mut self, path: Vec<Shared<Link>>) {
        let (next, rest) = path.split_first().unwrap();
        Shared::calls(next).walk(rest.to_vec()).detach().unwrap();
        self.value += 10;
    }
}

fn flat(outcome: Result<u32, CallError<Error>>) -> Result<u32, Error> {
    outcome.map_err(|error| match error {
        CallError::Method(error) | CallError::Remote(error) => error,
    })
}

#[test]
fn a_chain_over_three_processes_that_comes_back_is_reentrant() {
    let servers = [0, 1, 2].map(|_| ServerProcess::start().unwrap());
    let [a, b, c] = [0, 1, 2].map(|n: usize| Link::new_in(&servers[n]).unwrap());
    let (around, on) = (
        vec![b.clone(), c.clone(), a.clone()],
        vec![b.clone(), c.clone()],
    );
    assert_eq!(
        flat(a.walk(around.clone())).unwrap_err().kind(),
        ErrorKind::Reentrant
    );
    assert_eq!(a.walk(on), Ok(1));
    assert_eq!(a.look(around), Ok(0), "reads pass through each other");
}

#[test]
fn a_chain_through_a_callback_object_is_reentrant() {
    let server = ServerProcess::start().unwrap();
    let (there, here) = (Link::new_in(&server).unwrap(), Shared::new(Link::new()));
    for (first, second) in [(&there, &here), (&here, &there)] {
        let around = vec![second.clone(), first.clone()];
        assert_eq!(
            flat(first.walk(around.clone())).unwrap_err().kind(),
            ErrorKind::Reentrant
        );
        assert_eq!(first.look(around), Ok(0));
    }
    assert_eq!(there.walk(vec![here.clone()]), Ok(1));
}

#[test]
fn a_nested_read_passes_a_writer_that_waits() {
    let servers = [0, 1].map(|_| ServerProcess::start().unwrap());
    let [a, b] = [0, 1].map(|n: usize| Link::new_in(&servers[n]).unwrap());
    let gate = Gate::new_in(&servers[1]).unwrap();
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| a.look_after(&gate, vec![b.clone(), a.clone()]));
        until("it is being read", || running(&servers[1], "pass"));
        let writer = scope.spawn(|| a.walk(Vec::new()));
        until("a writer waits", || {
            let calls = servers[0].inspect().unwrap().calls;
            calls.iter().any(|call| !call.waits_for.is_empty())
        });
        gate.open().unwrap();
        assert_eq!(reader.join().unwrap(), Ok(0));
        assert_eq!(writer.join().unwrap(), Ok(1));
    });
}

#[test]
fn threads_of_a_method_are_not_its_ancestors() {
    let server = ServerProcess::start().unwrap();
    let [a, b] = [0, 1].map(|_| Link::new_in(&server).unwrap());
    let asker = Link::new_in(&server).unwrap();
    assert_eq!(asker.both(&a, &b), Ok(2));
    assert_eq!(asker.both(&a, &a), Ok(2 + 3));
}

#[test]
fn a_one_way_call_is_no_part_of_the_chain() {
    let servers = [0, 1].map(|_| ServerProcess::start().unwrap());
    let [a, b] = [0, 1].map(|n: usize| Link::new_in(&servers[n]).unwrap());
    // Back to the object that holds its lock while it sends: it waits its turn.
    a.walk_later(vec![b.clone(), a.clone()]).unwrap();
    until("it has come around", || a.look(Vec::new()) == Ok(11));
}

#[test]
fn two_chains_that_cross_end_at_the_lock_timeout_with_the_holder_s_name() {
    // The first to give up lets the other go on, so that it is known which of them it is.
    let servers = [300, 3_600_000].map(|timeout| {
        let builder = ServerProcess::builder().lock_timeout(Duration::from_millis(timeout));
        builder.start().unwrap()
    });
    let [a, b] = [0, 1].map(|n: usize| Link::new_in(&servers[n]).unwrap());
    let gate = Gate::new_in(&servers[0]).unwrap();
    let (one, other) = std::thread::scope(|scope| {
        let one = scope.spawn(|| flat(a.walk_after(&gate, vec![b.clone()])));
        let other = scope.spawn(|| flat(b.walk_after(&gate, vec![a.clone()])));
        until("both hold their own", || {
            let calls = servers[0].inspect().unwrap().calls;
            calls
                .iter()
                .filter(|call| call.method.ends_with("Gate::pass"))
                .count()
                == 2
        });
        gate.open().unwrap();
        (one.join().unwrap(), other.join().unwrap())
    });
    assert!(one.is_ok());
    let error = other.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    let text = error.to_string();
    assert!(
        text.contains("lock timeout") && text.contains("Link::walk_after called by"),
        "{text}"
    );
    assert!(a.walk(Vec::new()).is_ok() && b.walk(Vec::new()).is_ok());
}

fn running(server: &ServerProcess, method: &str) -> bool {
    let calls = server.inspect().unwrap().calls;
    calls.iter().any(|call| call.method.ends_with(method))
}

#[test]
fn a_method_that_waits_for_a_one_way_call_that_waits_for_it_ends_at_the_lock_timeout() {
    let servers = [0, 1].map(|_| {
        let builder = ServerProcess::builder().lock_timeout(Duration::from_millis(200));
        builder.start().unwrap()
    });
    for other_server in [0, 1] {
        let (a, b) = (
            Link::new_in(&servers[0]).unwrap(),
            Link::new_in(&servers[other_server]).unwrap(),
        );
        // Each waits for the other, and each as long: either may give up first, or both.
        if let Err(error) = flat(a.waits_for_itself(&a, &b)) {
            assert_eq!(error.kind(), ErrorKind::Timeout);
        }
        until("both are free", || {
            a.look(Vec::new()).is_ok() && b.look(Vec::new()).is_ok()
        });
    }
}
