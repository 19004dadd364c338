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
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct TallyProxy {
    target: ::shared_runtime::__private::Target,
}
/// The methods of a `Shared<Tally>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct TallyCalls {
    target: ::shared_runtime::__private::Target,
}
#[allow(
    deprecated,
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::all,
    clippy::pedantic
)]
const _: () = {
    #[allow(non_camel_case_types)]
    enum __Constructor {
        new,
    }
    #[allow(non_camel_case_types)]
    enum __Method {
        add,
        get,
        top,
    }
    impl Tally {
        /// Makes the object as [`new`](Self::new) does, in the process behind `server`, and returns its handle.
        pub fn new_in(
            server: &::shared_runtime::ServerHandle,
        ) -> ::core::result::Result<
            ::shared_runtime::Shared<Tally>,
            ::shared_runtime::Error,
        > {
            let constructor = __Constructor::new as u32;
            ::shared_runtime::__private::create::<
                Tally,
                (),
                ::core::result::Result<
                    ::shared_runtime::Shared<Tally>,
                    ::shared_runtime::Error,
                >,
            >(server, constructor, &())
        }
    }
    impl TallyProxy {
        /// Calls `Tally::add` where the object lives.
        pub fn add(
            &self,
            word: &str,
            n: u64,
        ) -> ::core::result::Result<(), ::shared_runtime::Error> {
            let method = __Method::add as u32;
            ::shared_runtime::__private::call::<
                (&str, u64),
                ::core::result::Result<(), ::shared_runtime::Error>,
            >(&self.target, method, &(word, n))
        }
        /// Calls `Tally::get` where the object lives.
        pub fn get(
            &self,
            word: &str,
        ) -> ::core::result::Result<Option<u64>, ::shared_runtime::Error> {
            let method = __Method::get as u32;
            ::shared_runtime::__private::call::<
                (&str,),
                ::core::result::Result<
                    <Option<u64> as ::shared_runtime::__private::Reply>::Is,
                    ::shared_runtime::Error,
                >,
            >(&self.target, method, &(word,))
        }
        /// Calls `Tally::top` where the object lives.
        pub fn top(
            &self,
            n: usize,
        ) -> ::core::result::Result<Vec<(String, u64)>, ::shared_runtime::Error> {
            let method = __Method::top as u32;
            ::shared_runtime::__private::call::<
                (usize,),
                ::core::result::Result<
                    <Vec<(String, u64)> as ::shared_runtime::__private::Reply>::Is,
                    ::shared_runtime::Error,
                >,
            >(&self.target, method, &(n,))
        }
    }
    impl TallyCalls {
        /// Calls `Tally::add` where the object lives.
        pub fn add(
            &self,
            word: &str,
            n: u64,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<(), ::shared_runtime::Error>,
        > {
            let method = __Method::add as u32;
            ::shared_runtime::__private::prepare::<
                (&str, u64),
                ::core::result::Result<(), ::shared_runtime::Error>,
            >(&self.target, method, &(word, n))
        }
        /// Calls `Tally::get` where the object lives.
        pub fn get(
            &self,
            word: &str,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<Option<u64>, ::shared_runtime::Error>,
        > {
            let method = __Method::get as u32;
            ::shared_runtime::__private::prepare::<
                (&str,),
                ::core::result::Result<
                    <Option<u64> as ::shared_runtime::__private::Reply>::Is,
                    ::shared_runtime::Error,
                >,
            >(&self.target, method, &(word,))
        }
        /// Calls `Tally::top` where the object lives.
        pub fn top(
            &self,
            n: usize,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<Vec<(String, u64)>, ::shared_runtime::Error>,
        > {
            let method = __Method::top as u32;
            ::shared_runtime::__private::prepare::<
                (usize,),
                ::core::result::Result<
                    <Vec<(String, u64)> as ::shared_runtime::__private::Reply>::Is,
                    ::shared_runtime::Error,
                >,
            >(&self.target, method, &(n,))
        }
    }
    const __HOST: fn(Tally) -> ::shared_runtime::Shared<Tally> = ::shared_runtime::__private::host::<
        Tally,
    >;
    impl ::shared_runtime::Shareable for Tally {
        type Proxy = TallyProxy;
        type Calls = TallyCalls;
        fn interface() -> &'static ::shared_runtime::__private::Interface {
            &__INTERFACE
        }
    }
    impl ::shared_runtime::__private::Proxy for TallyProxy {
        fn from_target(target: ::shared_runtime::__private::Target) -> Self {
            Self { target }
        }
        fn target(&self) -> &::shared_runtime::__private::Target {
            &self.target
        }
    }
    impl ::shared_runtime::__private::Calls for TallyCalls {
        fn from_target(target: ::shared_runtime::__private::Target) -> Self {
            Self { target }
        }
    }
    static __INTERFACE: ::shared_runtime::__private::Interface = ::shared_runtime::__private::Interface {
        name: ::core::any::type_name::<Tally>,
        constructors: &[
            ::shared_runtime::__private::Constructor {
                name: "new",
                signature: "() -> Self",
                run: |arguments| {
                    let arguments = arguments.decode::<()>()?;
                    let made = <Tally>::new();
                    ::shared_runtime::__private::encode::<
                        ::shared_runtime::Shared<Tally>,
                    >(&__HOST(made))
                },
            },
        ],
        methods: &[
            ::shared_runtime::__private::Method {
                name: "add",
                signature: "(&mut self, &str, u64) -> ()",
                run: ::shared_runtime::__private::Run::Exclusive(|object, arguments| {
                    let object = ::shared_runtime::__private::object_mut::<
                        Tally,
                    >(object)?;
                    let arguments = arguments
                        .decode::<
                            (
                                <str as ::shared_runtime::__private::RefArg>::Decoded<'_>,
                                u64,
                            ),
                        >()?;
                    let answer = <Tally>::add(
                        object,
                        <str as ::shared_runtime::__private::RefArg>::borrow(
                            &arguments.0,
                        ),
                        arguments.1,
                    );
                    ::shared_runtime::__private::encode::<()>(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "get",
                signature: "(&self, &str) -> Option<u64>",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Tally>(object)?;
                    let arguments = arguments
                        .decode::<
                            (<str as ::shared_runtime::__private::RefArg>::Decoded<'_>,),
                        >()?;
                    let answer = <Tally>::get(
                        object,
                        <str as ::shared_runtime::__private::RefArg>::borrow(
                            &arguments.0,
                        ),
                    );
                    ::shared_runtime::__private::encode::<
                        <Option<u64> as ::shared_runtime::__private::Reply>::Is,
                    >(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "top",
                signature: "(&self, usize) -> Vec<(String, u64)>",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Tally>(object)?;
                    let arguments = arguments.decode::<(usize,)>()?;
                    let answer = <Tally>::top(object, arguments.0);
                    ::shared_runtime::__private::encode::<
                        <Vec<(String, u64)> as ::shared_runtime::__private::Reply>::Is,
                    >(&answer)
                }),
            },
        ],
    };
    #[::shared_runtime::__private::linkme::distributed_slice(
        ::shared_runtime::__private::INTERFACES
    )]
    #[linkme(crate = ::shared_runtime::__private::linkme)]
    static __ENTRY: &'static ::shared_runtime::__private::Interface = &__INTERFACE;
};
