/// Runs.
fn main() -> Result<(), Error> {
    rt::init();
    #[tokio::main(flavor = "current_thread")]
    async fn main() -> Result<(), Error> {
        run().await
    }
    main()
}
