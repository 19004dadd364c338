//! `#[task]`: a function that can run in a process of its own. The item beside it lives in the type
//! namespace, so it may have the function's own name.

use proc_macro2::TokenStream;
use quote::quote;
use syn::ext::IdentExt;
use syn::{FnArg, Ident, Path, Visibility};

use crate::attributes::TaskOptions;
use crate::carried::Carried;
use crate::errors::Errors;
use crate::function::Function;
use crate::signature::{Answer, Argument, check_answer, check_arguments};
use crate::wire;

/// A function that can be expanded.
struct Task {
    runtime: Path,
    /// What the user calls it.
    function: Ident,
    /// What the item is called.
    item: Ident,
    vis: Visibility,
    carried: Carried,
    arguments: Vec<Argument>,
    answer: Answer,
    is_async: bool,
}

/// The user's function, and beside it what was made of it.
pub(crate) fn task(options: TokenStream, item: &TokenStream) -> TokenStream {
    let errors = Errors::new();
    let options = TaskOptions::read(options, &errors);
    let function = Function::read(
        item,
        "`#[task]` goes on a function, as `fn count(path: PathBuf) -> u64 { … }`",
        &errors,
    );
    let task = function.and_then(|function| check(function, options, &errors));
    let expanded = task.map(|task| expand(&task));
    let errors = errors.finish();
    quote!(#item #expanded #errors)
}

fn check(function: Function, options: TaskOptions, errors: &Errors) -> Option<Task> {
    let TaskOptions { runtime, item } = options;
    let Function {
        attributes,
        vis,
        signature,
        body: _,
    } = function;
    let before = errors.count();
    is_free(signature.inputs.first(), errors);
    let arguments = check_arguments(&signature, None, errors);
    let answer = check_answer(&signature.output, None, None, None, errors);
    (errors.count() == before).then_some(())?;
    Some(Task {
        runtime,
        item: item.unwrap_or_else(|| signature.ident.clone()),
        is_async: signature.asyncness.is_some(),
        function: signature.ident,
        vis,
        carried: Carried::of(&attributes),
        arguments: arguments?,
        answer: answer?,
    })
}

/// A new process has no object yet. Accepted: a free function, which may take a `Shared<T>`.
fn is_free(first: Option<&FnArg>, errors: &Errors) {
    if let Some(FnArg::Receiver(receiver)) = first {
        errors.push(
            receiver,
            "`#[task]` goes on a free function; take a `Shared<T>` as an argument instead of \
             `self`",
        );
    }
}

fn expand(task: &Task) -> TokenStream {
    let Carried { cfg, lints, .. } = &task.carried;
    let item = item_type(task);
    let parts = [
        wire::runtime_as_rt(&task.runtime),
        item_functions(task),
        trait_impl(task),
        table(task),
        registration(),
        wire::error_types(
            wire::error_of(&task.answer)
                .map(|error| (&task.carried, error))
                .into_iter(),
        ),
    ];
    generated! {
        #item

        #(#cfg)*
        #(#lints)*
        #[allow(deprecated, dead_code, private_interfaces, unreachable_pub, clippy::all, clippy::pedantic)]
        const _: () = {
            #(#parts)*
        };
    }
}

/// Uninhabited: it is only there to be named.
fn item_type(task: &Task) -> TokenStream {
    let Task {
        item,
        vis,
        carried,
        function,
        ..
    } = task;
    let doc = format!(
        " The function `{}` as a task: `spawn` runs it in a new process.",
        function.unraw()
    );
    let Carried {
        cfg,
        docs: _,
        notices,
        lints,
    } = carried;
    generated! {
        #[doc = #doc]
        #(#cfg)*
        #(#notices)*
        #(#lints)*
        #[allow(non_camel_case_types, dead_code, unreachable_pub)]
        #[derive(::core::fmt::Debug)]
        #vis enum #item {}
    }
}

fn item_functions(task: &Task) -> TokenStream {
    let Task {
        function,
        item,
        vis,
        carried,
        arguments,
        ..
    } = task;
    let notices = &carried.notices;
    let names = arguments.iter().map(|argument| &argument.name);
    let parameters = wire::parameters(arguments);
    let (output, error) = types(task, false);
    let (sent, sent_type) = (wire::sent(arguments), wire::sent_type(arguments));
    let spawn_doc = format!(" Runs `{}` in a new process.", function.unraw());
    let call_doc = format!(
        " The call of `{}` as a value, to be run elsewhere.",
        function.unraw()
    );
    generated! {
        impl #item {
            #[doc = #spawn_doc]
            #(#notices)*
            #vis fn spawn(#parameters) -> ::core::result::Result<__rt::Process<#output, #error>, __rt::Error> {
                __rt::spawn::<#item>(#item::call(#(#names),*))
            }

            #[doc = #call_doc]
            #(#notices)*
            #vis fn call(#parameters) -> __rt::TaskCall<#item> {
                __rt::task_call::<#item, #sent_type>(&#sent)
            }
        }
    }
}

fn trait_impl(task: &Task) -> TokenStream {
    let Task { item, .. } = task;
    let (output, error) = types(task, true);
    generated! {
        impl __rt::TaskFn for #item {
            type Output = #output;
            type Error = #error;

            const TASK: &'static __rt::Task = &__TASK;
        }
    }
}

fn table(task: &Task) -> TokenStream {
    let Task {
        function,
        arguments,
        answer,
        is_async,
        ..
    } = task;
    let name = function.unraw().to_string();
    let (received, passed) = (wire::received(arguments), wire::passed(arguments));
    let answered = wire::answered(answer);
    let (answer, answered) = if let Answer::Plain(_) = answer {
        let answered = generated!(::core::result::Result<#answered, __rt::Never>);
        (generated!(::core::result::Result::Ok(answer)), answered)
    } else {
        (generated!(answer), answered)
    };
    let called = generated!(#function(#(#passed),*));
    let called = if *is_async {
        generated!(__rt::block_on(#called))
    } else {
        called
    };
    generated! {
        static __TASK: __rt::Task = __rt::Task {
            name: ::core::concat!(::core::module_path!(), "::", #name),
            run: |arguments| {
                #received
                let answer = #called;
                __rt::encode::<#answered>(&#answer)
            },
        };
    }
}

fn registration() -> TokenStream {
    generated! {
        #[__rt::linkme::distributed_slice(__rt::TASKS)]
        #[linkme(crate = __rt::linkme)]
        static __ENTRY: &'static __rt::Task = &__TASK;
    }
}

/// The task's `Output` and `Error`; `checked` as its functions name them.
fn types(task: &Task, checked: bool) -> (TokenStream, TokenStream) {
    let (output, error) = wire::outcome(&task.answer, &|ty| {
        if checked {
            wire::reply_type(ty)
        } else {
            quote!(#ty)
        }
    });
    (output, error.unwrap_or_else(|| generated!(__rt::Never)))
}
