//! The macro that makes a test crate able to start processes.

/// Lets the `#[test]` functions of a crate start servers and tasks: once, at the root of the crate.
///
/// Under a test harness nobody calls [`init`](crate::init): the harness has `main`. This adds a hidden test instead, which
/// passes when it is run as a test, and which the runtime runs by its name in the processes it starts.
///
/// ```text
/// // tests/my_tests.rs
/// shared_runtime::test_support!();
///
/// #[test]
/// fn it_counts() { … ServerProcess::start() … }
/// ```
#[macro_export]
macro_rules! test_support {
    () => {
        #[doc(hidden)]
        #[test]
        fn shared_runtime_child() {
            $crate::__private::test_child();
        }

        #[cfg(test)]
        const _: () = {
            #[$crate::__private::linkme::distributed_slice($crate::__private::TEST_CRATES)]
            #[linkme(crate = $crate::__private::linkme)]
            static HIDDEN_TEST: &'static str = "shared_runtime_child";
        };
    };
}
