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
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct JobProxy {
    target: ::shared_runtime::__private::Target,
}
/// The methods of a `Shared<Job>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct JobCalls {
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
        open,
        current,
        find,
        read,
    }
    impl Job {
        /// Makes the object as [`new`](Self::new) does, in the process behind `server`, and returns its handle.
        pub fn new_in(
            server: &::shared_runtime::ServerHandle,
            server: u8,
        ) -> ::core::result::Result<
            ::shared_runtime::Shared<Job>,
            ::shared_runtime::Error,
        > {
            let constructor = __Constructor::new as u32;
            ::shared_runtime::__private::create::<
                Job,
                (u8,),
                ::core::result::Result<
                    ::shared_runtime::Shared<Job>,
                    ::shared_runtime::Error,
                >,
            >(server, constructor, &(server,))
        }
        /// Makes the object as [`open`](Self::open) does, in the process behind `server`, and returns its handle.
        pub fn open_in(
            server: &::shared_runtime::ServerHandle,
            path: &Path,
        ) -> ::core::result::Result<
            ::shared_runtime::Shared<Job>,
            ::shared_runtime::CallError<OpenError>,
        > {
            let constructor = __Constructor::open as u32;
            ::shared_runtime::__private::create::<
                Job,
                (&Path,),
                ::core::result::Result<
                    ::shared_runtime::Shared<Job>,
                    ::shared_runtime::CallError<
                        <OpenError as ::shared_runtime::__private::Reply>::Is,
                    >,
                >,
            >(server, constructor, &(path,))
        }
        /// Makes the object as [`current`](Self::current) does, in the process behind `server`, and returns its handle.
        pub fn current_in(
            server: &::shared_runtime::ServerHandle,
        ) -> ::core::result::Result<
            ::shared_runtime::Shared<Job>,
            ::shared_runtime::Error,
        > {
            let constructor = __Constructor::current as u32;
            ::shared_runtime::__private::create::<
                Job,
                (),
                ::core::result::Result<
                    ::shared_runtime::Shared<Job>,
                    ::shared_runtime::Error,
                >,
            >(server, constructor, &())
        }
        /// Makes the object as [`find`](Self::find) does, in the process behind `server`, and returns its handle.
        pub fn find_in(
            server: &::shared_runtime::ServerHandle,
            id: u64,
        ) -> ::core::result::Result<
            ::shared_runtime::Shared<Job>,
            ::shared_runtime::CallError<Missing>,
        > {
            let constructor = __Constructor::find as u32;
            ::shared_runtime::__private::create::<
                Job,
                (u64,),
                ::core::result::Result<
                    ::shared_runtime::Shared<Job>,
                    ::shared_runtime::CallError<
                        <Missing as ::shared_runtime::__private::Reply>::Is,
                    >,
                >,
            >(server, constructor, &(id,))
        }
        /// Makes the object as [`read`](Self::read) does, in the process behind `server`, and returns its handle.
        pub fn read_in(
            server: &::shared_runtime::ServerHandle,
        ) -> ::core::result::Result<
            ::shared_runtime::Shared<Job>,
            ::shared_runtime::CallError<
                <io::Result<Job> as ::shared_runtime::__private::ResultType>::Err,
            >,
        > {
            let constructor = __Constructor::read as u32;
            ::shared_runtime::__private::create::<
                Job,
                (),
                ::core::result::Result<
                    ::shared_runtime::Shared<Job>,
                    ::shared_runtime::CallError<
                        <<io::Result<
                            Job,
                        > as ::shared_runtime::__private::ResultType>::Err as ::shared_runtime::__private::Reply>::Is,
                    >,
                >,
            >(server, constructor, &())
        }
    }
    impl JobProxy {}
    impl JobCalls {}
    const __HOST: fn(Job) -> ::shared_runtime::Shared<Job> = ::shared_runtime::__private::host::<
        Job,
    >;
    impl ::shared_runtime::Shareable for Job {
        type Proxy = JobProxy;
        type Calls = JobCalls;
        fn interface() -> &'static ::shared_runtime::__private::Interface {
            &__INTERFACE
        }
    }
    impl ::shared_runtime::__private::Proxy for JobProxy {
        fn from_target(target: ::shared_runtime::__private::Target) -> Self {
            Self { target }
        }
        fn target(&self) -> &::shared_runtime::__private::Target {
            &self.target
        }
    }
    impl ::shared_runtime::__private::Calls for JobCalls {
        fn from_target(target: ::shared_runtime::__private::Target) -> Self {
            Self { target }
        }
    }
    static __INTERFACE: ::shared_runtime::__private::Interface = ::shared_runtime::__private::Interface {
        name: ::core::any::type_name::<Job>,
        constructors: &[
            ::shared_runtime::__private::Constructor {
                name: "new",
                signature: "(u8) -> Self",
                run: |arguments| {
                    let arguments = arguments.decode::<(u8,)>()?;
                    let made = <Job>::new(arguments.0);
                    ::shared_runtime::__private::encode::<
                        ::shared_runtime::Shared<Job>,
                    >(&__HOST(made))
                },
            },
            ::shared_runtime::__private::Constructor {
                name: "open",
                signature: "(&Path) -> Result<Self, OpenError>",
                run: |arguments| {
                    let arguments = arguments
                        .decode::<
                            (<Path as ::shared_runtime::__private::RefArg>::Decoded<'_>,),
                        >()?;
                    let made = <Job>::open(
                        <Path as ::shared_runtime::__private::RefArg>::borrow(
                            &arguments.0,
                        ),
                    );
                    ::shared_runtime::__private::encode::<
                        ::core::result::Result<
                            ::shared_runtime::Shared<Job>,
                            <OpenError as ::shared_runtime::__private::Reply>::Is,
                        >,
                    >(&made.map(__HOST))
                },
            },
            ::shared_runtime::__private::Constructor {
                name: "current",
                signature: "() -> Self",
                run: |arguments| {
                    let arguments = arguments.decode::<()>()?;
                    let made = <Job>::current();
                    ::shared_runtime::__private::encode::<
                        ::shared_runtime::Shared<Job>,
                    >(&made)
                },
            },
            ::shared_runtime::__private::Constructor {
                name: "find",
                signature: "(u64) -> Result<Self, Missing>",
                run: |arguments| {
                    let arguments = arguments.decode::<(u64,)>()?;
                    let made = <Job>::find(arguments.0);
                    ::shared_runtime::__private::encode::<
                        ::core::result::Result<
                            ::shared_runtime::Shared<Job>,
                            <Missing as ::shared_runtime::__private::Reply>::Is,
                        >,
                    >(&made)
                },
            },
            ::shared_runtime::__private::Constructor {
                name: "read",
                signature: "() -> Result<Self ,<io::Result<Job> as::shared_runtime::__private::ResultType>::Err>",
                run: |arguments| {
                    let arguments = arguments.decode::<()>()?;
                    let made = <Job>::read();
                    ::shared_runtime::__private::encode::<
                        ::core::result::Result<
                            ::shared_runtime::Shared<Job>,
                            <<io::Result<
                                Job,
                            > as ::shared_runtime::__private::ResultType>::Err as ::shared_runtime::__private::Reply>::Is,
                        >,
                    >(&made.map(__HOST))
                },
            },
        ],
        methods: &[],
    };
    #[::shared_runtime::__private::linkme::distributed_slice(
        ::shared_runtime::__private::INTERFACES
    )]
    #[linkme(crate = ::shared_runtime::__private::linkme)]
    static __ENTRY: &'static ::shared_runtime::__private::Interface = &__INTERFACE;
};
