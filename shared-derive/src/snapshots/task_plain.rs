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
    use rt::__private as __rt;
    impl Add {
        /// Runs `add` in a new process.
        fn spawn(
            numbers: &[u64],
        ) -> ::core::result::Result<__rt::Process<u64, __rt::Never>, __rt::Error> {
            __rt::spawn::<Add>(Add::call(numbers))
        }
        /// The call of `add` as a value, to be run elsewhere.
        fn call(numbers: &[u64]) -> __rt::TaskCall<Add> {
            __rt::task_call::<Add, (&[u64],)>(&(numbers,))
        }
    }
    impl __rt::TaskFn for Add {
        type Output = u64;
        type Error = __rt::Never;
        const TASK: &'static __rt::Task = &__TASK;
    }
    static __TASK: __rt::Task = __rt::Task {
        name: ::core::concat!(::core::module_path!(), "::", "add"),
        run: |arguments| {
            let (__rt::DecodedSlice(numbers),) = arguments
                .decode::<(__rt::DecodedSlice<u64>,)>()?;
            let answer = add(&numbers);
            __rt::encode::<
                ::core::result::Result<u64, __rt::Never>,
            >(&::core::result::Result::Ok(answer))
        },
    };
    #[__rt::linkme::distributed_slice(__rt::TASKS)]
    #[linkme(crate = __rt::linkme)]
    static __ENTRY: &'static __rt::Task = &__TASK;
};
