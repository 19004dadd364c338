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
    use ::shared_runtime::__private as __rt;
    impl count {
        /// Runs `count` in a new process.
        pub fn spawn(
            path: PathBuf,
            tally: Shared<Tally>,
        ) -> ::core::result::Result<__rt::Process<u64, Report>, __rt::Error> {
            __rt::spawn::<count>(count::call(path, tally))
        }
        /// The call of `count` as a value, to be run elsewhere.
        pub fn call(path: PathBuf, tally: Shared<Tally>) -> __rt::TaskCall<count> {
            __rt::task_call::<
                count,
                (<PathBuf as __rt::ArgumentType>::Is, Shared<Tally>),
            >(&(path, tally))
        }
    }
    impl __rt::TaskFn for count {
        type Output = u64;
        type Error = <Report as __rt::ReplyType>::Is;
        const TASK: &'static __rt::Task = &__TASK;
    }
    static __TASK: __rt::Task = __rt::Task {
        name: ::core::concat!(::core::module_path!(), "::", "count"),
        run: |arguments| {
            let (__rt::Decoded(path), tally) = arguments
                .decode::<
                    (__rt::Decoded<<PathBuf as __rt::ArgumentType>::Is>, Shared<Tally>),
                >()?;
            let answer = count(path, tally);
            __rt::encode::<
                ::core::result::Result<u64, <Report as __rt::ReplyType>::Is>,
            >(&answer)
        },
    };
    #[__rt::linkme::distributed_slice(__rt::TASKS)]
    #[linkme(crate = __rt::linkme)]
    static __ENTRY: &'static __rt::Task = &__TASK;
    use __rt::{IsError as _, IsNoError as _};
    #[__rt::linkme::distributed_slice(__rt::ERRORS)]
    #[linkme(crate = __rt::linkme)]
    static __ERROR_0: __rt::ErrorType = __rt::ErrorType {
        id: ::core::any::TypeId::of::<Report>,
        as_error: |error| (&__rt::Asked::<Report>::NEW).as_error(error),
    };
};
