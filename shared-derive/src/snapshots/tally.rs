impl Tally {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn add(&mut self, word: &str, n: u64) {
        *self.words.entry(word.to_owned()).or_default() += n;
    }
    pub fn get(&self, word: &str) -> Option<u64> {
        self.words.get(word).copied()
    }
    pub fn top(&self, n: usize) -> Vec<(String, u64)> {
        self.sorted().take(n).collect()
    }
}
/// What can be called on a `Shared<Tally>`, in whichever process the object lives.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct TallyProxy(::shared_runtime::__private::Target);
/// The methods of a `Shared<Tally>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct TallyCalls(::shared_runtime::__private::Target);
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
    impl Tally {
        /// Makes the object as [`new`](Self::new) does, in the process behind `server`, and returns its handle.
        pub fn new_in(
            server: &__rt::ServerHandle,
        ) -> ::core::result::Result<__rt::Shared<Tally>, __rt::Error> {
            __rt::create(server, 0, &())
        }
    }
    impl TallyProxy {
        /// Calls `Tally::add` where the object lives.
        pub fn add(
            &self,
            word: &str,
            n: u64,
        ) -> ::core::result::Result<(), __rt::Error> {
            __rt::call(&self.0, 0, &(word, n))
        }
        /// Calls `Tally::get` where the object lives.
        pub fn get(
            &self,
            word: &str,
        ) -> ::core::result::Result<Option<u64>, __rt::Error> {
            __rt::call(&self.0, 1, &(word,))
        }
        /// Calls `Tally::top` where the object lives.
        pub fn top(
            &self,
            n: usize,
        ) -> ::core::result::Result<Vec<(String, u64)>, __rt::Error> {
            __rt::call(&self.0, 2, &(n,))
        }
    }
    impl TallyCalls {
        /// Calls `Tally::add` where the object lives.
        pub fn add(
            &self,
            word: &str,
            n: u64,
        ) -> __rt::Call<::core::result::Result<(), __rt::Error>> {
            __rt::prepare(&self.0, 0, &(word, n))
        }
        /// Calls `Tally::get` where the object lives.
        pub fn get(
            &self,
            word: &str,
        ) -> __rt::Call<::core::result::Result<Option<u64>, __rt::Error>> {
            __rt::prepare(&self.0, 1, &(word,))
        }
        /// Calls `Tally::top` where the object lives.
        pub fn top(
            &self,
            n: usize,
        ) -> __rt::Call<::core::result::Result<Vec<(String, u64)>, __rt::Error>> {
            __rt::prepare(&self.0, 2, &(n,))
        }
    }
    impl __rt::Shareable for Tally {
        type Proxy = TallyProxy;
        type Calls = TallyCalls;
        fn interface() -> &'static __rt::Interface {
            const {
                &__rt::Interface {
                    constructors: &[
                        __rt::Constructor::new(
                            "new",
                            |shapes| shapes.of::<(), __rt::Shared<Tally>>(),
                            |arguments| {
                                arguments.decode::<()>()?;
                                __rt::encode::<
                                    __rt::Shared<Tally>,
                                >(&__rt::Shared::new(<Tally>::new()))
                            },
                        ),
                    ],
                    methods: &[
                        __rt::Method::new(
                            "add",
                            |shapes| shapes.of::<(&str, u64), ()>(),
                        ),
                        __rt::Method::new(
                            "get",
                            |shapes| shapes.of::<(&str,), Option<u64>>(),
                        ),
                        __rt::Method::new(
                            "top",
                            |shapes| shapes.of::<(usize,), Vec<(String, u64)>>(),
                        ),
                    ],
                    ..__rt::Interface::of::<Tally>()
                }
            }
        }
        fn implementation() -> &'static __rt::Implementation {
            const {
                &__rt::Implementation {
                    methods: &[
                        __rt::Run::Exclusive(|object, arguments| {
                            let (word, n) = arguments.decode::<(&str, u64)>()?;
                            __rt::encode::<
                                (),
                            >(&<Tally>::add(__rt::object_mut(object)?, word, n))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            let (word,) = arguments.decode::<(&str,)>()?;
                            __rt::encode::<
                                Option<u64>,
                            >(&<Tally>::get(__rt::object(object)?, word))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            let (n,) = arguments.decode::<(usize,)>()?;
                            __rt::encode::<
                                Vec<(String, u64)>,
                            >(&<Tally>::top(__rt::object(object)?, n))
                        }),
                    ],
                    ..__rt::Implementation::of::<
                        Tally,
                    >(<Tally as __rt::Shareable>::interface)
                }
            }
        }
        fn into_object(self) -> ::std::boxed::Box<__rt::Object> {
            __rt::shared_types_are_send_and_sync::<Tally>(self)
        }
        fn proxy(target: __rt::Target) -> TallyProxy {
            TallyProxy(target)
        }
        fn target(proxy: &TallyProxy) -> &__rt::Target {
            &proxy.0
        }
        fn calls(target: __rt::Target) -> TallyCalls {
            TallyCalls(target)
        }
    }
    #[__rt::linkme::distributed_slice(__rt::IMPLEMENTATIONS)]
    #[linkme(crate = __rt::linkme)]
    static __ENTRY_0: fn() -> &'static __rt::Implementation = <Tally as __rt::Shareable>::implementation;
};
