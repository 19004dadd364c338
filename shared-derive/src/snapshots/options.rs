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
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub(crate) struct RemoteModel(crate::rt::__private::Target);
/// The methods of a `Shared<models::Model>` as calls that are not made at once: what `Shared::calls` returns.
#[allow(dead_code, non_camel_case_types, unreachable_pub)]
#[derive(::core::fmt::Debug)]
pub(crate) struct ModelCalls(crate::rt::__private::Target);
#[allow(
    deprecated,
    dead_code,
    private_interfaces,
    unreachable_pub,
    clippy::all,
    clippy::pedantic
)]
const _: () = {
    use crate::rt::__private as __rt;
    impl models::Model {
        /// Makes the object as [`load`](Self::load) does, in the process behind `server`, and returns its handle.
        pub fn load_in(
            server: &__rt::ServerHandle,
        ) -> ::core::result::Result<__rt::Shared<models::Model>, __rt::Error> {
            __rt::create(server, 0, &())
        }
    }
    impl RemoteModel {
        /// Calls `models::Model::clone` where the object lives.
        pub(crate) fn copy(&self) -> ::core::result::Result<models::Model, __rt::Error> {
            __rt::call::<
                (),
                ::core::result::Result<
                    <models::Model as __rt::ReplyType>::Is,
                    __rt::Error,
                >,
            >(&self.0, 0, &())
        }
        /// Calls `models::Model::save` where the object lives.
        pub fn save(
            &self,
        ) -> ::core::result::Result<
            <Saved<u64> as __rt::ResultType>::Ok,
            __rt::CallError<<Saved<u64> as __rt::ResultType>::Err>,
        > {
            __rt::call::<
                (),
                ::core::result::Result<
                    <<Saved<u64> as __rt::ResultType>::Ok as __rt::ReplyType>::Is,
                    __rt::CallError<
                        <<Saved<u64> as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                    >,
                >,
            >(&self.0, 1, &())
        }
        /// Calls `models::Model::check` where the object lives.
        pub fn check(&self) -> ::core::result::Result<Result<(), String>, __rt::Error> {
            __rt::call::<
                (),
                ::core::result::Result<
                    <Result<(), String> as __rt::ReplyType>::Is,
                    __rt::Error,
                >,
            >(&self.0, 2, &())
        }
    }
    impl ModelCalls {
        /// Calls `models::Model::clone` where the object lives.
        pub(crate) fn copy(
            &self,
        ) -> __rt::Call<::core::result::Result<models::Model, __rt::Error>> {
            __rt::prepare::<
                (),
                ::core::result::Result<
                    <models::Model as __rt::ReplyType>::Is,
                    __rt::Error,
                >,
            >(&self.0, 0, &())
        }
        /// Calls `models::Model::save` where the object lives.
        pub fn save(
            &self,
        ) -> __rt::Call<
            ::core::result::Result<
                <Saved<u64> as __rt::ResultType>::Ok,
                __rt::CallError<<Saved<u64> as __rt::ResultType>::Err>,
            >,
        > {
            __rt::prepare::<
                (),
                ::core::result::Result<
                    <<Saved<u64> as __rt::ResultType>::Ok as __rt::ReplyType>::Is,
                    __rt::CallError<
                        <<Saved<u64> as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                    >,
                >,
            >(&self.0, 1, &())
        }
        /// Calls `models::Model::check` where the object lives.
        pub fn check(
            &self,
        ) -> __rt::Call<::core::result::Result<Result<(), String>, __rt::Error>> {
            __rt::prepare::<
                (),
                ::core::result::Result<
                    <Result<(), String> as __rt::ReplyType>::Is,
                    __rt::Error,
                >,
            >(&self.0, 2, &())
        }
    }
    impl __rt::Shareable for models::Model {
        type Proxy = RemoteModel;
        type Calls = ModelCalls;
        fn interface() -> &'static __rt::Interface {
            const {
                &__rt::Interface {
                    name: || "models.Model",
                    constructors: &[
                        __rt::Constructor::new(
                            "load",
                            |shapes| shapes.of::<(), __rt::Shared<models::Model>>(),
                            |arguments| {
                                arguments.decode::<()>()?;
                                __rt::encode::<
                                    __rt::Shared<models::Model>,
                                >(&__rt::Shared::new(<models::Model>::load()))
                            },
                        ),
                    ],
                    methods: &[
                        __rt::Method::new(
                            "copy",
                            |shapes| {
                                shapes
                                    .of::<
                                        (),
                                        __rt::Replied<<models::Model as __rt::ReplyType>::Is>,
                                    >()
                            },
                        ),
                        __rt::Method::new(
                            "save",
                            |shapes| {
                                shapes
                                    .of::<
                                        (),
                                        ::core::result::Result<
                                            __rt::Replied<
                                                <<Saved<
                                                    u64,
                                                > as __rt::ResultType>::Ok as __rt::ReplyType>::Is,
                                            >,
                                            __rt::Replied<
                                                <<Saved<
                                                    u64,
                                                > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                                            >,
                                        >,
                                    >()
                            },
                        ),
                        __rt::Method::new(
                            "check",
                            |shapes| {
                                shapes
                                    .of::<
                                        (),
                                        __rt::Replied<<Result<(), String> as __rt::ReplyType>::Is>,
                                    >()
                            },
                        ),
                    ],
                    ..__rt::Interface::of::<models::Model>()
                }
            }
        }
        fn implementation() -> &'static __rt::Implementation {
            const {
                &__rt::Implementation {
                    methods: &[
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode_answer::<
                                <models::Model as __rt::ReplyType>::Is,
                            >(&<models::Model>::clone(__rt::object(object)?))
                        }),
                        __rt::Run::Exclusive(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode::<
                                ::core::result::Result<
                                    <<Saved<
                                        u64,
                                    > as __rt::ResultType>::Ok as __rt::ReplyType>::Is,
                                    <<Saved<
                                        u64,
                                    > as __rt::ResultType>::Err as __rt::ReplyType>::Is,
                                >,
                            >(&<models::Model>::save(__rt::object_mut(object)?))
                        }),
                        __rt::Run::Shared(|object, arguments| {
                            arguments.decode::<()>()?;
                            __rt::encode_answer::<
                                <Result<(), String> as __rt::ReplyType>::Is,
                            >(&<models::Model>::check(__rt::object(object)?))
                        }),
                    ],
                    ..__rt::Implementation::of::<
                        models::Model,
                    >(<models::Model as __rt::Shareable>::interface)
                }
            }
        }
        fn into_object(self) -> ::std::boxed::Box<__rt::Object> {
            __rt::shared_types_are_send_and_sync::<models::Model>(self)
        }
        fn proxy(target: __rt::Target) -> RemoteModel {
            RemoteModel(target)
        }
        fn target(proxy: &RemoteModel) -> &__rt::Target {
            &proxy.0
        }
        fn calls(target: __rt::Target) -> ModelCalls {
            ModelCalls(target)
        }
    }
    use __rt::{IsError as _, IsNoError as _};
    #[__rt::linkme::distributed_slice(__rt::ERRORS)]
    #[linkme(crate = __rt::linkme)]
    static __ERROR_0: __rt::ErrorType = __rt::ErrorType {
        id: ::core::any::TypeId::of::<<Saved<u64> as __rt::ResultType>::Err>,
        as_error: |error| {
            (&__rt::Asked::<<Saved<u64> as __rt::ResultType>::Err>::NEW).as_error(error)
        },
    };
    #[__rt::linkme::distributed_slice(__rt::IMPLEMENTATIONS)]
    #[linkme(crate = __rt::linkme)]
    static __ENTRY_0: fn() -> &'static __rt::Implementation = <models::Model as __rt::Shareable>::implementation;
};
