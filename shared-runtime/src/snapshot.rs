//! What the options `snapshot` and `debug` of `#[shared]` add to a handle: a copy of the value, and its `Debug` text.

use std::fmt::Debug;

use crate::call::{self, Target};
use crate::error::Error;
use crate::interface::{Returned, encode};
use crate::shared::{Shareable, Shared};

/// A type with `#[shared(snapshot)]`.
#[diagnostic::on_unimplemented(
    message = "there are no snapshots of a `{Self}`",
    note = "write `#[shared(snapshot)]` above its `impl`"
)]
pub trait Snapshot: Shareable {
    /// Calls the method that makes the copy.
    #[doc(hidden)]
    fn copied(target: &Target, method: u32) -> Result<Self, Error>
    where
        Self: Sized;

    /// The place of the method that does it, after those that the user wrote.
    #[doc(hidden)]
    const FROM_THE_END: usize;
}

/// A type with `#[shared(debug)]`.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` cannot be described",
    note = "write `#[shared(debug)]` above its `impl`"
)]
pub trait Describe: Shareable {
    /// The place of the method that does it, after those that the user wrote.
    #[doc(hidden)]
    const FROM_THE_END: usize;
}

impl<T: Shareable> Shared<T> {
    /// A copy of the value as it is now, of a type with `#[shared(snapshot)]`. It is taken as by a `&self` method.
    ///
    /// ```
    /// use shared_runtime::{Shared, shared};
    ///
    /// #[derive(serde::Serialize, serde::Deserialize)]
    /// struct Settings { depth: u32 }
    ///
    /// #[shared(snapshot)]
    /// impl Settings {
    ///     pub fn set_depth(&mut self, depth: u32) { self.depth = depth; }
    /// }
    ///
    /// let settings = Shared::new(Settings { depth: 1 });
    /// settings.set_depth(3)?;
    /// assert_eq!(Shared::snapshot(&settings)?.depth, 3);
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn snapshot(this: &Self) -> Result<T, Error>
    where
        T: Snapshot,
    {
        T::copied(this.target(), added::<T>(T::FROM_THE_END))
    }

    /// The value's `Debug` text, of a type with `#[shared(debug)]`. It is made as by a `&self` method.
    ///
    /// ```
    /// use shared_runtime::{Shared, shared};
    ///
    /// #[derive(Debug)]
    /// struct Point(i32, i32);
    ///
    /// #[shared(debug)]
    /// impl Point {
    ///     pub fn move_by(&mut self, x: i32, y: i32) { self.0 += x; self.1 += y; }
    /// }
    ///
    /// let point = Shared::new(Point(1, 2));
    /// assert_eq!(Shared::describe(&point)?, "Point(1, 2)");
    /// # Ok::<(), shared_runtime::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Those of any call.
    pub fn describe(this: &Self) -> Result<String, Error>
    where
        T: Describe,
    {
        call::call::<(), Result<String, Error>>(this.target(), added::<T>(T::FROM_THE_END), &())
    }
}

/// What the method of [`Shared::describe`] answers.
///
/// # Errors
///
/// `Encode`.
pub fn encode_debug<T: Debug>(value: &T) -> Returned {
    encode(&format!("{value:?}"))
}

/// The number of a method that an option added.
fn added<T: Shareable>(from_the_end: usize) -> u32 {
    let methods = T::interface().methods.len();
    u32::try_from(methods - from_the_end).unwrap_or(u32::MAX)
}
