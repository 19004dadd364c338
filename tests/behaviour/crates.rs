//! Shared types, traits and tasks of another crate: registered where they are linked.

use shared_runtime::{Error, ServerProcess, Shared, shared};
use test_models::{Line, Measured, Meter, add_elsewhere};

#[test]
fn types_and_tasks_of_another_crate_are_registered() {
    let server = ServerProcess::start().unwrap();
    let meter = Meter::new_in(&server).unwrap();
    let process = add_elsewhere::spawn(meter.clone(), 2).unwrap();
    assert_eq!(process.join().unwrap(), 2);
    assert_eq!(Shared::cast::<dyn Measured>(&meter).measure().unwrap(), 2);
}

#[derive(Debug, PartialEq, serde::Serialize, serde::Deserialize)]
struct Order(u32);

shared_runtime::register!(Line<Order>);

#[test]
fn a_generic_type_of_one_crate_is_registered_for_a_type_of_another() {
    let server = ServerProcess::start().unwrap();
    let line = Line::<Order>::new_in(&server).unwrap();
    line.put(Order(1)).unwrap();
    line.put(Order(2)).unwrap();
    assert_eq!(line.get().unwrap(), Some(Order(1)));
}

#[derive(Debug)]
struct Ruler(u64);

#[shared]
impl Ruler {
    pub(crate) fn new(length: u64) -> Self {
        Self(length)
    }
}

#[shared]
impl Measured for Ruler {
    fn measure(&self) -> Result<u64, Error> {
        Ok(self.0)
    }
}

#[test]
fn a_trait_of_one_crate_is_shared_for_a_type_of_another() {
    let server = ServerProcess::start().unwrap();
    let ruler = Ruler::new_in(&server, 30).unwrap();
    let measured = Shared::cast::<dyn Measured>(&ruler);
    assert_eq!(measured.measure().unwrap(), 30);
    assert_eq!(Shared::downcast::<Meter>(&measured).unwrap(), None);
}
