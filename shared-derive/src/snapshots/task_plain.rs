/// Adds.
fn add(numbers: &[u64]) -> u64 {
    numbers.iter().sum()
}
/// The function `add` as a task: `spawn` runs it in a new process.
#[allow(non_camel_case_types, dead_code, unreachable_pub)]
#[derive(::core::fmt::Debug)]
enum Add {}
#[allow(
    deprecated,
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::all,
    clippy::pedantic
)]
const _: () = {
    impl Add {
        /// Runs `add` in a new process.
        fn spawn(
            numbers: &[u64],
        ) -> ::core::result::Result<rt::Process<u64, rt::__private::Never>, rt::Error> {
            rt::__private::spawn::<Add>(Add::call(numbers))
        }
        /// The call of `add` as a value, to be run elsewhere.
        fn call(numbers: &[u64]) -> rt::TaskCall<Add> {
            rt::__private::task_call::<Add, (&[u64],)>(&(numbers,))
        }
    }
    impl rt::__private::TaskFn for Add {
        type Output = u64;
        type Error = rt::__private::Never;
        const TASK: &'static rt::__private::Task = &__TASK;
    }
    static __TASK: rt::__private::Task = rt::__private::Task {
        name: ::core::concat!(::core::module_path!(), "::", "add"),
        run: |arguments| {
            let arguments = arguments
                .decode::<(<[u64] as rt::__private::RefArg>::Decoded<'_>,)>()?;
            let answer = add(<[u64] as rt::__private::RefArg>::borrow(&arguments.0));
            rt::__private::encode::<
                ::core::result::Result<u64, rt::__private::Never>,
            >(&::core::result::Result::Ok(answer))
        },
    };
    #[rt::__private::linkme::distributed_slice(rt::__private::TASKS)]
    #[linkme(crate = rt::__private::linkme)]
    static __ENTRY: &'static rt::__private::Task = &__TASK;
};
