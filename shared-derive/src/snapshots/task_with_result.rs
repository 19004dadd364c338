pub fn count(path: PathBuf, tally: Shared<Tally>) -> Result<u64, Report> {
    Ok(1)
}
/// The function `count` as a task: `spawn` runs it in a new process.
#[allow(non_camel_case_types, dead_code, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub enum count {}
#[allow(
    deprecated,
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::all,
    clippy::pedantic
)]
const _: () = {
    impl count {
        /// Runs `count` in a new process.
        pub fn spawn(
            path: PathBuf,
            tally: Shared<Tally>,
        ) -> ::core::result::Result<
            ::shared_runtime::Process<u64, Report>,
            ::shared_runtime::Error,
        > {
            ::shared_runtime::__private::spawn::<count>(count::call(path, tally))
        }
        /// The call of `count` as a value, to be run elsewhere.
        pub fn call(
            path: PathBuf,
            tally: Shared<Tally>,
        ) -> ::shared_runtime::TaskCall<count> {
            ::shared_runtime::__private::task_call::<
                count,
                (
                    <PathBuf as ::shared_runtime::__private::Argument>::Is,
                    <Shared<Tally> as ::shared_runtime::__private::Argument>::Is,
                ),
            >(&(path, tally))
        }
    }
    impl ::shared_runtime::__private::TaskFn for count {
        type Output = u64;
        type Error = <Report as ::shared_runtime::__private::Reply>::Is;
        const TASK: &'static ::shared_runtime::__private::Task = &__TASK;
    }
    static __TASK: ::shared_runtime::__private::Task = ::shared_runtime::__private::Task {
        name: ::core::concat!(::core::module_path!(), "::", "count"),
        run: |arguments| {
            let arguments = arguments
                .decode::<
                    (
                        <PathBuf as ::shared_runtime::__private::Argument>::Is,
                        <Shared<Tally> as ::shared_runtime::__private::Argument>::Is,
                    ),
                >()?;
            let answer = count(arguments.0, arguments.1);
            ::shared_runtime::__private::encode::<
                ::core::result::Result<
                    u64,
                    <Report as ::shared_runtime::__private::Reply>::Is,
                >,
            >(&answer)
        },
    };
    #[::shared_runtime::__private::linkme::distributed_slice(
        ::shared_runtime::__private::TASKS
    )]
    #[linkme(crate = ::shared_runtime::__private::linkme)]
    static __ENTRY: &'static ::shared_runtime::__private::Task = &__TASK;
};
