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
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct StoreProxy(::shared_runtime::__private::Target);
/// The methods of a `Shared<Store>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct StoreCalls(::shared_runtime::__private::Target);
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
        ) -> ::core::result::Result<(), __rt::Error> {
            __rt::call::<
                (
                    &str,
                    __rt::Bytes<'_>,
                    &[u64],
                    &Path,
                    &<Order as __rt::ArgumentType>::Is,
                    u8,
                ),
                ::core::result::Result<(), __rt::Error>,
            >(&self.0, 0, &(text, __rt::Bytes(bytes), numbers, path, order, n))
        }
        /// Calls `Store::optional` where the object lives.
        pub fn optional(
            &self,
            text: ::core::option::Option<&str>,
            bytes: ::core::option::Option<&[u8]>,
            order: ::core::option::Option<&Order>,
        ) -> ::core::result::Result<(), __rt::Error> {
            __rt::call::<
                (
                    ::core::option::Option<&str>,
                    ::core::option::Option<__rt::Bytes<'_>>,
                    ::core::option::Option<&<Order as __rt::ArgumentType>::Is>,
                ),
                ::core::result::Result<(), __rt::Error>,
            >(&self.0, 1, &(text, bytes.map(__rt::Bytes), order))
        }
        /// Calls `Store::text` where the object lives.
        pub fn text(
            &self,
        ) -> ::core::result::Result<::std::string::String, __rt::Error> {
            __rt::call(&self.0, 2, &())
        }
        /// Calls `Store::numbers` where the object lives.
        pub fn numbers(
            &self,
        ) -> ::core::result::Result<::std::vec::Vec<u64>, __rt::Error> {
            __rt::call(&self.0, 3, &())
        }
        /// Calls `Store::path` where the object lives.
        pub fn path(
            &self,
        ) -> ::core::result::Result<
            <Path as ::std::borrow::ToOwned>::Owned,
            __rt::Error,
        > {
            __rt::call(&self.0, 4, &())
        }
        /// Calls `Store::first` where the object lives.
        pub fn first(
            &self,
        ) -> ::core::result::Result<::core::option::Option<Order>, __rt::Error> {
            __rt::call::<
                (),
                ::core::result::Result<
                    ::core::option::Option<<Order as __rt::ReplyType>::Is>,
                    __rt::Error,
                >,
            >(&self.0, 5, &())
        }
        /// Calls `Store::order` where the object lives.
        pub fn order(&self) -> ::core::result::Result<Order, __rt::CallError<Missing>> {
            __rt::call::<
                (),
                ::core::result::Result<
                    <Order as __rt::ReplyType>::Is,
                    __rt::CallError<<Missing as __rt::ReplyType>::Is>,
                >,
            >(&self.0, 6, &())
        }
        /// Calls `Store::read` where the object lives.
        pub fn read(
            &self,
        ) -> ::core::result::Result<
            <io::Result<[u8; <Store>::SIZE]> as __rt::ResultType>::Ok,
            __rt::CallError<<io::Result<[u8; <Store>::SIZE]> as __rt::ResultType>::Err>,
        > {
            __rt::call::<
                (),
                ::core::result::Result<
                    <<io::Result<
                        [u8; <Store>::SIZE],
                    > as __rt::ResultType>::Ok as __rt::ReplyType>::Is,
                    __rt::CallError<
                        <<io::Result<
                            [u8; <Store>::SIZE],
                        > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                    >,
                >,
            >(&self.0, 7, &())
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
        ) -> __rt::Call<::core::result::Result<(), __rt::Error>> {
            __rt::prepare::<
                (
                    &str,
                    __rt::Bytes<'_>,
                    &[u64],
                    &Path,
                    &<Order as __rt::ArgumentType>::Is,
                    u8,
                ),
                ::core::result::Result<(), __rt::Error>,
            >(&self.0, 0, &(text, __rt::Bytes(bytes), numbers, path, order, n))
        }
        /// Calls `Store::optional` where the object lives.
        pub fn optional(
            &self,
            text: ::core::option::Option<&str>,
            bytes: ::core::option::Option<&[u8]>,
            order: ::core::option::Option<&Order>,
        ) -> __rt::Call<::core::result::Result<(), __rt::Error>> {
            __rt::prepare::<
                (
                    ::core::option::Option<&str>,
                    ::core::option::Option<__rt::Bytes<'_>>,
                    ::core::option::Option<&<Order as __rt::ArgumentType>::Is>,
                ),
                ::core::result::Result<(), __rt::Error>,
            >(&self.0, 1, &(text, bytes.map(__rt::Bytes), order))
        }
        /// Calls `Store::text` where the object lives.
        pub fn text(
            &self,
        ) -> __rt::Call<::core::result::Result<::std::string::String, __rt::Error>> {
            __rt::prepare(&self.0, 2, &())
        }
        /// Calls `Store::numbers` where the object lives.
        pub fn numbers(
            &self,
        ) -> __rt::Call<::core::result::Result<::std::vec::Vec<u64>, __rt::Error>> {
            __rt::prepare(&self.0, 3, &())
        }
        /// Calls `Store::path` where the object lives.
        pub fn path(
            &self,
        ) -> __rt::Call<
            ::core::result::Result<<Path as ::std::borrow::ToOwned>::Owned, __rt::Error>,
        > {
            __rt::prepare(&self.0, 4, &())
        }
        /// Calls `Store::first` where the object lives.
        pub fn first(
            &self,
        ) -> __rt::Call<
            ::core::result::Result<::core::option::Option<Order>, __rt::Error>,
        > {
            __rt::prepare::<
                (),
                ::core::result::Result<
                    ::core::option::Option<<Order as __rt::ReplyType>::Is>,
                    __rt::Error,
                >,
            >(&self.0, 5, &())
        }
        /// Calls `Store::order` where the object lives.
        pub fn order(
            &self,
        ) -> __rt::Call<::core::result::Result<Order, __rt::CallError<Missing>>> {
            __rt::prepare::<
                (),
                ::core::result::Result<
                    <Order as __rt::ReplyType>::Is,
                    __rt::CallError<<Missing as __rt::ReplyType>::Is>,
                >,
            >(&self.0, 6, &())
        }
        /// Calls `Store::read` where the object lives.
        pub fn read(
            &self,
        ) -> __rt::Call<
            ::core::result::Result<
                <io::Result<[u8; <Store>::SIZE]> as __rt::ResultType>::Ok,
                __rt::CallError<
                    <io::Result<[u8; <Store>::SIZE]> as __rt::ResultType>::Err,
                >,
            >,
        > {
            __rt::prepare::<
                (),
                ::core::result::Result<
                    <<io::Result<
                        [u8; <Store>::SIZE],
                    > as __rt::ResultType>::Ok as __rt::ReplyType>::Is,
                    __rt::CallError<
                        <<io::Result<
                            [u8; <Store>::SIZE],
                        > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                    >,
                >,
            >(&self.0, 7, &())
        }
    }
    impl __rt::Shareable for Store {
        type Proxy = StoreProxy;
        type Calls = StoreCalls;
        fn interface() -> &'static __rt::Interface {
            const {
                &__rt::Interface {
                    methods: &[
                        __rt::Method::new(
                            "arguments",
                            |shapes| {
                                shapes
                                    .of::<
                                        (
                                            &str,
                                            __rt::Bytes<'_>,
                                            __rt::DecodedSlice<u64>,
                                            <Path as __rt::RefArg>::Decoded<'_>,
                                            __rt::Decoded<<Order as __rt::ArgumentType>::Is>,
                                            u8,
                                        ),
                                        (),
                                    >()
                            },
                        ),
                        __rt::Method::new(
                            "optional",
                            |shapes| {
                                shapes
                                    .of::<
                                        (
                                            ::core::option::Option<&str>,
                                            ::core::option::Option<__rt::Bytes<'_>>,
                                            ::core::option::Option<
                                                __rt::Decoded<<Order as __rt::ArgumentType>::Is>,
                                            >,
                                        ),
                                        (),
                                    >()
                            },
                        ),
                        __rt::Method::new(
                            "text",
                            |shapes| shapes.of::<(), ::std::string::String>(),
                        ),
                        __rt::Method::new(
                            "numbers",
                            |shapes| shapes.of::<(), ::std::vec::Vec<u64>>(),
                        ),
                        __rt::Method::new(
                            "path",
                            |shapes| {
                                shapes.of::<(), <Path as ::std::borrow::ToOwned>::Owned>()
                            },
                        ),
                        __rt::Method::new(
                            "first",
                            |shapes| {
                                shapes
                                    .of::<
                                        (),
                                        ::core::option::Option<
                                            __rt::Replied<<Order as __rt::ReplyType>::Is>,
                                        >,
                                    >()
                            },
                        ),
                        __rt::Method::new(
                            "order",
                            |shapes| {
                                shapes
                                    .of::<
                                        (),
                                        ::core::result::Result<
                                            __rt::Replied<<Order as __rt::ReplyType>::Is>,
                                            __rt::Replied<<Missing as __rt::ReplyType>::Is>,
                                        >,
                                    >()
                            },
                        ),
                        __rt::Method::new(
                            "read",
                            |shapes| {
                                shapes
                                    .of::<
                                        (),
                                        ::core::result::Result<
                                            __rt::Replied<
                                                <<io::Result<
                                                    [u8; <Store>::SIZE],
                                                > as __rt::ResultType>::Ok as __rt::ReplyType>::Is,
                                            >,
                                            __rt::Replied<
                                                <<io::Result<
                                                    [u8; <Store>::SIZE],
                                                > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                                            >,
                                        >,
                                    >()
                            },
                        ),
                    ],
                    ..__rt::Interface::of::<Store>()
                }
            }
        }
        fn implementation() -> &'static __rt::Implementation {
            const {
                &__rt::Implementation {
                    methods: &[
                        __rt::Run::Shared(|object, arguments| {
                            let (
                                text,
                                __rt::Bytes(bytes),
                                __rt::DecodedSlice(numbers),
                                path,
                                __rt::Decoded(order),
                                n,
                            ) = arguments
                                .decode::<
                                    (
                                        &str,
                                        __rt::Bytes<'_>,
                                        __rt::DecodedSlice<u64>,
                                        <Path as __rt::RefArg>::Decoded<'_>,
                                        __rt::Decoded<<Order as __rt::ArgumentType>::Is>,
                                        u8,
                                    ),
                                >()?;
                            __rt::encode::<
                                (),
                            >(
                                &<Store>::arguments(
                                    __rt::object(object)?,
                                    text,
                                    bytes,
                                    &numbers,
                                    <Path as __rt::RefArg>::borrow(&path),
                                    &order,
                                    n,
                                ),
                            )
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            let (text, bytes, order) = arguments
                                .decode::<
                                    (
                                        ::core::option::Option<&str>,
                                        ::core::option::Option<__rt::Bytes<'_>>,
                                        ::core::option::Option<
                                            __rt::Decoded<<Order as __rt::ArgumentType>::Is>,
                                        >,
                                    ),
                                >()?;
                            __rt::encode::<
                                (),
                            >(
                                &<Store>::optional(
                                    __rt::object(object)?,
                                    text,
                                    bytes.map(|argument| argument.0),
                                    order.as_ref().map(|argument| &argument.0),
                                ),
                            )
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<&str>(&<Store>::text(__rt::object(object)?))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<
                                &[u64],
                            >(&<Store>::numbers(__rt::object(object)?))
                        }),
                        __rt::Run::Exclusive(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<
                                &Path,
                            >(&<Store>::path(__rt::object_mut(object)?))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<
                                ::core::option::Option<&<Order as __rt::ReplyType>::Is>,
                            >(&<Store>::first(__rt::object(object)?))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<
                                ::core::result::Result<
                                    &<Order as __rt::ReplyType>::Is,
                                    <Missing as __rt::ReplyType>::Is,
                                >,
                            >(&<Store>::order(__rt::object(object)?))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<
                                ::core::result::Result<
                                    <<io::Result<
                                        [u8; <Store>::SIZE],
                                    > as __rt::ResultType>::Ok as __rt::ReplyType>::Is,
                                    <<io::Result<
                                        [u8; <Store>::SIZE],
                                    > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                                >,
                            >(&<Store>::read(__rt::object(object)?))
                        }),
                    ],
                    ..__rt::Implementation::of::<
                        Store,
                    >(<Store as __rt::Shareable>::interface)
                }
            }
        }
        fn into_object(self) -> ::std::boxed::Box<__rt::Object> {
            __rt::shared_types_are_send_and_sync::<Store>(self)
        }
        fn proxy(target: __rt::Target) -> StoreProxy {
            StoreProxy(target)
        }
        fn target(proxy: &StoreProxy) -> &__rt::Target {
            &proxy.0
        }
        fn calls(target: __rt::Target) -> StoreCalls {
            StoreCalls(target)
        }
    }
    use __rt::{IsError as _, IsNoError as _};
    #[__rt::linkme::distributed_slice(__rt::ERRORS)]
    #[linkme(crate = __rt::linkme)]
    static __ERROR_0: __rt::ErrorType = __rt::ErrorType {
        id: ::core::any::TypeId::of::<Missing>,
        as_error: |error| (&__rt::Asked::<Missing>::NEW).as_error(error),
    };
    #[__rt::linkme::distributed_slice(__rt::ERRORS)]
    #[linkme(crate = __rt::linkme)]
    static __ERROR_1: __rt::ErrorType = __rt::ErrorType {
        id: ::core::any::TypeId::of::<
            <io::Result<[u8; <Store>::SIZE]> as __rt::ResultType>::Err,
        >,
        as_error: |error| {
            (&__rt::Asked::<
                <io::Result<[u8; <Store>::SIZE]> as __rt::ResultType>::Err,
            >::NEW)
                .as_error(error)
        },
    };
    #[__rt::linkme::distributed_slice(__rt::IMPLEMENTATIONS)]
    #[linkme(crate = __rt::linkme)]
    static __ENTRY_0: fn() -> &'static __rt::Implementation = <Store as __rt::Shareable>::implementation;
};
