#[shared_runtime::main]
fn main(arguments: Vec<String>) {}
