//! Generic types: each registered instance is a shared type of its own.

use std::fmt::Debug;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use shared_runtime::{Error, ErrorKind, ServerProcess, Shareable, Shared, shared, task};

#[derive(Debug)]
pub struct Stack<T, const MOST: usize = 4> {
    items: Vec<T>,
}

#[shared(instances(Stack<u64>, Stack<String>))]
impl<T, const MOST: usize> Stack<T, MOST>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    pub fn new() -> Self {
        Self { items: Vec::new() }
    }

    pub fn of(items: Vec<T>) -> Result<Self, Vec<T>> {
        if items.len() > MOST {
            return Err(items);
        }
        Ok(Self { items })
    }

    /// Whether there was room for it.
    pub fn push(&mut self, item: T) -> bool {
        let room = self.items.len() < MOST;
        if room {
            self.items.push(item);
        }
        room
    }

    pub fn pop(&mut self) -> Option<T> {
        self.items.pop()
    }

    pub fn top(&self) -> Option<&T> {
        self.items.last()
    }

    pub fn extend(&mut self, items: &[T]) {
        self.items.extend_from_slice(items);
    }

    pub fn copy(&self) -> Shared<Self> {
        Shared::new(Self {
            items: self.items.clone(),
        })
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Order {
    n: u32,
}

shared_runtime::register!(Stack<Order>, Stack<Vec<u8>, 1>);
// A type that is registered twice is one.
shared_runtime::register!(Stack<u64>);

#[test]
fn instances_are_shared_types_of_their_own() {
    let server = ServerProcess::start().unwrap();
    let numbers = Stack::<u64>::new_in(&server).unwrap();
    assert!(numbers.push(1).unwrap());
    numbers.extend(&[2, 3]).unwrap();
    assert_eq!(numbers.top().unwrap(), Some(3));
    let copy = numbers.copy().unwrap();
    assert_eq!(numbers.pop().unwrap(), Some(3));
    assert_eq!(copy.pop().unwrap(), Some(3));
    let texts = Stack::<String>::of_in(&server, vec!["a".into()]).unwrap();
    assert_eq!(texts.top().unwrap().as_deref(), Some("a"));
    let types = server.inspect().unwrap().objects;
    let names: Vec<&str> = types.iter().map(|object| &*object.type_name).collect();
    assert!(
        names[0].ends_with("Stack<u64>") && names[2].ends_with("Stack<alloc::string::String>"),
        "{names:?}"
    );
}

#[test]
fn any_crate_registers_instances() {
    let server = ServerProcess::start().unwrap();
    let orders = Stack::<Order>::new_in(&server).unwrap();
    orders.push(Order { n: 7 }).unwrap();
    assert_eq!(orders.pop().unwrap(), Some(Order { n: 7 }));
    let one = Stack::<Vec<u8>, 1>::new_in(&server).unwrap();
    assert!(one.push(vec![1]).unwrap());
    assert!(!one.push(vec![2]).unwrap());
}

#[test]
fn an_instance_that_nobody_registered_says_so() {
    let server = ServerProcess::start().unwrap();
    let error = Stack::<i8>::new_in(&server).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    let text = error.to_string();
    for part in ["register!", "use the_crate as _", "Stack<u64>"] {
        assert!(text.contains(part), "{text}");
    }
    // One that is handed out needs no name.
    let local = Shared::new(Stack::<i8>::new());
    let pushed = push_elsewhere::spawn(local.clone(), -1).unwrap();
    assert_eq!(pushed.join().unwrap(), Some(-1));
    assert_eq!(local.pop().unwrap(), Some(-1));
}

#[task]
fn push_elsewhere(stack: Shared<Stack<i8>>, n: i8) -> Result<Option<i8>, Error> {
    stack.push(n)?;
    stack.top()
}

/// What users write who do not care which type it is.
fn is_kept<T: Shareable>(handle: &Shared<T>) -> bool {
    handle.clone() == *handle && Shared::ping(handle).is_ok()
}

#[test]
fn generic_code_takes_any_shared_type() {
    let server = ServerProcess::start().unwrap();
    assert!(is_kept(&Stack::<u64>::new_in(&server).unwrap()));
    assert!(is_kept(&Shared::new(Stack::<String>::new())));
}

/// A trait for a generic type.
#[shared]
pub trait Sized2 {
    fn size(&self) -> Result<usize, Error>;
}

#[shared(instances(Stack<u64>))]
impl<T, const MOST: usize> Sized2 for Stack<T, MOST>
where
    T: Clone + Serialize + DeserializeOwned + Send + Sync + 'static,
{
    fn size(&self) -> Result<usize, Error> {
        Ok(self.items.len())
    }
}

#[test]
fn a_trait_is_shared_for_the_instances_that_are_named() {
    let server = ServerProcess::start().unwrap();
    let numbers = Stack::<u64>::of_in(&server, vec![1, 2]).unwrap();
    let sized = Shared::cast::<dyn Sized2>(&numbers);
    assert_eq!(sized.size().unwrap(), 2);
    let texts = Stack::<String>::new_in(&server).unwrap();
    let error = Shared::cast::<dyn Sized2>(&texts).size().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unknown);
    assert!(error.to_string().contains("must be linked"), "{error}");
}
