//! What becomes an `Item`.

use super::item::Item;
use crate::error::{Error, ErrorKind};

macro_rules! from {
    ($variant:ident: $($type:ty),*) => {
        $(impl From<$type> for Item {
            #[inline]
            fn from(value: $type) -> Self {
                Self::$variant(value.into())
            }
        })*
    };
}

from!(Int: i8, i16, i32, i64, u8, u16, u32);
from!(Float: f32, f64);
from!(Bool: bool);
from!(Str: &str, String, char);
from!(Bytes: &[u8], Vec<u8>);

impl<const N: usize> From<&[u8; N]> for Item {
    fn from(bytes: &[u8; N]) -> Self {
        Self::Bytes(bytes.to_vec())
    }
}

impl From<()> for Item {
    fn from((): ()) -> Self {
        Self::None
    }
}

impl<T: Into<Self>> From<Option<T>> for Item {
    fn from(value: Option<T>) -> Self {
        value.map_or(Self::None, Into::into)
    }
}

macro_rules! try_from {
    ($($type:ty),*) => {
        $(
            /// # Errors
            ///
            /// `InvalidInput` if the number is none of an `i64`: there is no slot for it.
            impl TryFrom<$type> for Item {
                type Error = Error;

                fn try_from(number: $type) -> Result<Self, Error> {
                    i64::try_from(number).map(Self::Int).map_err(|_| {
                        let text = format!("{number} does not fit into the 64 bits that a list has for a number");
                        Error::new(ErrorKind::InvalidInput, text)
                    })
                }
            }
        )*
    };
}

try_from!(u64, u128, i128, usize, isize);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_fits_is_an_item() {
        assert_eq!(Item::from(-7i8), Item::Int(-7));
        assert_eq!(Item::from(u32::MAX), Item::Int(4_294_967_295));
        assert_eq!(Item::from(0.5f32), Item::Float(0.5));
        assert_eq!(Item::from('é'), Item::Str("é".to_owned()));
        assert_eq!(Item::from(Some("a")), Item::from("a"));
        assert_eq!(Item::from(None::<i64>), Item::None);
        assert_eq!(Item::from(()), Item::None);
        assert_eq!(Item::try_from(7usize), Ok(Item::Int(7)));
        assert_eq!(
            Item::try_from(i128::from(i64::MIN)),
            Ok(Item::Int(i64::MIN))
        );
    }

    #[test]
    fn numbers_beyond_64_bits_are_refused() {
        let error = Item::try_from(1u64 << 63).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidInput);
        assert!(error.to_string().starts_with("9223372036854775808 "));
    }
}
