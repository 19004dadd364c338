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
        item_functions(task),
        trait_impl(task),
        table(task),
        registration(task),
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
        runtime,
        function,
        item,
        vis,
        carried,
        arguments,
        answer: _,
    } = task;
    let notices = &carried.notices;
    let names = arguments.iter().map(|argument| &argument.name);
    let parameters = wire::parameters(arguments);
    let (output, error) = types(task, false);
    let (sent, sent_type) = (
        wire::sent(runtime, arguments),
        wire::sent_type(runtime, arguments),
    );
    let spawn_doc = format!(" Runs `{}` in a new process.", function.unraw());
    let call_doc = format!(
        " The call of `{}` as a value, to be run elsewhere.",
        function.unraw()
    );
    generated! {
        impl #item {
            #[doc = #spawn_doc]
            #(#notices)*
            #vis fn spawn(#parameters) -> ::core::result::Result<#runtime::Process<#output, #error>, #runtime::Error> {
                #runtime::__private::spawn::<#item>(#item::call(#(#names),*))
            }

            #[doc = #call_doc]
            #(#notices)*
            #vis fn call(#parameters) -> #runtime::TaskCall<#item> {
                #runtime::__private::task_call::<#item, #sent_type>(&#sent)
            }
        }
    }
}

fn trait_impl(task: &Task) -> TokenStream {
    let Task { runtime, item, .. } = task;
    let (output, error) = types(task, true);
    generated! {
        impl #runtime::__private::TaskFn for #item {
            type Output = #output;
            type Error = #error;

            const TASK: &'static #runtime::__private::Task = &__TASK;
        }
    }
}

fn table(task: &Task) -> TokenStream {
    let Task {
        runtime,
        function,
        arguments,
        answer,
        ..
    } = task;
    let name = function.unraw().to_string();
    let (received, passed) = (
        wire::received(runtime, arguments),
        wire::passed(runtime, arguments),
    );
    let answered = wire::answered(runtime, answer);
    let (answer, answered) = if let Answer::Plain(_) = answer {
        let answered = generated!(::core::result::Result<#answered, #runtime::__private::Never>);
        (generated!(::core::result::Result::Ok(answer)), answered)
    } else {
        (generated!(answer), answered)
    };
    generated! {
        static __TASK: #runtime::__private::Task = #runtime::__private::Task {
            name: ::core::concat!(::core::module_path!(), "::", #name),
            run: |arguments| {
                let arguments = arguments.decode::<#received>()?;
                let answer = #function(#passed);
                #runtime::__private::encode::<#answered>(&#answer)
            },
        };
    }
}

fn registration(task: &Task) -> TokenStream {
    let runtime = &task.runtime;
    generated! {
        #[#runtime::__private::linkme::distributed_slice(#runtime::__private::TASKS)]
        #[linkme(crate = #runtime::__private::linkme)]
        static __ENTRY: &'static #runtime::__private::Task = &__TASK;
    }
}

/// The task's `Output` and `Error`; `checked` as its functions name them.
fn types(task: &Task, checked: bool) -> (TokenStream, TokenStream) {
    let runtime = &task.runtime;
    let (output, error) = wire::outcome(runtime, &task.answer, &|ty| {
        if checked {
            wire::checked(runtime, "Reply", ty)
        } else {
            quote!(#ty)
        }
    });
    (
        output,
        error.unwrap_or_else(|| generated!(#runtime::__private::Never)),
    )
}
