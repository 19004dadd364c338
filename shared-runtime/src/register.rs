//! The macro that registers instances of generic types.

/// Registers instances of generic shared types, so that servers of this program can make them: in the crate of the type, in that of its
/// parameter, or in any other. Twice does no harm.
///
/// ```
/// use serde::{Serialize, de::DeserializeOwned};
/// use shared_runtime::{Shared, shared};
///
/// pub struct Stack<T>(Vec<T>);
///
/// #[shared]
/// impl<T: Serialize + DeserializeOwned + Send + Sync + 'static> Stack<T> {
///     pub fn new() -> Self { Self(Vec::new()) }
///     pub fn push(&mut self, item: T) { self.0.push(item); }
///     pub fn pop(&mut self) -> Option<T> { self.0.pop() }
/// }
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// pub struct Order(u32);
///
/// shared_runtime::register!(Stack<Order>, Stack<u64>);
/// # fn main() {}
/// ```
///
/// A type registers itself where it is not generic, and `#[shared(instances(Stack<u64>))]` is the same as this beside the impl.
#[macro_export]
macro_rules! register {
    ($($instance:ty),+ $(,)?) => {
        $(
            const _: () = {
                #[$crate::__private::linkme::distributed_slice($crate::__private::IMPLEMENTATIONS)]
                #[linkme(crate = $crate::__private::linkme)]
                static ENTRY: fn() -> &'static $crate::__private::Implementation =
                    <$instance as $crate::Shareable>::implementation;
            };
        )+
    };
}
