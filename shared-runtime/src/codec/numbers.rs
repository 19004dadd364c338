//! Lists of numbers, which are copied whole. Serde hands them over one by one; but a serde format is told what type it is
//! that is written, and what type it is that reads. Where those are the lists of `std`, their memory is what serde would
//! write, number by number.
//!
//! What is written and read is the same on every way: nothing but time is lost where a list is not recognised.

use std::any::TypeId;
use std::mem::{self, ManuallyDrop};
use std::{fmt, ptr, slice};

use serde::de::{self, Deserialize, Deserializer, Visitor};
use serde::forward_to_deserialize_any;

/// Whether a number lies in memory as it is written.
const AS_WRITTEN: bool = cfg!(all(target_endian = "little", target_pointer_width = "64"));

/// A number that is written in full width, its lowest byte first. It borrows nothing, so that its type id tells its type.
trait Number: Copy + for<'de> Deserialize<'de> + 'static {
    /// The numbers that these bytes are. What does not make a whole number at the end is left out.
    fn list(bytes: &[u8]) -> Vec<Self>;
}

macro_rules! numbers {
    ($($number:ident)*) => {
        $(
            impl Number for $number {
                #[inline]
                fn list(bytes: &[u8]) -> Vec<Self> {
                    let (numbers, _) = bytes.as_chunks();
                    numbers.iter().copied().map(Self::from_le_bytes).collect()
                }
            }
        )*

        /// How many numbers `list` holds, and their bytes, if it is a slice or vector of them.
        #[inline]
        pub(super) fn bytes_of<I>(list: &I) -> Option<(usize, &[u8])> {
            let found = None $(.or_else(|| slice_of::<$number, I>(list)))*;
            found.filter(|_| AS_WRITTEN)
        }

        /// What `V` makes of a list, if that is a vector of numbers, out of the bytes of as many as there are: `take` is told
        /// how many each has.
        #[inline]
        pub(super) fn read<'de, V: Visitor<'de>, E>(
            take: impl FnOnce(usize) -> Result<&'de [u8], E>,
        ) -> Option<Result<V::Value, E>> {
            if !AS_WRITTEN {
                return None;
            }
            $(
                if is_vector_of::<$number, V>() {
                    let bytes = take(size_of::<$number>());
                    return Some(bytes.map(|bytes| same_list($number::list(bytes))));
                }
            )*
            None
        }
    };
}

numbers! { u8 i8 u16 i16 u32 i32 u64 i64 usize isize u128 i128 f32 f64 }

/// `list`, if it is a slice or vector of `T`.
#[inline]
fn slice_of<T: Number, I>(list: &I) -> Option<(usize, &[u8])> {
    let kind = typeid::of::<I>();
    let numbers: &[T] = if kind == TypeId::of::<&'static [T]>() {
        // SAFETY: `I` is a `&[T]`, of a lifetime that is not shorter than that of the borrow of `list`.
        unsafe { *ptr::from_ref(list).cast::<&[T]>() }
    } else if kind == TypeId::of::<&'static Vec<T>>() {
        // SAFETY: as above.
        unsafe { *ptr::from_ref(list).cast::<&Vec<T>>() }
    } else {
        return None;
    };
    let (start, size) = (numbers.as_ptr().cast(), size_of_val(numbers));
    // SAFETY: a number is made of initialised bytes, and they are borrowed for as long as the numbers.
    let bytes = unsafe { slice::from_raw_parts(start, size) };
    Some((numbers.len(), bytes))
}

/// Whether `V` is what serde itself reads a `Vec<T>` with: another visitor might look at each number.
#[inline]
fn is_vector_of<'de, T: Number, V: Visitor<'de>>() -> bool {
    typeid::of::<V::Value>() == TypeId::of::<Vec<T>>()
        && Vec::<T>::deserialize(WhoReads).is_err_and(|reader| reader.0 == Some(typeid::of::<V>()))
}

/// `list`, which is an `L`.
#[inline]
fn same_list<T: Number, L>(list: Vec<T>) -> L {
    assert!(typeid::of::<L>() == TypeId::of::<Vec<T>>());
    let list = ManuallyDrop::new(list);
    // SAFETY: `L` is `Vec<T>`, in which there is no lifetime that the type id could hide; and the original is not used again.
    unsafe { mem::transmute_copy::<ManuallyDrop<Vec<T>>, L>(&list) }
}

/// Gives nothing, and takes down who has asked for a list.
struct WhoReads;

/// The type of the visitor.
#[derive(Debug)]
struct Reader(Option<TypeId>);

impl<'de> Deserializer<'de> for WhoReads {
    type Error = Reader;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Reader> {
        Err(Reader(None))
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Reader> {
        Err(Reader(Some(typeid::of::<V>())))
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        newtype_struct tuple tuple_struct map struct enum identifier ignored_any
    }
}

impl de::Error for Reader {
    fn custom<T: fmt::Display>(_text: T) -> Self {
        Self(None)
    }
}

impl fmt::Display for Reader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("nobody has asked for a list")
    }
}

impl std::error::Error for Reader {}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    fn is_seen<T: Number + Default>() {
        let list = vec![T::default(); 3];
        let expected = Some((3, &[0; 3 * 16][..3 * size_of::<T>()]));
        assert_eq!(bytes_of(&&list), expected);
        assert_eq!(bytes_of(&&list[..]), expected);
    }

    #[test]
    fn lists_of_numbers_are_seen_and_nothing_else_is() {
        is_seen::<u8>();
        is_seen::<i16>();
        is_seen::<usize>();
        is_seen::<i128>();
        is_seen::<f64>();
        assert_eq!(bytes_of(&&vec![true]), None);
        assert_eq!(bytes_of(&vec![1]), None);
        assert_eq!(bytes_of(&[1].iter()), None);
        assert_eq!(bytes_of(&&["text"][..]), None);
    }

    /// Reads what can be read whole, out of two numbers.
    struct Whole;

    impl<'de> Deserializer<'de> for Whole {
        type Error = Reader;

        fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Reader> {
            Err(Reader(None))
        }

        fn deserialize_seq<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Reader> {
            let bytes = |width| Ok(&[1; 32][..2 * width]);
            read::<V, Reader>(bytes).unwrap_or(Err(Reader(None)))
        }

        forward_to_deserialize_any! {
            bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
            newtype_struct tuple tuple_struct map struct enum identifier ignored_any
        }
    }

    #[test]
    fn lists_of_numbers_are_read_whole_and_nothing_else_is() {
        assert_eq!(Vec::<u8>::deserialize(Whole).unwrap(), [1; 2]);
        assert_eq!(Vec::<i32>::deserialize(Whole).unwrap(), [0x0101_0101; 2]);
        assert_eq!(Box::<[u16]>::deserialize(Whole).unwrap()[..], [0x0101; 2]);
        let usize = usize::from_le_bytes([1; 8]);
        assert_eq!(Vec::<usize>::deserialize(Whole).unwrap(), [usize; 2]);
        assert_eq!(Vec::<f64>::deserialize(Whole).unwrap().len(), 2);
        Vec::<bool>::deserialize(Whole).unwrap_err();
        Vec::<Vec<u8>>::deserialize(Whole).unwrap_err();
        VecDeque::<u8>::deserialize(Whole).unwrap_err();
    }
}
