impl models::Model {
    pub fn load() -> Self {
        Self
    }
    pub(crate) fn clone(&self) -> Self {
        Self
    }
    pub fn save(&mut self) -> Saved<u64> {
        Ok(1)
    }
    pub fn check(&self) -> Result<(), String> {
        Ok(())
    }
    pub fn local(&self) {}
}
/// What can be called on a `Shared<models::Model>`, in whichever process the object lives.
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub(crate) struct RemoteModel {
    target: crate::rt::__private::Target,
}
/// The methods of a `Shared<models::Model>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, unreachable_pub)]
#[derive(::core::clone::Clone, ::core::fmt::Debug)]
pub(crate) struct ModelCalls {
    target: crate::rt::__private::Target,
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
        load,
    }
    #[allow(non_camel_case_types)]
    enum __Method {
        clone,
        save,
        check,
    }
    impl models::Model {
        /// Makes the object as [`load`](Self::load) does, in the process behind `server`, and returns its handle.
        pub fn load_in(
            server: &crate::rt::ServerHandle,
        ) -> ::core::result::Result<crate::rt::Shared<models::Model>, crate::rt::Error> {
            let constructor = __Constructor::load as u32;
            crate::rt::__private::create::<
                models::Model,
                (),
                ::core::result::Result<
                    crate::rt::Shared<models::Model>,
                    crate::rt::Error,
                >,
            >(server, constructor, &())
        }
    }
    impl RemoteModel {
        /// Calls `models::Model::clone` where the object lives.
        pub(crate) fn copy(&self) -> ::core::result::Result<Self, crate::rt::Error> {
            let method = __Method::clone as u32;
            crate::rt::__private::call::<
                (),
                ::core::result::Result<
                    <Self as crate::rt::__private::Reply>::Is,
                    crate::rt::Error,
                >,
            >(&self.target, method, &())
        }
        /// Calls `models::Model::save` where the object lives.
        pub fn save(
            &self,
        ) -> ::core::result::Result<
            <Saved<u64> as crate::rt::__private::ResultType>::Ok,
            crate::rt::CallError<<Saved<u64> as crate::rt::__private::ResultType>::Err>,
        > {
            let method = __Method::save as u32;
            crate::rt::__private::call::<
                (),
                ::core::result::Result<
                    <<Saved<
                        u64,
                    > as crate::rt::__private::ResultType>::Ok as crate::rt::__private::Reply>::Is,
                    crate::rt::CallError<
                        <<Saved<
                            u64,
                        > as crate::rt::__private::ResultType>::Err as crate::rt::__private::Reply>::Is,
                    >,
                >,
            >(&self.target, method, &())
        }
        /// Calls `models::Model::check` where the object lives.
        pub fn check(
            &self,
        ) -> ::core::result::Result<Result<(), String>, crate::rt::Error> {
            let method = __Method::check as u32;
            crate::rt::__private::call::<
                (),
                ::core::result::Result<
                    <Result<(), String> as crate::rt::__private::Reply>::Is,
                    crate::rt::Error,
                >,
            >(&self.target, method, &())
        }
    }
    impl ModelCalls {
        /// Calls `models::Model::clone` where the object lives.
        pub(crate) fn copy(
            &self,
        ) -> crate::rt::call::Call<::core::result::Result<Self, crate::rt::Error>> {
            let method = __Method::clone as u32;
            crate::rt::__private::prepare::<
                (),
                ::core::result::Result<
                    <Self as crate::rt::__private::Reply>::Is,
                    crate::rt::Error,
                >,
            >(&self.target, method, &())
        }
        /// Calls `models::Model::save` where the object lives.
        pub fn save(
            &self,
        ) -> crate::rt::call::Call<
            ::core::result::Result<
                <Saved<u64> as crate::rt::__private::ResultType>::Ok,
                crate::rt::CallError<
                    <Saved<u64> as crate::rt::__private::ResultType>::Err,
                >,
            >,
        > {
            let method = __Method::save as u32;
            crate::rt::__private::prepare::<
                (),
                ::core::result::Result<
                    <<Saved<
                        u64,
                    > as crate::rt::__private::ResultType>::Ok as crate::rt::__private::Reply>::Is,
                    crate::rt::CallError<
                        <<Saved<
                            u64,
                        > as crate::rt::__private::ResultType>::Err as crate::rt::__private::Reply>::Is,
                    >,
                >,
            >(&self.target, method, &())
        }
        /// Calls `models::Model::check` where the object lives.
        pub fn check(
            &self,
        ) -> crate::rt::call::Call<
            ::core::result::Result<Result<(), String>, crate::rt::Error>,
        > {
            let method = __Method::check as u32;
            crate::rt::__private::prepare::<
                (),
                ::core::result::Result<
                    <Result<(), String> as crate::rt::__private::Reply>::Is,
                    crate::rt::Error,
                >,
            >(&self.target, method, &())
        }
    }
    const __HOST: fn(models::Model) -> crate::rt::Shared<models::Model> = crate::rt::__private::host::<
        models::Model,
    >;
    impl crate::rt::Shareable for models::Model {
        type Proxy = RemoteModel;
        type Calls = ModelCalls;
        fn interface() -> &'static crate::rt::__private::Interface {
            &__INTERFACE
        }
    }
    impl crate::rt::__private::Proxy for RemoteModel {
        fn from_target(target: crate::rt::__private::Target) -> Self {
            Self { target }
        }
        fn target(&self) -> &crate::rt::__private::Target {
            &self.target
        }
    }
    impl crate::rt::__private::Calls for ModelCalls {
        fn from_target(target: crate::rt::__private::Target) -> Self {
            Self { target }
        }
    }
    static __INTERFACE: crate::rt::__private::Interface = crate::rt::__private::Interface {
        name: || "models.Model",
        constructors: &[
            crate::rt::__private::Constructor {
                name: "load",
                signature: "() -> Self",
                run: |arguments| {
                    let arguments = arguments.decode::<()>()?;
                    let made = <models::Model>::load();
                    crate::rt::__private::encode::<
                        crate::rt::Shared<models::Model>,
                    >(&__HOST(made))
                },
            },
        ],
        methods: &[
            crate::rt::__private::Method {
                name: "copy",
                signature: "(&self) -> Self",
                run: crate::rt::__private::Run::Shared(|object, arguments| {
                    let object = crate::rt::__private::object::<models::Model>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <models::Model>::clone(object);
                    crate::rt::__private::encode::<
                        <Self as crate::rt::__private::Reply>::Is,
                    >(&answer)
                }),
            },
            crate::rt::__private::Method {
                name: "save",
                signature: "(&mut self) -> Saved<u64>",
                run: crate::rt::__private::Run::Exclusive(|object, arguments| {
                    let object = crate::rt::__private::object_mut::<
                        models::Model,
                    >(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <models::Model>::save(object);
                    crate::rt::__private::encode::<
                        ::core::result::Result<
                            <<Saved<
                                u64,
                            > as crate::rt::__private::ResultType>::Ok as crate::rt::__private::Reply>::Is,
                            <<Saved<
                                u64,
                            > as crate::rt::__private::ResultType>::Err as crate::rt::__private::Reply>::Is,
                        >,
                    >(&answer)
                }),
            },
            crate::rt::__private::Method {
                name: "check",
                signature: "(&self) -> Result<(), String>",
                run: crate::rt::__private::Run::Shared(|object, arguments| {
                    let object = crate::rt::__private::object::<models::Model>(object)?;
                    let arguments = arguments.decode::<()>()?;
                    let answer = <models::Model>::check(object);
                    crate::rt::__private::encode::<
                        <Result<(), String> as crate::rt::__private::Reply>::Is,
                    >(&answer)
                }),
            },
        ],
    };
    #[crate::rt::__private::linkme::distributed_slice(crate::rt::__private::INTERFACES)]
    #[linkme(crate = crate::rt::__private::linkme)]
    static __ENTRY: &'static crate::rt::__private::Interface = &__INTERFACE;
};
