#[allow(unused)]
fn main() -> Result<(), Error> {
    #![allow(dead_code)]
    ::shared_runtime::init();
    run()?;
    Ok(())
}
