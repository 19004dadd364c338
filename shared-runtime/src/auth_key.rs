//! `AuthKey`: what both sides of a chosen address prove to have.

use std::env;
use std::fmt;
use std::os::unix::ffi::OsStrExt;
use std::sync::Arc;

use crate::error::{Error, ErrorKind};
use crate::os::random_bytes;

/// The fewest bytes of a key: what nobody guesses.
const FEWEST: usize = 16;

/// A secret that a server and those who [connect](crate::ServerHandle::connect) to its [address](crate::ServerBuilder::address) share. Each
/// proves to the other that it has it; the key itself is never sent to the other side.
///
/// `Debug` does not show it.
///
/// ```
/// use shared_runtime::AuthKey;
///
/// let key = AuthKey::new("correct horse battery staple")?;
/// assert_eq!(format!("{key:?}"), "AuthKey(…)");
/// assert!(AuthKey::new("swordfish").is_err()); // fewer than 16 bytes
/// # Ok::<(), shared_runtime::Error>(())
/// ```
#[derive(Clone)]
pub struct AuthKey(Arc<[u8]>);

impl AuthKey {
    /// A key of these bytes, as they are.
    ///
    /// # Errors
    ///
    /// `InvalidInput` if there are fewer than 16 of them.
    pub fn new(bytes: impl AsRef<[u8]>) -> Result<Self, Error> {
        let bytes = bytes.as_ref();
        if bytes.len() < FEWEST {
            let text = format!(
                "a key of {} bytes is too easily guessed: it needs {FEWEST}, such as `AuthKey::random` has",
                bytes.len()
            );
            return Err(Error::new(ErrorKind::InvalidInput, text));
        }
        Ok(Self(bytes.into()))
    }

    /// A key of 32 bytes that nobody knows, from the kernel.
    #[must_use]
    pub fn random() -> Self {
        Self(Arc::new(random_bytes::<32>()))
    }

    /// The key that an environment variable holds: its text, as it is.
    ///
    /// ```
    /// use shared_runtime::AuthKey;
    ///
    /// let error = AuthKey::from_env("MODELS_KEY").unwrap_err();
    /// assert!(error.to_string().contains("MODELS_KEY"), "{error}");
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidInput` if the variable is not set, or has fewer than 16 bytes.
    pub fn from_env(name: &str) -> Result<Self, Error> {
        let wrong = |what: &dyn fmt::Display| {
            let text = format!("the environment variable {name} gives no key: {what}");
            Error::new(ErrorKind::InvalidInput, text)
        };
        let value = env::var_os(name).ok_or_else(|| wrong(&"it is not set"))?;
        Self::new(value.as_bytes()).map_err(|error| wrong(&error))
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_has_sixteen_bytes_at_least() {
        assert_eq!(AuthKey::new([7; 16]).unwrap().bytes(), [7; 16]);
        let error = AuthKey::new([7; 15]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().contains("a key of 15 bytes"), "{error}");
    }

    #[test]
    fn no_two_random_keys_are_the_same() {
        let (one, other) = (AuthKey::random(), AuthKey::random());
        assert_eq!(one.bytes().len(), 32);
        assert_ne!(one.bytes(), other.bytes());
    }

    #[test]
    fn a_key_is_not_shown() {
        let key = AuthKey::new("a secret of some length").unwrap();
        assert_eq!(
            format!("{key:?} {:#?}", Some(&key))
                .matches("secret")
                .count(),
            0
        );
    }

    /// A variable that every test runner sets, and one that nobody does.
    #[test]
    fn a_variable_gives_its_text_or_an_error_with_its_name() {
        let key = AuthKey::from_env("CARGO_MANIFEST_DIR").unwrap();
        assert_eq!(key.bytes(), env!("CARGO_MANIFEST_DIR").as_bytes());
        let absent = AuthKey::from_env("SHARED_TEST_ABSENT").unwrap_err();
        assert!(
            absent
                .to_string()
                .contains("SHARED_TEST_ABSENT gives no key: it is not set"),
            "{absent}"
        );
        let short = AuthKey::from_env("CARGO_PKG_VERSION_MAJOR").unwrap_err();
        let said = "CARGO_PKG_VERSION_MAJOR gives no key: a key of 1 bytes is too easily guessed";
        assert!(short.to_string().contains(said), "{short}");
    }
}
