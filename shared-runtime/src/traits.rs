//! Handles to objects of which only a trait is known: hosting what implements one, and going from one interface of an object to another.

use crate::call::{self, Target};
use crate::error::Error;
use crate::interface::Implementation;
use crate::shared::{Shareable, Shared};

/// A `dyn Trait` whose trait is `#[shared]`: a handle to it implements the trait, and those above it.
pub trait SharedTrait: Shareable {}

/// A shared trait that `S` implements, so that an `S` can be hosted as one.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a shared trait",
    label = "has no #[shared]",
    note = "write `#[shared]` above the trait (a value of a shared type is hosted with `Shared::new`); what is above a shared trait is shared, an auto trait, `Debug` or `'static`"
)]
pub trait Hosts<S: Send + Sync + 'static>: SharedTrait {
    #[doc(hidden)]
    fn implementation() -> &'static Implementation;
}

/// Another interface of every object that is a `T`.
#[diagnostic::on_unimplemented(
    message = "a `Shared<{T}>` cannot be cast to `Shared<{Self}>`",
    note = "write `#[shared]` above the `impl` of that trait for `{T}`"
)]
pub trait CastFrom<T: ?Sized> {}

impl<T: Shareable + ?Sized> Shared<T> {
    /// Hosts a value in this process, to be called through a trait that it implements. Nobody needs to know its type: it need not be
    /// `#[shared]` itself.
    ///
    /// ```
    /// use shared_runtime::{Error, Shared, shared};
    ///
    /// #[shared]
    /// pub trait Store {
    ///     fn get(&self, key: &str) -> Result<Option<String>, Error>;
    /// }
    ///
    /// struct Nothing;
    ///
    /// impl Store for Nothing {
    ///     fn get(&self, _key: &str) -> Result<Option<String>, Error> { Ok(None) }
    /// }
    ///
    /// let store = Shared::<dyn Store>::new_dyn(Nothing);
    /// assert_eq!(store.get("oak")?, None);
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn new_dyn<S: Send + Sync + 'static>(value: S) -> Self
    where
        T: Hosts<S>,
    {
        Self::hosting(<T as Hosts<S>>::implementation(), Box::new(value))
    }

    /// The same object as one of a shared trait that its type is known to implement: because of a `#[shared] impl Trait for Type`, or
    /// because one trait is above the other. Asks nobody.
    ///
    /// ```
    /// use shared_runtime::{Error, Shared, shared};
    ///
    /// #[shared]
    /// pub trait Count {
    ///     fn count(&self) -> Result<u64, Error>;
    /// }
    ///
    /// pub struct Words(u64);
    ///
    /// #[shared]
    /// impl Words {
    ///     pub fn add(&mut self, n: u64) { self.0 += n; }
    /// }
    ///
    /// #[shared]
    /// impl Count for Words {
    ///     fn count(&self) -> Result<u64, Error> { Ok(self.0) }
    /// }
    ///
    /// let words = Shared::new(Words(0));
    /// words.add(2)?;
    /// let count = Shared::cast::<dyn Count>(&words);
    /// assert_eq!(count.count()?, 2);
    /// assert_eq!(Shared::downcast::<Words>(&count)?, Some(words));
    /// # Ok::<(), Error>(())
    /// ```
    #[must_use]
    pub fn cast<U: CastFrom<T> + Shareable + ?Sized>(this: &Self) -> Shared<U> {
        Shared::from_target(this.target().seen_as(U::interface()))
    }

    /// The same object through another of its interfaces, if it has that one: asks its server.
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn downcast<S: Shareable + ?Sized>(this: &Self) -> Result<Option<Shared<S>>, Error> {
        let target = this.target().seen_as(S::interface());
        Ok(call::implements(&target)?.then(|| Shared::from_target(target)))
    }
}

/// Asks of a type whether it is shared with `lock = "mutex"`: `Lock::<T>::ALONE`. Found before that of [`AnyLock`], if its bound holds.
#[derive(Debug)]
pub struct Lock<T>(std::marker::PhantomData<fn() -> T>);

impl<T: Shareable> Lock<T> {
    /// What the type says.
    pub const ALONE: bool = T::ALONE;
}

/// The answer for types that are not shared themselves.
pub trait AnyLock {
    /// They are not.
    const ALONE: bool = false;
}

impl<T> AnyLock for Lock<T> {}

/// Objects with `lock = "mutex"` can be called through their own methods only: the check of a `#[shared] impl Trait for Type`.
///
/// # Panics
///
/// When the program is compiled.
pub const fn has_no_mutex(alone: bool) {
    assert!(
        !alone,
        "a type that is shared with `lock = \"mutex\"` can be called through its own methods only: make it `Sync` and remove the option, \
        or host its values with `Shared::<dyn Trait>::new_dyn`"
    );
}

/// What the methods of a shared trait call through, on a handle to any trait that has them.
pub fn target_as<U: Shareable + ?Sized, T: Shareable + ?Sized>(handle: &Shared<T>) -> Target {
    handle.target().seen_as(U::interface())
}
