//! What is written beside an impl of a shared trait: that objects of the type are also objects of the trait.

use proc_macro2::TokenStream;
use quote::quote;

use super::interface::SharedTraitImpl;
use super::rows::registrations;
use crate::carried::Carried;
use crate::wire;

/// Everything that stands beside the user's impl.
pub(crate) fn expand(shared: &SharedTraitImpl) -> TokenStream {
    let SharedTraitImpl {
        runtime,
        of_trait,
        object,
        generics,
        carried,
        registered,
    } = shared;
    let Carried { cfg, lints, .. } = carried;
    let rt = wire::runtime_as_rt(runtime);
    let (parameters, _, clause) = generics.split_for_impl();
    let registrations = registrations(
        "IMPLEMENTATIONS",
        "Implementation",
        registered
            .iter()
            .map(|ty| wire::implementation(of_trait, &quote!(#ty))),
    );
    let checks = registered.iter().map(|ty| wire::has_no_mutex(of_trait, ty));
    generated! {
        #(#cfg)*
        #(#lints)*
        #[allow(deprecated, dead_code, clippy::all, clippy::pedantic)]
        const _: () = {
            #rt
            impl #parameters __rt::CastFrom<#object> for dyn #of_trait #clause {}
            #registrations
            #(#checks)*
        };
    }
}
