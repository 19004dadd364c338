use shared_runtime::shared;

#[derive(serde::Serialize, serde::Deserialize)]
pub struct Full;

#[shared]
pub trait Store {
    fn put(&mut self, key: u32) -> Result<u32, Full>;
    fn get(&mut self, key: u32) -> Result<u32, Full>;
}

fn main() {}
