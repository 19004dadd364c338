#[cfg(unix)]
#[deprecated = "use Meter"]
impl Gauge {
    /// Makes one.
    #[cfg(feature = "start")]
    #[must_use]
    pub fn new() -> Self {
        Self
    }
    /// The reading.
    ///
    /// In units.
    #[cfg(feature = "read")]
    #[inline]
    #[must_use = "reading has no effect"]
    #[expect(clippy::unused_self, reason = "for show")]
    pub fn read(&self) -> u64 {
        0
    }
    #[cfg(not(feature = "read"))]
    #[cfg_attr(docsrs, doc(hidden))]
    pub fn read(&self) -> u32 {
        0
    }
    pub fn r#type(&self) {}
}
/// What can be called on a `Shared<Gauge>`, in whichever process the object lives.
#[cfg(unix)]
#[deprecated = "use Meter"]
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct GaugeProxy {
    target: ::shared_runtime::__private::Target,
}
/// The methods of a `Shared<Gauge>` as calls that are not made at once: what `Shared::calls` returns.
#[cfg(unix)]
#[deprecated = "use Meter"]
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub struct GaugeCalls {
    target: ::shared_runtime::__private::Target,
}
#[cfg(unix)]
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
        #[cfg(feature = "start")]
        new,
    }
    #[allow(non_camel_case_types)]
    enum __Method {
        #[cfg(feature = "read")]
        read,
        #[cfg(not(feature = "read"))]
        read,
        r#type,
    }
    impl Gauge {
        /// Makes the object as [`new`](Self::new) does, in the process behind `server`, and returns its handle.
        #[cfg(feature = "start")]
        #[must_use]
        pub fn new_in(
            server: &::shared_runtime::ServerHandle,
        ) -> ::core::result::Result<
            ::shared_runtime::Shared<Gauge>,
            ::shared_runtime::Error,
        > {
            let constructor = __Constructor::new as u32;
            ::shared_runtime::__private::create::<
                Gauge,
                (),
                ::core::result::Result<
                    ::shared_runtime::Shared<Gauge>,
                    ::shared_runtime::Error,
                >,
            >(server, constructor, &())
        }
    }
    impl GaugeProxy {
        /// The reading.
        ///
        /// In units.
        #[cfg(feature = "read")]
        #[must_use = "reading has no effect"]
        #[allow(clippy::unused_self, reason = "for show")]
        pub fn read(&self) -> ::core::result::Result<u64, ::shared_runtime::Error> {
            let method = __Method::read as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<u64, ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
        /// Calls `Gauge::read` where the object lives.
        #[cfg(not(feature = "read"))]
        #[cfg_attr(docsrs, doc(hidden))]
        pub fn read(&self) -> ::core::result::Result<u32, ::shared_runtime::Error> {
            let method = __Method::read as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<u32, ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
        /// Calls `Gauge::type` where the object lives.
        pub fn r#type(&self) -> ::core::result::Result<(), ::shared_runtime::Error> {
            let method = __Method::r#type as u32;
            ::shared_runtime::__private::call::<
                (),
                ::core::result::Result<(), ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
    }
    impl GaugeCalls {
        /// The reading.
        ///
        /// In units.
        #[cfg(feature = "read")]
        #[must_use = "reading has no effect"]
        #[allow(clippy::unused_self, reason = "for show")]
        pub fn read(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<u64, ::shared_runtime::Error>,
        > {
            let method = __Method::read as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<u64, ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
        /// Calls `Gauge::read` where the object lives.
        #[cfg(not(feature = "read"))]
        #[cfg_attr(docsrs, doc(hidden))]
        pub fn read(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<u32, ::shared_runtime::Error>,
        > {
            let method = __Method::read as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<u32, ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
        /// Calls `Gauge::type` where the object lives.
        pub fn r#type(
            &self,
        ) -> ::shared_runtime::call::Call<
            ::core::result::Result<(), ::shared_runtime::Error>,
        > {
            let method = __Method::r#type as u32;
            ::shared_runtime::__private::prepare::<
                (),
                ::core::result::Result<(), ::shared_runtime::Error>,
            >(&self.target, method, &())
        }
    }
    const __HOST: fn(Gauge) -> ::shared_runtime::Shared<Gauge> = ::shared_runtime::__private::host::<
        Gauge,
    >;
    impl ::shared_runtime::Shareable for Gauge {
        type Proxy = GaugeProxy;
        type Calls = GaugeCalls;
        fn interface() -> &'static ::shared_runtime::__private::Interface {
            &__INTERFACE
        }
    }
    impl ::shared_runtime::__private::Proxy for GaugeProxy {
        fn from_target(target: ::shared_runtime::__private::Target) -> Self {
            Self { target }
        }
        fn target(&self) -> &::shared_runtime::__private::Target {
            &self.target
        }
    }
    impl ::shared_runtime::__private::Calls for GaugeCalls {
        fn from_target(target: ::shared_runtime::__private::Target) -> Self {
            Self { target }
        }
    }
    static __INTERFACE: ::shared_runtime::__private::Interface = ::shared_runtime::__private::Interface {
        name: ::core::any::type_name::<Gauge>,
        constructors: &[
            #[cfg(feature = "start")]
            ::shared_runtime::__private::Constructor {
                name: "new",
                signature: "() -> Self",
                run: |arguments| {
                    let arguments = arguments.decode::<()>()?;
                    let made = <Gauge>::new();
                    ::shared_runtime::__private::encode::<
                        ::shared_runtime::Shared<Gauge>,
                    >(&__HOST(made))
                },
            },
        ],
        methods: &[
            #[cfg(feature = "read")]
            ::shared_runtime::__private::Method {
                name: "read",
                signature: "(&self) -> u64",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Gauge>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Gauge>::read(object);
                    ::shared_runtime::__private::encode::<u64>(&answer)
                }),
            },
            #[cfg(not(feature = "read"))]
            ::shared_runtime::__private::Method {
                name: "read",
                signature: "(&self) -> u32",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Gauge>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Gauge>::read(object);
                    ::shared_runtime::__private::encode::<u32>(&answer)
                }),
            },
            ::shared_runtime::__private::Method {
                name: "type",
                signature: "(&self) -> ()",
                run: ::shared_runtime::__private::Run::Shared(|object, arguments| {
                    let object = ::shared_runtime::__private::object::<Gauge>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <Gauge>::r#type(object);
                    ::shared_runtime::__private::encode::<()>(&answer)
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
