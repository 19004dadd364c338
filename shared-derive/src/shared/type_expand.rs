//! What is written beside an inherent impl: the types to call through, the constructors' siblings, the
//! tables, the registration. Everything that users do not name stands in a `const _`. Checks nothing.

use proc_macro2::{Literal, Span, TokenStream};
use quote::ToTokens;
use syn::Ident;
use syn::ext::IdentExt;

use super::faces::Face;
use super::interface::{Answering, Constructor, SharedType};
use super::rows::{Numbers, awaited, interface_function, registrations, run};
use crate::carried::Carried;
use crate::wire;

/// Everything that stands beside the user's impl.
pub(crate) fn expand(shared: &SharedType) -> TokenStream {
    let interface = &shared.interface;
    let Carried { cfg, lints, .. } = &interface.carried;
    let faces = [Face::Proxy, Face::Calls].map(|face| face.declared(interface));
    let methods = Numbers::of_methods(interface);
    let constructors = Numbers::new(
        "__Constructor",
        shared.constructors.iter().map(|made| &made.carried),
    );
    let registered = shared.registered.iter();
    let parts = [
        wire::runtime_as_rt(&interface.runtime),
        constructors.declared(
            shared
                .constructors
                .iter()
                .map(|made| (&made.carried, &made.function)),
        ),
        methods.declared(
            interface
                .methods
                .iter()
                .map(|method| (&method.carried, method.function())),
        ),
        siblings(shared, &constructors),
        Face::Proxy.methods(interface, &methods),
        Face::Calls.methods(interface, &methods),
        shareable(shared),
        extras(shared),
        errors(shared),
        registrations(
            "IMPLEMENTATIONS",
            "Implementation",
            registered.map(|ty| generated!(<#ty as __rt::Shareable>::implementation)),
        ),
    ];
    generated! {
        #(#faces)*

        #(#cfg)*
        #(#lints)*
        #[allow(deprecated, dead_code, private_interfaces, unreachable_pub, clippy::all, clippy::pedantic)]
        const _: () = {
            #(#parts)*
        };
    }
}

/// The error types that callers may meet. A static has no parameters, so those of a generic type are not told.
fn errors(shared: &SharedType) -> TokenStream {
    if !shared.interface.generics.params.is_empty() {
        return TokenStream::new();
    }
    let constructors = shared.constructors.iter();
    let constructors = constructors
        .filter_map(|constructor| Some((&constructor.carried, constructor.made.error.clone()?)));
    let methods = shared.interface.methods.iter().filter_map(|method| {
        let Answering::OfType(answer) = &method.answer else {
            return None;
        };
        Some((&method.carried, wire::error_of(answer)?))
    });
    wire::error_types(constructors.chain(methods))
}

fn siblings(shared: &SharedType, numbers: &Numbers) -> TokenStream {
    if shared.constructors.is_empty() {
        return TokenStream::new();
    }
    let (parameters, _, clause) = shared.interface.generics.split_for_impl();
    let object = &shared.interface.object;
    let siblings = shared.constructors.iter().enumerate();
    let siblings = siblings.map(|(index, made)| {
        let number = numbers.named(index, &made.function);
        sibling(shared, made, &number)
    });
    generated! {
        impl #parameters #object #clause {
            #(#siblings)*
        }
    }
}

fn sibling(shared: &SharedType, constructor: &Constructor, number: &TokenStream) -> TokenStream {
    let Constructor {
        function,
        name: _,
        sibling,
        vis,
        carried,
        arguments,
        is_async: _,
        made,
    } = constructor;
    let doc = format!(
        " Makes the object as [`{0}`](Self::{0}) does, in the process behind `server`, and \
             returns its handle.",
        function.unraw()
    );
    let Carried {
        cfg,
        docs: _,
        notices,
        lints,
    } = carried;
    let object = &shared.interface.object;
    let parameters = wire::parameters(arguments);
    let sent = wire::sent(arguments);
    let handle = generated!(__rt::Shared<#object>);
    let outcome = |error: Option<&TokenStream>| match error {
        None => generated!(::core::result::Result<#handle, __rt::Error>),
        Some(error) => generated!(::core::result::Result<#handle, __rt::CallError<#error>>),
    };
    let returned = outcome(made.error.as_ref().map(ToTokens::to_token_stream).as_ref());
    let checked = outcome(made.error.as_ref().map(wire::reply_type).as_ref());
    let types = wire::told(arguments, &returned, &checked);
    generated! {
        #[doc = #doc]
        #(#cfg)*
        #(#notices)*
        #(#lints)*
        #vis fn #sibling(server: &__rt::ServerHandle, #parameters) -> #returned {
            __rt::create #types(server, #number, &#sent)
        }
    }
}

fn constructor_row(shared: &SharedType, constructor: &Constructor) -> TokenStream {
    let Constructor {
        function,
        name,
        carried,
        arguments,
        is_async,
        made,
        ..
    } = constructor;
    let object = &shared.interface.object;
    let (cfg, name) = (&carried.cfg, name.unraw().to_string());
    let (received, passed) = (wire::received(arguments), wire::passed(arguments));
    let called = awaited(*is_async, &generated!(<#object>::#function(#(#passed),*)));
    let hosted = match (made.hosted, &made.error) {
        (true, _) => called,
        (false, None) => generated!(__rt::Shared::new(#called)),
        (false, Some(_)) => generated!(#called.map(__rt::Shared::new)),
    };
    let handle = generated!(__rt::Shared<#object>);
    let (answered, read_back) = match &made.error {
        None => (handle.clone(), handle),
        Some(error) => {
            let (checked, replied) = (wire::reply_type(error), wire::replied(error));
            (
                generated!(::core::result::Result<#handle, #checked>),
                generated!(::core::result::Result<#handle, #replied>),
            )
        }
    };
    let shapes = wire::shapes(arguments, &read_back);
    let awaited = is_async.then(|| generated!(.awaited()));
    generated! {
        #(#cfg)*
        __rt::Constructor::new(#name, #shapes, |arguments| {
            #received
            __rt::encode::<#answered>(&#hosted)
        })#awaited
    }
}

fn shareable(shared: &SharedType) -> TokenStream {
    let interface = &shared.interface;
    let (parameters, _, clause) = interface.generics.split_for_impl();
    let object = &interface.object;
    let (proxy, calls) = (Face::Proxy.path(interface), Face::Calls.path(interface));
    let (new_proxy, new_calls) = (Face::Proxy.made(interface), Face::Calls.made(interface));
    let constructors = shared.constructors.iter();
    let constructors: Vec<_> = constructors
        .map(|made| constructor_row(shared, made))
        .collect();
    let extras = extra_methods(shared);
    let known: Vec<_> = extras.iter().map(|extra| extra.known.clone()).collect();
    let interface_function = interface_function(interface, &constructors, &known);
    let runs = interface
        .methods
        .iter()
        .map(|method| run(method, &generated!(<#object>), shared.alone));
    let extra_runs = extras.iter().map(|extra| &extra.run);
    let alone = shared.alone.then(|| {
        generated!(
            const ALONE: bool = true;
        )
    });
    let hosted = if shared.alone {
        generated!(shared_types_are_send)
    } else {
        generated!(shared_types_are_send_and_sync)
    };
    generated! {
        impl #parameters __rt::Shareable for #object #clause {
            type Proxy = #proxy;
            type Calls = #calls;

            #alone

            #interface_function

            fn implementation() -> &'static __rt::Implementation {
                const {
                    &__rt::Implementation {
                        methods: &[#(#runs,)* #(#extra_runs),*],
                        ..__rt::Implementation::of::<#object>(<#object as __rt::Shareable>::interface)
                    }
                }
            }

            fn into_object(self) -> ::std::boxed::Box<__rt::Object> {
                __rt::#hosted::<#object>(self)
            }

            fn proxy(target: __rt::Target) -> #proxy {
                #new_proxy
            }

            fn target(proxy: &#proxy) -> &__rt::Target {
                &proxy.0
            }

            fn calls(target: __rt::Target) -> #calls {
                #new_calls
            }
        }
    }
}

/// A method that an option adds, after those of the user.
struct Extra {
    /// The trait that says that the type has it.
    of_trait: Ident,
    /// What else that trait asks for.
    more: TokenStream,
    known: TokenStream,
    run: TokenStream,
}

fn extra_methods(shared: &SharedType) -> Vec<Extra> {
    let object = &shared.interface.object;
    let (run, taken) = if shared.alone {
        (generated!(Exclusive), generated!(object_mut))
    } else {
        (generated!(Shared), generated!(object))
    };
    let extra = |of_trait: &str, name: &str, encode: &TokenStream, answer: &TokenStream| Extra {
        of_trait: Ident::new(of_trait, Span::mixed_site()),
        more: TokenStream::new(),
        known: generated!(__rt::Method::new(#name, |shapes| shapes.of::<(), #answer>())),
        run: generated! {
            __rt::Run::#run(|object, arguments| {
                arguments.decode::<()>()?;
                __rt::#encode(__rt::#taken::<#object>(object)?)
            })
        },
    };
    let copy = wire::reply_type(object);
    let snapshot = shared.snapshot.then(|| Extra {
        more: generated! {
            fn copied(target: &__rt::Target, method: u32) -> ::core::result::Result<#object, __rt::Error> {
                __rt::call::<(), ::core::result::Result<#copy, __rt::Error>>(target, method, &())
            }
        },
        ..extra(
            "Snapshot",
            "Shared::snapshot",
            &generated!(encode_answer::<#copy>),
            &wire::replied(object),
        )
    });
    let (encode, text) = (generated!(encode_debug), generated!(::std::string::String));
    let debug = shared
        .debug
        .then(|| extra("Describe", "Shared::describe", &encode, &text));
    snapshot.into_iter().chain(debug).collect()
}

/// Says which methods the options added.
fn extras(shared: &SharedType) -> TokenStream {
    let (parameters, _, clause) = shared.interface.generics.split_for_impl();
    let object = &shared.interface.object;
    let extras = extra_methods(shared);
    let total = extras.len();
    let impls = extras.iter().enumerate().map(|(index, extra)| {
        let Extra { of_trait, more, .. } = extra;
        let from_the_end = Literal::usize_unsuffixed(total - index);
        generated! {
            impl #parameters __rt::#of_trait for #object #clause {
                const FROM_THE_END: usize = #from_the_end;
                #more
            }
        }
    });
    impls.collect()
}
