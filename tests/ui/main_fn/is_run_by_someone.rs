#[shared_runtime::main]
async fn main() {}
