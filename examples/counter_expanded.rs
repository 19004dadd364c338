//! What `#[shared]` writes: the same as
//!
//! ```ignore
//! #[shared]
//! impl Counter { … }
//! ```
//!
//! compiled, with comments. A test holds it to what the macro really writes, so it can
//! be read to learn how a call goes its way, and looked up when an error message speaks
//! of something in it. Nothing of it is meant to be written by hand: what is in
//! `__private` changes without notice.

use shared_runtime::{ServerProcess, Shared};

/// What is shared.
#[derive(Debug)]
pub struct Counter {
    n: u64,
}

// The user's own code, unchanged.
impl Counter {
    /// A counter that starts with `n`.
    pub fn new(n: u64) -> Self {
        Self { n }
    }

    /// Adds, and returns the sum.
    pub fn add(&mut self, n: u64) -> u64 {
        self.n += n;
        self.n
    }

    /// The sum so far.
    pub fn get(&self) -> u64 {
        self.n
    }
}

// The proxy: what a `Shared<Counter>` dereferences to. It knows which object it means,
// through which interface, and how long its calls may take; that is a `Target`. Users
// can name this type, so it stands outside of the block below.
/// What can be called on a `Shared<Counter>`, in whichever process the object lives.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct CounterProxy(::shared_runtime::__private::Target);
/// The methods of a `Shared<Counter>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct CounterCalls(::shared_runtime::__private::Target);
// Everything else stands in a block without a name, so that nothing of it meets a name
// of the user's.
#[allow(
    deprecated,
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::all,
    clippy::pedantic
)]
const _: () = {
    // All paths are written out, and begin at the root: the user may have a `Result` or
    // an `Error` of their own.
    use ::shared_runtime::__private as __rt;
    // Beside each constructor, one that runs it in another process. `0` is its place in
    // the table of constructors below.
    impl Counter {
        /// Makes the object as [`new`](Self::new) does, in the process behind `server`, and returns its handle.
        pub fn new_in(
            server: &__rt::ServerHandle,
            n: u64,
        ) -> ::core::result::Result<__rt::Shared<Counter>, __rt::Error> {
            __rt::create(server, 0, &(n,))
        }
    }
    // The client's side of a call: the number of the method, and its arguments as a
    // tuple. Which types are encoded and decoded the compiler finds out from the
    // parameters and from what is returned.
    impl CounterProxy {
        /// Adds, and returns the sum.
        pub fn add(&self, n: u64) -> ::core::result::Result<u64, __rt::Error> {
            __rt::call(&self.0, 0, &(n,))
        }
        /// The sum so far.
        pub fn get(&self) -> ::core::result::Result<u64, __rt::Error> {
            __rt::call(&self.0, 1, &())
        }
    }
    // The same methods, with the arguments encoded and nothing sent: `Call` has `wait`,
    // `start`, `detach`, and can be awaited.
    impl CounterCalls {
        /// Adds, and returns the sum.
        pub fn add(&self, n: u64) -> __rt::Call<::core::result::Result<u64, __rt::Error>> {
            __rt::prepare(&self.0, 0, &(n,))
        }
        /// The sum so far.
        pub fn get(&self) -> __rt::Call<::core::result::Result<u64, __rt::Error>> {
            __rt::prepare(&self.0, 1, &())
        }
    }
    impl __rt::Shareable for Counter {
        type Proxy = CounterProxy;
        type Calls = CounterCalls;
        // What both sides know: names, and what types look like to an executable that
        // was built from other sources. `Interface::of` adds the type's name, which is
        // what it is called between processes.
        fn interface() -> &'static __rt::Interface {
            const {
                &__rt::Interface {
                    constructors: &[__rt::Constructor::new(
                        "new",
                        |shapes| shapes.of::<(u64,), __rt::Shared<Counter>>(),
                        // The server's side of a constructor: its object is hosted
                        // where it was made, and a handle goes back.
                        |arguments| {
                            let (n,) = arguments.decode::<(u64,)>()?;
                            __rt::encode::<__rt::Shared<Counter>>(&__rt::Shared::new(
                                <Counter>::new(n),
                            ))
                        },
                    )],
                    methods: &[
                        __rt::Method::new("add", |shapes| shapes.of::<(u64,), u64>()),
                        __rt::Method::new("get", |shapes| shapes.of::<(), u64>()),
                    ],
                    ..__rt::Interface::of::<Counter>()
                }
            }
        }
        // The server's side of the methods, in the same order. By the time one of these
        // runs, the object has been found and its lock taken: `Exclusive` for `&mut
        // self`, `Shared` for `&self`. A panic in it is caught above.
        fn implementation() -> &'static __rt::Implementation {
            const {
                &__rt::Implementation {
                    methods: &[
                        __rt::Run::Exclusive(|object, arguments| {
                            let (n,) = arguments.decode::<(u64,)>()?;
                            __rt::encode::<u64>(&<Counter>::add(__rt::object_mut(object)?, n))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<u64>(&<Counter>::get(__rt::object(object)?))
                        }),
                    ],
                    ..__rt::Implementation::of::<Counter>(<Counter as __rt::Shareable>::interface)
                }
            }
        }
        // The check that the type can be hosted at all: the name of the function is the
        // rule. With `lock = "mutex"` it is another.
        fn into_object(self) -> ::std::boxed::Box<__rt::Object> {
            __rt::shared_types_are_send_and_sync::<Counter>(self)
        }
        fn proxy(target: __rt::Target) -> CounterProxy {
            CounterProxy(target)
        }
        fn target(proxy: &CounterProxy) -> &__rt::Target {
            &proxy.0
        }
        fn calls(target: __rt::Target) -> CounterCalls {
            CounterCalls(target)
        }
    }
    // The linker gathers these from all crates of a program, so that a server finds the
    // constructors of every type that is linked. No code runs before `main`.
    #[__rt::linkme::distributed_slice(__rt::IMPLEMENTATIONS)]
    #[linkme(crate = __rt::linkme)]
    static __ENTRY_0: fn() -> &'static __rt::Implementation =
        <Counter as __rt::Shareable>::implementation;
};

#[shared_runtime::main]
fn main() -> Result<(), shared_runtime::Error> {
    let server = ServerProcess::start()?;
    let counter = Counter::new_in(&server, 40)?;
    counter.add(2)?;
    let later = Shared::calls(&counter).get().start();
    println!("{} in {}", later.wait()?, server.name());
    Ok(())
}
