impl Job {
    pub fn new(server: u8) -> Job {
        Self
    }
    pub fn open(path: &Path) -> Result<Self, OpenError> {
        Ok(Self)
    }
    pub fn current() -> Shared<Self> {
        todo()
    }
    pub fn find(id: u64) -> Result<Shared<Job>, Missing> {
        todo()
    }
    pub fn read() -> io::Result<Self> {
        todo()
    }
    pub fn count() -> usize {
        0
    }
    fn private() -> Self {
        Self
    }
}
/// What can be called on a `Shared<Job>`, in whichever process the object lives.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct JobProxy(::shared_runtime::__private::Target);
/// The methods of a `Shared<Job>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct JobCalls(::shared_runtime::__private::Target);
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
    impl Job {
        /// Makes the object as [`new`](Self::new) does, in the process behind `server`, and returns its handle.
        pub fn new_in(
            server: &__rt::ServerHandle,
            server: u8,
        ) -> ::core::result::Result<__rt::Shared<Job>, __rt::Error> {
            __rt::create(server, 0, &(server,))
        }
        /// Makes the object as [`open`](Self::open) does, in the process behind `server`, and returns its handle.
        pub fn open_in(
            server: &__rt::ServerHandle,
            path: &Path,
        ) -> ::core::result::Result<__rt::Shared<Job>, __rt::CallError<OpenError>> {
            __rt::create::<
                (&Path,),
                ::core::result::Result<
                    __rt::Shared<Job>,
                    __rt::CallError<<OpenError as __rt::ReplyType>::Is>,
                >,
            >(server, 1, &(path,))
        }
        /// Makes the object as [`current`](Self::current) does, in the process behind `server`, and returns its handle.
        pub fn current_in(
            server: &__rt::ServerHandle,
        ) -> ::core::result::Result<__rt::Shared<Job>, __rt::Error> {
            __rt::create(server, 2, &())
        }
        /// Makes the object as [`find`](Self::find) does, in the process behind `server`, and returns its handle.
        pub fn find_in(
            server: &__rt::ServerHandle,
            id: u64,
        ) -> ::core::result::Result<__rt::Shared<Job>, __rt::CallError<Missing>> {
            __rt::create::<
                (u64,),
                ::core::result::Result<
                    __rt::Shared<Job>,
                    __rt::CallError<<Missing as __rt::ReplyType>::Is>,
                >,
            >(server, 3, &(id,))
        }
        /// Makes the object as [`read`](Self::read) does, in the process behind `server`, and returns its handle.
        pub fn read_in(
            server: &__rt::ServerHandle,
        ) -> ::core::result::Result<
            __rt::Shared<Job>,
            __rt::CallError<<io::Result<Job> as __rt::ResultType>::Err>,
        > {
            __rt::create::<
                (),
                ::core::result::Result<
                    __rt::Shared<Job>,
                    __rt::CallError<
                        <<io::Result<
                            Job,
                        > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                    >,
                >,
            >(server, 4, &())
        }
    }
    impl JobProxy {}
    impl JobCalls {}
    impl __rt::Shareable for Job {
        type Proxy = JobProxy;
        type Calls = JobCalls;
        fn interface() -> &'static __rt::Interface {
            const {
                &__rt::Interface {
                    constructors: &[
                        __rt::Constructor::new(
                            "new",
                            |shapes| shapes.of::<(u8,), __rt::Shared<Job>>(),
                            |arguments| {
                                let (server,) = arguments.decode::<(u8,)>()?;
                                __rt::encode::<
                                    __rt::Shared<Job>,
                                >(&__rt::Shared::new(<Job>::new(server)))
                            },
                        ),
                        __rt::Constructor::new(
                            "open",
                            |shapes| {
                                shapes
                                    .of::<
                                        (<Path as __rt::RefArg>::Decoded<'_>,),
                                        ::core::result::Result<
                                            __rt::Shared<Job>,
                                            __rt::Replied<<OpenError as __rt::ReplyType>::Is>,
                                        >,
                                    >()
                            },
                            |arguments| {
                                let (path,) = arguments
                                    .decode::<(<Path as __rt::RefArg>::Decoded<'_>,)>()?;
                                __rt::encode::<
                                    ::core::result::Result<
                                        __rt::Shared<Job>,
                                        <OpenError as __rt::ReplyType>::Is,
                                    >,
                                >(
                                    &<Job>::open(<Path as __rt::RefArg>::borrow(&path))
                                        .map(__rt::Shared::new),
                                )
                            },
                        ),
                        __rt::Constructor::new(
                            "current",
                            |shapes| shapes.of::<(), __rt::Shared<Job>>(),
                            |arguments| {
                                arguments.decode::<()>()?;
                                __rt::encode::<__rt::Shared<Job>>(&<Job>::current())
                            },
                        ),
                        __rt::Constructor::new(
                            "find",
                            |shapes| {
                                shapes
                                    .of::<
                                        (u64,),
                                        ::core::result::Result<
                                            __rt::Shared<Job>,
                                            __rt::Replied<<Missing as __rt::ReplyType>::Is>,
                                        >,
                                    >()
                            },
                            |arguments| {
                                let (id,) = arguments.decode::<(u64,)>()?;
                                __rt::encode::<
                                    ::core::result::Result<
                                        __rt::Shared<Job>,
                                        <Missing as __rt::ReplyType>::Is,
                                    >,
                                >(&<Job>::find(id))
                            },
                        ),
                        __rt::Constructor::new(
                            "read",
                            |shapes| {
                                shapes
                                    .of::<
                                        (),
                                        ::core::result::Result<
                                            __rt::Shared<Job>,
                                            __rt::Replied<
                                                <<io::Result<
                                                    Job,
                                                > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                                            >,
                                        >,
                                    >()
                            },
                            |arguments| {
                                arguments.decode::<()>()?;
                                __rt::encode::<
                                    ::core::result::Result<
                                        __rt::Shared<Job>,
                                        <<io::Result<
                                            Job,
                                        > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                                    >,
                                >(&<Job>::read().map(__rt::Shared::new))
                            },
                        ),
                    ],
                    methods: &[],
                    ..__rt::Interface::of::<Job>()
                }
            }
        }
        fn implementation() -> &'static __rt::Implementation {
            const {
                &__rt::Implementation {
                    methods: &[],
                    ..__rt::Implementation::of::<
                        Job,
                    >(<Job as __rt::Shareable>::interface)
                }
            }
        }
        fn into_object(self) -> ::std::boxed::Box<__rt::Object> {
            __rt::shared_types_are_send_and_sync::<Job>(self)
        }
        fn proxy(target: __rt::Target) -> JobProxy {
            JobProxy(target)
        }
        fn target(proxy: &JobProxy) -> &__rt::Target {
            &proxy.0
        }
        fn calls(target: __rt::Target) -> JobCalls {
            JobCalls(target)
        }
    }
    use __rt::{IsError as _, IsNoError as _};
    #[__rt::linkme::distributed_slice(__rt::ERRORS)]
    #[linkme(crate = __rt::linkme)]
    static __ERROR_0: __rt::ErrorType = __rt::ErrorType {
        id: ::core::any::TypeId::of::<OpenError>,
        as_error: |error| (&__rt::Asked::<OpenError>::NEW).as_error(error),
    };
    #[__rt::linkme::distributed_slice(__rt::ERRORS)]
    #[linkme(crate = __rt::linkme)]
    static __ERROR_1: __rt::ErrorType = __rt::ErrorType {
        id: ::core::any::TypeId::of::<Missing>,
        as_error: |error| (&__rt::Asked::<Missing>::NEW).as_error(error),
    };
    #[__rt::linkme::distributed_slice(__rt::ERRORS)]
    #[linkme(crate = __rt::linkme)]
    static __ERROR_2: __rt::ErrorType = __rt::ErrorType {
        id: ::core::any::TypeId::of::<<io::Result<Job> as __rt::ResultType>::Err>,
        as_error: |error| {
            (&__rt::Asked::<<io::Result<Job> as __rt::ResultType>::Err>::NEW)
                .as_error(error)
        },
    };
    #[__rt::linkme::distributed_slice(__rt::IMPLEMENTATIONS)]
    #[linkme(crate = __rt::linkme)]
    static __ENTRY_0: fn() -> &'static __rt::Implementation = <Job as __rt::Shareable>::implementation;
};
