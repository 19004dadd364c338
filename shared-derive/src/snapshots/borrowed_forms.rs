impl Store {
    pub fn arguments<'a>(
        &self,
        text: &'a str,
        bytes: &[u8],
        numbers: &[u64],
        path: &Path,
        order: &Order,
        mut n: u8,
    ) {}
    pub fn optional(
        &self,
        text: Option<&str>,
        bytes: Option<&[u8]>,
        order: Option<&Order>,
    ) {}
    pub fn text(&self) -> &'static str {
        self.text
    }
    pub fn numbers(self: &Self) -> &[u64] {
        &self.numbers
    }
    pub fn path(self: &mut Self) -> &Path {
        &self.path
    }
    pub fn first(&self) -> Option<&Order> {
        self.orders.first()
    }
    pub fn order(&self) -> Result<&Order, Missing> {
        self.orders.first().ok_or(Missing)
    }
    pub fn read(&self) -> io::Result<[u8; Self::SIZE]> {
        self.read_it()
    }
}
/// What can be called on a `Shared<Store>`, in whichever process the object lives.
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct StoreProxy {
    target: ::shared_runtime::__private::Target,
}
/// The methods of a `Shared<Store>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct StoreCalls {
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
    enum __Method {
        arguments,
        optional,
        text,
        numbers,
        path,
        first,
        order,
        read,
    }
    impl StoreProxy {
        /// Calls `Store::arguments` where the object lives.
        pub fn arguments(
            &self,
            text: &str,
            bytes: &[u8],
            numbers: &[u64],
            path: &Path,
            order: &Order,
            n: u8,
        ) -> ::core::result::Result<(), ::shared_runtime::Error> {
            let method = __Method::arguments as u32;
            ::shared_runtime::__private::call::<
                (
                    &str,
                    ::shared_runtime::__private::Bytes<'_>,
                    &[u64],
                    &Path,
                    &<Order as ::shared_runtime::__private::Argument>::Is,
                    u8,
                ),
                ::core::result::Result<(), ::shared_runtime::Error>,
            >(
                &self.target,
                method,
                &(
                    text,
                    ::shared_runtime::__private::Bytes(bytes),
                    numbers,
                    path,
                    order,
                    n,
                ),
            )
        }
        /// Calls `Store::optional` where the object lives.
        pub fn optional(
            &self,
            text: ::core::option::Option<&str>,
            bytes: ::core::option::Option<&[u8]>,
            order: ::core::option::Option<&Order>,
        ) -> ::core::result::Result<(), ::shared_runtime::Error> {
            let method = __Method::optional as u32;
            ::shared_runtime::__private::call::<
                (
                    ::core::option::Option<&str>,
                    ::core::option::Option<::shared_runtime::__private::Bytes<'_>>,
                    ::core::option::Option<
                        &<Order as ::shared_runtime::__private::Argument>::Is,
                    >,
                ),
                ::core::result::Result<(), ::shared_runtime::Error>,
            >(
                &self.target,
                method,
                &(text, bytes.map(::shared_runtime::__private::Bytes), order),
            )
        }
        /// Calls `Store::text` where the object lives.
        pub fn text(
            &self,
        ) -> ::core::result::Result<::std::string::String, ::shared_runtime::Error> {
            let method = __Method::text as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<::std::string::String, ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
        /// Calls `Store::numbers` where the object lives.
        pub fn numbers(
            &self,
        ) -> ::core::result::Result<::std::vec::Vec<u64>, ::shared_runtime::Error> {
            let method = __Method::numbers as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<::std::vec::Vec<u64>, ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
        /// Calls `Store::path` where the object lives.
        pub fn path(
            &self,
        ) -> ::core::result::Result<
            <Path as ::std::borrow::ToOwned>::Owned,
            ::shared_runtime::Error,
        > {
            let method = __Method::path as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<
                    <Path as ::std::borrow::ToOwned>::Owned,
                    ::shared_runtime::Error,
                >,
            >(&self.target, method, &())
        }
        /// Calls `Store::first` where the object lives.
        pub fn first(
            &self,
        ) -> ::core::result::Result<
            ::core::option::Option<Order>,
            ::shared_runtime::Error,
        > {
            let method = __Method::first as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<
                    ::core::option::Option<
                        <Order as ::shared_runtime::__private::Reply>::Is,
                    >,
                    ::shared_runtime::Error,
                >,
            >(&self.target, method, &())
        }
        /// Calls `Store::order` where the object lives.
        pub fn order(
            &self,
        ) -> ::core::result::Result<Order, ::shared_runtime::CallError<Missing>> {
            let method = __Method::order as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<
                    <Order as ::shared_runtime::__private::Reply>::Is,
                    ::shared_runtime::CallError<
                        <Missing as ::shared_runtime::__private::Reply>::Is,
                    >,
                >,
            >(&self.target, method, &())
        }
        /// Calls `Store::read` where the object lives.
        pub fn read(
            &self,
        ) -> ::core::result::Result<
            <io::Result<
                [u8; Store::SIZE],
            > as ::shared_runtime::__private::ResultType>::Ok,
            ::shared_runtime::CallError<
                <io::Result<
                    [u8; Store::SIZE],
                > as ::shared_runtime::__private::ResultType>::Err,
            >,
        > {
            let method = __Method::read as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<
                    <<io::Result<
                        [u8; Store::SIZE],
                    > as ::shared_runtime::__private::ResultType>::Ok as ::shared_runtime::__private::Reply>::Is,
                    ::shared_runtime::CallError<
                        <<io::Result<
                            [u8; Store::SIZE],
                        > as ::shared_runtime::__private::ResultType>::Err as ::shared_runtime::__private::Reply>::Is,
                    >,
                >,
            >(&self.target, method, &())
        }
    }
    impl StoreCalls {
        /// Calls `Store::arguments` where the object lives.
        pub fn arguments(
            &self,
            text: &str,
            bytes: &[u8],
            numbers: &[u64],
            path: &Path,
            order: &Order,
            n: u8,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<(), ::shared_runtime::Error>,
        > {
            let method = __Method::arguments as u32;
            ::shared_runtime::__private::prepare::<
                (
                    &str,
                    ::shared_runtime::__private::Bytes<'_>,
                    &[u64],
                    &Path,
                    &<Order as ::shared_runtime::__private::Argument>::Is,
                    u8,
                ),
                ::core::result::Result<(), ::shared_runtime::Error>,
            >(
                &self.target,
                method,
                &(
                    text,
                    ::shared_runtime::__private::Bytes(bytes),
                    numbers,
                    path,
                    order,
                    n,
                ),
            )
        }
        /// Calls `Store::optional` where the object lives.
        pub fn optional(
            &self,
            text: ::core::option::Option<&str>,
            bytes: ::core::option::Option<&[u8]>,
            order: ::core::option::Option<&Order>,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<(), ::shared_runtime::Error>,
        > {
            let method = __Method::optional as u32;
            ::shared_runtime::__private::prepare::<
                (
                    ::core::option::Option<&str>,
                    ::core::option::Option<::shared_runtime::__private::Bytes<'_>>,
                    ::core::option::Option<
                        &<Order as ::shared_runtime::__private::Argument>::Is,
                    >,
                ),
                ::core::result::Result<(), ::shared_runtime::Error>,
            >(
                &self.target,
                method,
                &(text, bytes.map(::shared_runtime::__private::Bytes), order),
            )
        }
        /// Calls `Store::text` where the object lives.
        pub fn text(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<::std::string::String, ::shared_runtime::Error>,
        > {
            let method = __Method::text as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<::std::string::String, ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
        /// Calls `Store::numbers` where the object lives.
        pub fn numbers(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<::std::vec::Vec<u64>, ::shared_runtime::Error>,
        > {
            let method = __Method::numbers as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<::std::vec::Vec<u64>, ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
        /// Calls `Store::path` where the object lives.
        pub fn path(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<
                <Path as ::std::borrow::ToOwned>::Owned,
                ::shared_runtime::Error,
            >,
        > {
            let method = __Method::path as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<
                    <Path as ::std::borrow::ToOwned>::Owned,
                    ::shared_runtime::Error,
                >,
            >(&self.target, method, &())
        }
        /// Calls `Store::first` where the object lives.
        pub fn first(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<
                ::core::option::Option<Order>,
                ::shared_runtime::Error,
            >,
        > {
            let method = __Method::first as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<
                    ::core::option::Option<
                        <Order as ::shared_runtime::__private::Reply>::Is,
                    >,
                    ::shared_runtime::Error,
                >,
            >(&self.target, method, &())
        }
        /// Calls `Store::order` where the object lives.
        pub fn order(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<Order, ::shared_runtime::CallError<Missing>>,
        > {
            let method = __Method::order as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<
                    <Order as ::shared_runtime::__private::Reply>::Is,
                    ::shared_runtime::CallError<
                        <Missing as ::shared_runtime::__private::Reply>::Is,
                    >,
                >,
            >(&self.target, method, &())
        }
        /// Calls `Store::read` where the object lives.
        pub fn read(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<
                <io::Result<
                    [u8; Store::SIZE],
                > as ::shared_runtime::__private::ResultType>::Ok,
                ::shared_runtime::CallError<
                    <io::Result<
                        [u8; Store::SIZE],
                    > as ::shared_runtime::__private::ResultType>::Err,
                >,
            >,
        > {
            let method = __Method::read as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<
                    <<io::Result<
                        [u8; Store::SIZE],
                    > as ::shared_runtime::__private::ResultType>::Ok as ::shared_runtime::__private::Reply>::Is,
                    ::shared_runtime::CallError<
                        <<io::Result<
                            [u8; Store::SIZE],
                        > as ::shared_runtime::__private::ResultType>::Err as ::shared_runtime::__private::Reply>::Is,
                    >,
                >,
            >(&self.target, method, &())
        }
    }
    const __HOST: fn(Store) -> ::shared_runtime::Shared<Store> = ::shared_runtime::__private::host::<
        Store,
    >;
    impl ::shared_runtime::Shareable for Store {
        type Proxy = StoreProxy;
        type Calls = StoreCalls;
        fn interface() -> &'static ::shared_runtime::__private::Interface {
            &__INTERFACE
        }
    }
    impl ::shared_runtime::__private::Proxy for StoreProxy {
        fn from_target(target: ::shared_runtime::__private::Target) -> Self {
            Self { target }
        }
        fn target(&self) -> &::shared_runtime::__private::Target {
            &self.target
        }
    }
    impl ::shared_runtime::__private::Calls for StoreCalls {
        fn from_target(target: ::shared_runtime::__private::Target) -> Self {
            Self { target }
        }
    }
    static __INTERFACE: ::shared_runtime::__private::Interface = ::shared_runtime::__private::Interface {
        name: ::core::any::type_name::<Store>,
        constructors: &[],
        methods: &[
            ::shared_runtime::__private::Method {
                name: "arguments",
                signature: "(&self, &str, &[u8], &[u64], &Path, &Order, u8) -> ()",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Store>(object)?;
                    let arguments = arguments
                        .decode::<
                            (
                                <str as ::shared_runtime::__private::RefArg>::Decoded<'_>,
                                ::shared_runtime::__private::Bytes<'_>,
                                <[u64] as ::shared_runtime::__private::RefArg>::Decoded<'_>,
                                <Path as ::shared_runtime::__private::RefArg>::Decoded<'_>,
                                <<Order as ::shared_runtime::__private::Argument>::Is as ::shared_runtime::__private::RefArg>::Decoded<
                                    '_,
                                >,
                                u8,
                            ),
                        >()?;
                    let answer = <Store>::arguments(
                        object,
                        <str as ::shared_runtime::__private::RefArg>::borrow(
                            &arguments.0,
                        ),
                        arguments.1.0,
                        <[u64] as ::shared_runtime::__private::RefArg>::borrow(
                            &arguments.2,
                        ),
                        <Path as ::shared_runtime::__private::RefArg>::borrow(
                            &arguments.3,
                        ),
                        <<Order as ::shared_runtime::__private::Argument>::Is as ::shared_runtime::__private::RefArg>::borrow(
                            &arguments.4,
                        ),
                        arguments.5,
                    );
                    ::shared_runtime::__private::encode::<()>(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "optional",
                signature: "(&self, :: core::option::Option<&str>, :: core::option::Option<&[u8]>, :: core::option::Option<&Order>) -> ()",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Store>(object)?;
                    let arguments = arguments
                        .decode::<
                            (
                                ::core::option::Option<
                                    <str as ::shared_runtime::__private::RefArg>::Decoded<'_>,
                                >,
                                ::core::option::Option<
                                    ::shared_runtime::__private::Bytes<'_>,
                                >,
                                ::core::option::Option<
                                    <<Order as ::shared_runtime::__private::Argument>::Is as ::shared_runtime::__private::RefArg>::Decoded<
                                        '_,
                                    >,
                                >,
                            ),
                        >()?;
                    let answer = <Store>::optional(
                        object,
                        arguments
                            .0
                            .as_ref()
                            .map(<str as ::shared_runtime::__private::RefArg>::borrow),
                        arguments.1.map(|bytes| bytes.0),
                        arguments
                            .2
                            .as_ref()
                            .map(
                                <<Order as ::shared_runtime::__private::Argument>::Is as ::shared_runtime::__private::RefArg>::borrow,
                            ),
                    );
                    ::shared_runtime::__private::encode::<()>(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "text",
                signature: "(&self) -> &str",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Store>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Store>::text(object);
                    ::shared_runtime::__private::encode::<&str>(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "numbers",
                signature: "(&self) -> &[u64]",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Store>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Store>::numbers(object);
                    ::shared_runtime::__private::encode::<&[u64]>(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "path",
                signature: "(&mut self) -> &Path",
                run: ::shared_runtime::__private::Run::Exclusive(|object, arguments| {
                    let object = ::shared_runtime::__private::object_mut::<
                        Store,
                    >(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Store>::path(object);
                    ::shared_runtime::__private::encode::<&Path>(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "first",
                signature: "(&self) -> :: core::option::Option<&Order>",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Store>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Store>::first(object);
                    ::shared_runtime::__private::encode::<
                        ::core::option::Option<
                            &<Order as ::shared_runtime::__private::Reply>::Is,
                        >,
                    >(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "order",
                signature: "(&self) -> Result<&Order, Missing>",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Store>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Store>::order(object);
                    ::shared_runtime::__private::encode::<
                        ::core::result::Result<
                            &<Order as ::shared_runtime::__private::Reply>::Is,
                            <Missing as ::shared_runtime::__private::Reply>::Is,
                        >,
                    >(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "read",
                signature: "(&self) -> io::Result<[u8 ; Store::SIZE]>",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Store>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Store>::read(object);
                    ::shared_runtime::__private::encode::<
                        ::core::result::Result<
                            <<io::Result<
                                [u8; Store::SIZE],
                            > as ::shared_runtime::__private::ResultType>::Ok as ::shared_runtime::__private::Reply>::Is,
                            <<io::Result<
                                [u8; Store::SIZE],
                            > as ::shared_runtime::__private::ResultType>::Err as ::shared_runtime::__private::Reply>::Is,
                        >,
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
