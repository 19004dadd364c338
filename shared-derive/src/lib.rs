//! The macros of `shared-runtime`, which re-exports them: [`macro@shared`] shares a type's methods
//! with other processes, [`macro@task`] makes a function one that can run in a new process,
//! [`macro@main`] prepares a program for both.
//!
//! Depend on `shared-runtime`; nothing here is of use without it. What the macros write can be read
//! in `src/snapshots`.
#![forbid(unsafe_code)]

/// `quote!` whose names are our own: a local variable written here never meets one of the user's.
macro_rules! generated {
    ($($tokens:tt)*) => {
        ::quote::quote_spanned!(::proc_macro2::Span::mixed_site()=> $($tokens)*)
    };
}

mod shared;
mod task;

mod main_fn;

mod attributes;
mod carried;
mod errors;
mod function;
mod signature;
mod types;
mod wire;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Lets other processes call the methods of a type or a trait, and make objects of the type.
///
/// It goes on an inherent `impl`, one for each type; on a trait; or on an impl of such a trait. The
/// item itself is emitted as it stands, less the `#[shared(…)]` marks on its functions.
///
/// ```text
/// #[shared]
/// impl Tally {
///     pub fn new() -> Self { Self::default() }
///     pub fn add(&mut self, word: &str, n: u64) { *self.words.entry(word.to_owned()).or_default() += n; }
///     pub fn get(&self, word: &str) -> Option<u64> { self.words.get(word).copied() }
/// }
///
/// let tally = Tally::new_in(&server)?;       // Shared<Tally>: lives in the server
/// tally.add("oak", 1)?;
/// assert_eq!(tally.get("oak")?, Some(1));
/// ```
///
/// # What is shared
///
/// | in the impl | becomes |
/// |---|---|
/// | a function with a visibility that takes `&self` or `&mut self` | a method of the proxy, which every `Shared<Tally>` has, with the same visibility |
/// | a function with a visibility that returns `Self`, `Result<Self, E>`, `Shared<Self>` or `Result<Shared<Self>, E>` | a constructor: it gains a sibling `<name>_in(server: &ServerHandle, …)` that returns `Result<Shared<Self>, Error>` or `Result<Shared<Self>, CallError<E>>` |
/// | everything else: private functions, those that take `self`, constants | nothing |
///
/// An impl of which nothing is shared is rejected. Docs, `#[deprecated]`, `#[must_use]`, lint levels
/// and `#[cfg]` are taken over; `#[expect]` becomes `#[allow]`.
///
/// `Shared::calls` has the same methods as calls that are not made yet, to be awaited, started or
/// sent one way.
///
/// # Answers
///
/// | the method returns | the proxy's method returns |
/// |---|---|
/// | `R` | `Result<R, Error>` |
/// | `Result<T, E>` | `Result<T, CallError<E>>` |
/// | any path that ends in `Result`, as `io::Result<T>` | the same, with the `T` and `E` that the compiler finds |
/// | `&T`, `Option<&T>`, also as the `T` of `Result<T, E>` | `T`, `Option<T>`; a `String` for `&str`, a `Vec<T>` for `&[T]`, a `PathBuf` for `&Path` |
///
/// # Arguments
///
/// Owned types, and `&T`, `&str`, `&[T]`, `&[u8]`, `&Path` and their `Option<&T>`, which the proxy
/// takes by reference too. `&str`, `&[u8]` and `&Path` are read in place on the server. There can
/// be up to sixteen.
///
/// Types of arguments and answers implement `Serialize` and `DeserializeOwned`; what `&` points at
/// need not be `Clone`. The shared type itself needs neither, but it must be `Send + Sync +
/// 'static`, and with `lock = "mutex"` only `Send + 'static`.
///
/// # Generic types
///
/// `impl<T: …> Stack<T>` is shared for the instances that `instances(…)` names, and for those that
/// any crate registers with `shared_runtime::register!(Stack<Order>)`.
///
/// # Traits
///
/// Handles implement the trait: `Shared<dyn Store>` is a `Store`. Its methods take `&self` or `&mut
/// self` and return `Result<T, E>` with an owned `T` and an `E: From<shared_runtime::Error>`.
/// Defaults run where the object is. Above the trait there can be other shared traits, auto traits,
/// `Debug` and `'static`.
///
/// On `impl Store for Tally` the attribute lets objects of the type be called through the trait:
/// `Shared::cast::<dyn Store>(&tally)`. `Shared::<dyn Store>::new_dyn(value)` needs no attribute on
/// the impl.
///
/// # Async functions
///
/// With the feature `async`, methods and constructors of an inherent impl can be `async fn`. They
/// are run by an executor where the object is, and keep its lock while they wait.
///
/// # `#[shared(…)]` on an impl
///
/// | option | meaning |
/// |---|---|
/// | `calls = TallyCalls` | the name of the type that `Shared::calls` returns; this one unless given |
/// | `crate = path::to::shared_runtime` | where generated code finds the runtime; `::shared_runtime` unless given |
/// | `debug` | adds `Shared::describe`, the value's `Debug` text |
/// | `explicit` | only functions marked `export` are shared |
/// | `instances(Stack<u64>, Stack<String>)` | which instances of a generic type other processes can make |
/// | `lock = "mutex"` | every method runs alone, and the type need not be `Sync` |
/// | `name = "models.Tally"` | what the type is called between processes; `std::any::type_name` unless given |
/// | `proxy = TallyProxy` | the name of the proxy's type; this one unless given |
/// | `snapshot` | adds `Shared::snapshot`, a copy of the value, which must be serialisable |
/// | `version = 1` | the version of what the methods mean, which two executables compare; 0 unless given |
/// | `vis = pub(crate)` | the visibility of the generated types, at least that of the shared type; `pub` unless given |
///
/// # `#[shared(…)]` on a method
///
/// | option | meaning |
/// |---|---|
/// | `export` | is shared, in an `explicit` impl |
/// | `plain` | the return type is not taken for a `Result`: it comes back inside one, as `Result<Result<T, E>, Error>` |
/// | `rename = another_name` | what the proxy's method is called; of a constructor, `<name>_in` |
/// | `result` | the return type is an alias of `Result` though it is not called so |
/// | `skip` | is not shared |
/// | `timeout = "250ms"` | how long a call may take where the caller says nothing else (`us`, `ms`, `s`, `min`, `h`) |
///
/// # `#[shared(…)]` on a trait
///
/// | option | meaning |
/// |---|---|
/// | `calls = StoreCalls` | as on an impl |
/// | `crate = path::to::shared_runtime` | as on an impl |
/// | `name = "models.Store"` | as on an impl |
/// | `proxy = StoreProxy` | as on an impl |
/// | `version = 1` | as on an impl |
///
/// # `#[shared(…)]` on a method of a trait
///
/// | option | meaning |
/// |---|---|
/// | `result` | as in an impl |
/// | `skip` | its default, which it must have, runs in the caller's process |
/// | `timeout = "250ms"` | as in an impl |
///
/// # `#[shared(…)]` on an impl of a trait
///
/// | option | meaning |
/// |---|---|
/// | `crate = path::to::shared_runtime` | as on an impl |
/// | `instances(Stack<u64>, Stack<String>)` | for which instances of a generic type other processes can call the trait |
///
/// # Not shared
///
/// Each of these is rejected with what to do instead: generic functions, `impl Trait`, `&mut`
/// arguments and answers, borrows inside of other types, patterns as arguments, `unsafe`, `extern`
/// and variadic functions, `where` on a function, and methods named as what `Shared` itself does
/// (`clone`, `eq`, `into`, …), for which there is `rename`. In traits also parameters, associated
/// types and constants, and `async fn`.
#[proc_macro_attribute]
pub fn shared(options: TokenStream, item: TokenStream) -> TokenStream {
    shared::shared(options.into(), &item.into()).into()
}

/// Makes a function one that can run in a new process.
///
/// It goes on a free function, which is emitted as it stands and can be called as before. Beside it
/// stands a type of the same name, whose functions take the same arguments.
///
/// ```text
/// #[task]
/// fn count(path: PathBuf, tally: Shared<Tally>) -> Result<u64, Report> { … }
///
/// let process = count::spawn("a.txt".into(), tally.clone())?;
/// println!("{} words", process.join()?);
/// ```
///
/// | item | meaning |
/// |---|---|
/// | `count::spawn(args…) -> Result<Process<T, E>, Error>` | runs the function in a new process |
/// | `count::call(args…) -> TaskCall<count>` | the call as a value, to be run elsewhere |
///
/// A function that returns a plain `R` makes a `Process<R, Never>`. What is said of arguments,
/// answers and rejected functions at [`macro@shared`] holds here too; with the feature `async`, the
/// function can be an `async fn`.
///
/// # `#[task(…)]`
///
/// | option | meaning |
/// |---|---|
/// | `crate = path::to::shared_runtime` | where generated code finds the runtime; `::shared_runtime` unless given |
/// | `item = CountTask` | the name of the type, where the function's own is taken |
#[proc_macro_attribute]
pub fn task(options: TokenStream, item: TokenStream) -> TokenStream {
    task::task(options.into(), &item.into()).into()
}

/// Calls `shared_runtime::init()` as the first statement of the program.
///
/// In a process that the runtime started, that call runs the server or the task and never returns;
/// so `main` runs once, in the process that the user started.
///
/// ```text
/// #[shared_runtime::main]
/// fn main() -> Result<(), Box<dyn std::error::Error>> { … }
/// ```
///
/// An `async fn main` needs the attribute of an executor as well, as `#[tokio::main]`, above or
/// below. Either way `init` is called before the executor has a thread.
///
/// # `#[main(…)]`
///
/// | option | meaning |
/// |---|---|
/// | `crate = path::to::shared_runtime` | where generated code finds the runtime; `::shared_runtime` unless given |
#[proc_macro_attribute]
pub fn main(options: TokenStream, item: TokenStream) -> TokenStream {
    main_fn::main(options.into(), item.into()).into()
}
