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
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct GaugeProxy(::shared_runtime::__private::Target);
/// The methods of a `Shared<Gauge>` as calls that are not made at once: what `Shared::calls` returns.
#[cfg(unix)]
#[deprecated = "use Meter"]
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub struct GaugeCalls(::shared_runtime::__private::Target);
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
    use ::shared_runtime::__private as __rt;
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
            server: &__rt::ServerHandle,
        ) -> ::core::result::Result<__rt::Shared<Gauge>, __rt::Error> {
            __rt::create(server, __Constructor::new as u32, &())
        }
    }
    impl GaugeProxy {
        /// The reading.
        ///
        /// In units.
        #[cfg(feature = "read")]
        #[must_use = "reading has no effect"]
        #[allow(clippy::unused_self, reason = "for show")]
        pub fn read(&self) -> ::core::result::Result<u64, __rt::Error> {
            __rt::call(&self.0, __Method::read as u32, &())
        }
        /// Calls `Gauge::read` where the object lives.
        #[cfg(not(feature = "read"))]
        #[cfg_attr(docsrs, doc(hidden))]
        pub fn read(&self) -> ::core::result::Result<u32, __rt::Error> {
            __rt::call(&self.0, __Method::read as u32, &())
        }
        /// Calls `Gauge::type` where the object lives.
        pub fn r#type(&self) -> ::core::result::Result<(), __rt::Error> {
            __rt::call(&self.0, __Method::r#type as u32, &())
        }
    }
    impl GaugeCalls {
        /// The reading.
        ///
        /// In units.
        #[cfg(feature = "read")]
        #[must_use = "reading has no effect"]
        #[allow(clippy::unused_self, reason = "for show")]
        pub fn read(&self) -> __rt::Call<::core::result::Result<u64, __rt::Error>> {
            __rt::prepare(&self.0, __Method::read as u32, &())
        }
        /// Calls `Gauge::read` where the object lives.
        #[cfg(not(feature = "read"))]
        #[cfg_attr(docsrs, doc(hidden))]
        pub fn read(&self) -> __rt::Call<::core::result::Result<u32, __rt::Error>> {
            __rt::prepare(&self.0, __Method::read as u32, &())
        }
        /// Calls `Gauge::type` where the object lives.
        pub fn r#type(&self) -> __rt::Call<::core::result::Result<(), __rt::Error>> {
            __rt::prepare(&self.0, __Method::r#type as u32, &())
        }
    }
    impl __rt::Shareable for Gauge {
        type Proxy = GaugeProxy;
        type Calls = GaugeCalls;
        fn interface() -> &'static __rt::Interface {
            const {
                &__rt::Interface {
                    constructors: &[
                        #[cfg(feature = "start")]
                        __rt::Constructor::new(
                            "new",
                            |shapes| shapes.of::<(), __rt::Shared<Gauge>>(),
                            |arguments| {
                                arguments.decode::<()>()?;
                                __rt::encode::<
                                    __rt::Shared<Gauge>,
                                >(&__rt::Shared::new(<Gauge>::new()))
                            },
                        ),
                    ],
                    methods: &[
                        #[cfg(feature = "read")]
                        __rt::Method::new("read", |shapes| shapes.of::<(), u64>()),
                        #[cfg(not(feature = "read"))]
                        __rt::Method::new("read", |shapes| shapes.of::<(), u32>()),
                        __rt::Method::new("type", |shapes| shapes.of::<(), ()>()),
                    ],
                    ..__rt::Interface::of::<Gauge>()
                }
            }
        }
        fn implementation() -> &'static __rt::Implementation {
            const {
                &__rt::Implementation {
                    methods: &[
                        #[cfg(feature = "read")]
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<u64>(&<Gauge>::read(__rt::object(object)?))
                        }),
                        #[cfg(not(feature = "read"))]
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<u32>(&<Gauge>::read(__rt::object(object)?))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<()>(&<Gauge>::r#type(__rt::object(object)?))
                        }),
                    ],
                    ..__rt::Implementation::of::<
                        Gauge,
                    >(<Gauge as __rt::Shareable>::interface)
                }
            }
        }
        fn into_object(self) -> ::std::boxed::Box<__rt::Object> {
            __rt::shared_types_are_send_and_sync::<Gauge>(self)
        }
        fn proxy(target: __rt::Target) -> GaugeProxy {
            GaugeProxy(target)
        }
        fn target(proxy: &GaugeProxy) -> &__rt::Target {
            &proxy.0
        }
        fn calls(target: __rt::Target) -> GaugeCalls {
            GaugeCalls(target)
        }
    }
    #[__rt::linkme::distributed_slice(__rt::IMPLEMENTATIONS)]
    #[linkme(crate = __rt::linkme)]
    static __ENTRY_0: fn() -> &'static __rt::Implementation = <Gauge as __rt::Shareable>::implementation;
};
