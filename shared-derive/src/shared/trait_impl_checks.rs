//! The rules for an impl of a shared trait.

use super::generics;
use super::impl_block::ImplBlock;
use super::interface::SharedTraitImpl;
use crate::attributes::TraitImplOptions;
use crate::carried::Carried;
use crate::errors::Errors;
use crate::types::last_segment;

/// Checks an impl. `None` if there is nothing to expand.
pub(crate) fn check(
    block: &ImplBlock,
    options: TraitImplOptions,
    errors: &Errors,
) -> Option<SharedTraitImpl> {
    let before = errors.count();
    let TraitImplOptions { runtime, instances } = options;
    generics::check(&block.generics, &instances, None, errors);
    options_stand_on_the_trait(block, errors);
    is_for_a_type_of_its_own(block, errors);
    (errors.count() == before).then_some(())?;
    let (of_trait, _) = block.of_trait.as_ref()?;
    Some(SharedTraitImpl {
        runtime,
        of_trait: of_trait.clone(),
        object: block.self_type.clone(),
        generics: block.generics.clone(),
        carried: Carried::of(&block.attributes),
        registered: if block.generics.params.is_empty() {
            vec![block.self_type.clone()]
        } else {
            instances
        },
    })
}

/// All types that implement a trait share it in the same way. Accepted: marks on the trait's
/// methods.
fn options_stand_on_the_trait(block: &ImplBlock, errors: &Errors) {
    for mark in block.functions().flat_map(|method| &method.marks) {
        errors.push(
            mark,
            "how a trait's method is shared is said where the trait is; move this there",
        );
    }
}

/// The linker registers types by what they are. Accepted: `impl Store for Tally`, `impl<T> Store for
/// Stack<T>`.
fn is_for_a_type_of_its_own(block: &ImplBlock, errors: &Errors) {
    let parameter = last_segment(&block.self_type).is_some_and(|last| {
        let mut parameters = block.generics.type_params();
        parameters.any(|parameter| parameter.ident == last.ident)
    });
    if parameter || last_segment(&block.self_type).is_none() {
        errors.push(
            &block.self_type,
            "`#[shared]` needs the impl of a struct or an enum, as `impl Store for Tally`; values of other \
             types can be hosted with `Shared::<dyn Trait>::new_dyn`",
        );
    }
}
