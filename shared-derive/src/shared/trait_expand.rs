//! What is written beside a trait: the types to call through, the handle's own impl of the trait, what runs for
//! each type that implements it, the registration. Checks nothing.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Path, Type};

use super::faces::{Calling, Face, answering};
use super::interface::{Exported, Rejected, SharedTrait};
use super::rows::{Numbers, interface_function, registrations, run};
use crate::carried::Carried;
use crate::wire;

/// Everything that stands beside the user's trait.
pub(crate) fn expand(shared: &SharedTrait) -> TokenStream {
    let interface = &shared.interface;
    let Carried { cfg, lints, .. } = &interface.carried;
    let faces = [Face::Proxy, Face::Calls].map(|face| face.declared(interface));
    let numbers = Numbers::of_methods(interface);
    let object = &interface.object;
    let parts = [
        wire::runtime_as_rt(&interface.runtime),
        numbers.declared(
            interface
                .methods
                .iter()
                .map(|method| (&method.carried, method.function())),
        ),
        Face::Proxy.methods(interface, &numbers),
        Face::Calls.methods(interface, &numbers),
        handles(shared, &numbers),
        shareable(shared),
        hosts(shared),
        casts(shared),
        registrations(
            "TRAITS",
            "Interface",
            std::iter::once(generated!(<#object as __rt::Shareable>::interface)),
        ),
    ];
    generated! {
        #(#faces)*

        #(#cfg)*
        #(#lints)*
        #[allow(deprecated, dead_code, private_interfaces, unreachable_pub, unused_mut, clippy::all, clippy::pedantic)]
        const _: () = {
            #(#parts)*
        };
    }
}

/// The handle implements the trait, so that code written against it takes either. So does a handle to a trait below this one: for
/// its `dyn` type implements this trait.
fn handles(shared: &SharedTrait, numbers: &Numbers) -> TokenStream {
    let SharedTrait {
        interface,
        ident,
        supers,
        rejected,
    } = shared;
    let methods = interface.methods.iter().enumerate();
    let methods = methods.map(|(index, method)| {
        handle_method(method, &interface.object, &numbers.of(index, method))
    });
    let rejected = rejected.iter().map(|Rejected { signature, carried }| {
        let cfg = &carried.cfg;
        generated! {
            #(#cfg)*
            #[allow(unused_variables)]
            #signature { ::core::unimplemented!() }
        }
    });
    generated! {
        impl<__T: ?::core::marker::Sized + __rt::SharedTrait + #ident> #ident for __rt::Shared<__T>
        where
            #(__rt::Shared<__T>: #supers),*
        {
            #(#methods)*
            #(#rejected)*
        }
    }
}

fn handle_method(method: &Exported, object: &Type, number: &TokenStream) -> TokenStream {
    let Exported {
        signature,
        carried,
        arguments,
        ..
    } = method;
    let Carried { cfg, lints, .. } = carried;
    // The signature is the user's, and so is its `self`.
    let this = signature.receiver().map(|receiver| &receiver.self_token);
    let sent = wire::sent(arguments);
    let (_, Calling { call, .. }) = answering(method);
    generated! {
        #(#cfg)*
        #(#lints)*
        #signature {
            __rt::#call(&__rt::target_as::<#object, __T>(#this), #number, &#sent)
        }
    }
}

fn shareable(shared: &SharedTrait) -> TokenStream {
    let interface = &shared.interface;
    let object = &interface.object;
    let (proxy, calls) = (&interface.proxy, &interface.calls);
    let interface_function = interface_function(interface, &[], &[]);
    generated! {
        impl __rt::Shareable for #object {
            type Proxy = #proxy;
            type Calls = #calls;

            #interface_function

            fn proxy(target: __rt::Target) -> #proxy {
                #proxy(target)
            }

            fn target(proxy: &#proxy) -> &__rt::Target {
                &proxy.0
            }

            fn calls(target: __rt::Target) -> #calls {
                #calls(target)
            }
        }

        impl __rt::SharedTrait for #object {}
    }
}

/// What runs for each type that implements the trait.
fn hosts(shared: &SharedTrait) -> TokenStream {
    let SharedTrait {
        interface,
        ident,
        supers,
        rejected: _,
    } = shared;
    let object = &interface.object;
    let path = generated!(<__S as #ident>);
    let runs = interface
        .methods
        .iter()
        .map(|method| run(method, &path, false));
    let supers = supers
        .iter()
        .map(|above| wire::implementation(above, &generated!(__S)));
    let supers = (supers.len() > 0).then(|| generated!(supers: &[#(#supers),*],));
    generated! {
        impl<__S: #ident + ::core::marker::Send + ::core::marker::Sync + 'static> __rt::Hosts<__S> for #object {
            fn implementation() -> &'static __rt::Implementation {
                const {
                    &__rt::Implementation {
                        methods: &[#(#runs),*],
                        #supers
                        ..__rt::Implementation::of::<__S>(<#object as __rt::Shareable>::interface)
                    }
                }
            }
        }
    }
}

/// A handle to this trait is one to each trait above it.
fn casts(shared: &SharedTrait) -> TokenStream {
    let object = &shared.interface.object;
    let cast = |above: &Path| generated!(impl __rt::CastFrom<#object> for dyn #above {});
    let all = shared.supers.iter().map(cast);
    quote!(#(#all)*)
}
