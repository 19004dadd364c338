//! Names of blocks, as CPython makes and accepts them.

use std::fmt;
use std::str::FromStr;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::error::{Error, ErrorKind};
use crate::os::{random_id, this_process};

/// The most bytes of a name, as the file system has it.
const LONGEST: usize = 255;

/// How often another name is tried, out of four billion.
const TRIES: usize = 16;

/// The name of a block, without a slash before it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Name(pub(super) String);

impl Name {
    /// A name such as CPython gives: nobody else has it but by a rare chance.
    #[expect(clippy::cast_possible_truncation, reason = "so many bits are meant")]
    pub(crate) fn random() -> Self {
        static NEXT: LazyLock<AtomicU64> = LazyLock::new(|| AtomicU64::new(random_id() as u64));
        // Weyl's sequence, mixed: nobody has to guess them, and asking the kernel each time takes longer. A fork goes on with others.
        let step = NEXT.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed);
        let mixed = (step ^ (step >> 32) ^ this_process()).wrapping_mul(0xD6E8_FEB8_6659_FD93);
        Self(format!("psm_{:08x}", mixed >> 32))
    }

    /// What `create` makes under a name that `give` gives: another one where somebody has that already.
    pub(crate) fn free<T>(
        give: fn() -> Self,
        create: impl Fn(Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut tries = 1;
        loop {
            match create(give()) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists && tries < TRIES => {
                    tries += 1;
                }
                created => return created,
            }
        }
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// With or without the slash before it.
impl FromStr for Name {
    type Err = Error;

    fn from_str(name: &str) -> Result<Self, Error> {
        let bare = name.strip_prefix('/').unwrap_or(name);
        let wrong = |why: &str| {
            let text = format!("{name:?} is no name for a block of memory: {why}");
            Err(Error::new(ErrorKind::InvalidInput, text))
        };
        match bare {
            "" => wrong("it is empty"),
            "." | ".." => wrong("it means a directory"),
            _ if bare.contains('/') => wrong("a slash may only stand before it"),
            _ if bare.contains('\0') => wrong("a zero byte ends it"),
            _ if bare.len() > LONGEST => wrong("it is longer than 255 bytes"),
            _ => Ok(Self(bare.to_owned())),
        }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_those_of_cpython() {
        let name = Name::random().to_string();
        let (start, digits) = name.split_at(4);
        assert_eq!((start, digits.len()), ("psm_", 8));
        assert!(
            digits
                .bytes()
                .all(|digit| b"0123456789abcdef".contains(&digit))
        );
        assert_ne!(Name::random(), Name::random());
        assert_eq!("/a".parse::<Name>().unwrap(), "a".parse().unwrap());
        assert!("å".repeat(127).parse::<Name>().is_ok());
    }

    #[test]
    fn what_is_no_name_is_refused() {
        let long = "a".repeat(256);
        for wrong in [
            "",
            "/",
            "..",
            ".",
            "a/b",
            "//a",
            "a\0",
            &long,
            "../etc/passwd",
        ] {
            let error = wrong.parse::<Name>().unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{wrong}");
        }
    }
}
