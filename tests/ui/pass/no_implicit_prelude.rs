//! Nothing generated relies on what happens to be in scope, nor on the name of the crate.
#![no_implicit_prelude]

extern crate shared_runtime as renamed;
extern crate serde;
extern crate std;

use std::string::String;

#[allow(dead_code)]
trait Misleading {
    fn map(&self) {}
    fn into(&self) {}
}
impl<T> Misleading for T {}

#[allow(dead_code)]
struct Result;
#[allow(dead_code)]
struct Option;

pub struct Store(u32);

#[renamed::shared(crate = renamed)]
impl Store {
    pub fn new(n: u32) -> Self {
        Store(n)
    }
    pub fn maybe(n: u32) -> std::result::Result<Store, String> {
        std::result::Result::Ok(Store(n))
    }
    pub fn add(&mut self, n: &u32, text: std::option::Option<&str>) -> u32 {
        self.0 += *n + std::option::Option::map_or(text, 0, |text| text.len() as u32);
        self.0
    }
}

#[renamed::shared(crate = renamed)]
pub trait Sum: std::marker::Send {
    fn sum(&self, more: &[u32]) -> std::result::Result<u32, renamed::Error>;
    fn clear(&mut self) -> std::result::Result<(), renamed::Error>;
}

#[renamed::shared(crate = renamed)]
impl Sum for Store {
    fn sum(&self, more: &[u32]) -> std::result::Result<u32, renamed::Error> {
        std::result::Result::Ok(self.0 + more[0])
    }
    fn clear(&mut self) -> std::result::Result<(), renamed::Error> {
        self.0 = 0;
        std::result::Result::Ok(())
    }
}

pub struct Pair<T>(T, T);

#[renamed::shared(crate = renamed, instances(Pair<u8>))]
impl<T: std::marker::Copy + serde::Serialize + serde::de::DeserializeOwned + std::marker::Send + std::marker::Sync + 'static> Pair<T> {
    pub fn new(one: T) -> Self {
        Pair(one, one)
    }
    pub fn other(&self) -> T {
        self.1
    }
}

renamed::register!(Pair<u16>);

#[renamed::task(crate = renamed)]
fn double(n: u32) -> u32 {
    2 * n
}

#[renamed::main(crate = renamed)]
fn main() {
    let store = renamed::Shared::new(Store::new(1));
    std::assert_eq!(store.add(&2, std::option::Option::Some("ab")), std::result::Result::Ok(5));
    let sum = renamed::Shared::cast::<dyn Sum>(&store);
    std::assert!(std::matches!(Sum::sum(&sum, &[1]), std::result::Result::Ok(6)));
    let pair = renamed::Shared::new(Pair::new(3u8));
    std::assert_eq!(pair.other(), std::result::Result::Ok(3));
    std::assert_eq!(double(2), 4);
}
