//! Reads a value: postcard does single numbers and texts; what holds other values is here, where depth and counts are
//! checked. Nothing in the bytes is believed.

use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use super::numbers;
use super::refuse::{DEPTH, EMPTY, Refusal, SELF_DESCRIBING};

type Result<T> = std::result::Result<T, Refusal>;

/// A message being read.
pub(super) struct Reader<'de> {
    rest: &'de [u8],
    depth: usize,
    /// Elements that took no bytes.
    empty: usize,
}

impl<'de> Reader<'de> {
    #[inline]
    pub(super) fn new(bytes: &'de [u8]) -> Self {
        Self {
            rest: bytes,
            depth: 0,
            empty: 0,
        }
    }

    /// What has not been read.
    #[inline]
    pub(super) fn rest(&self) -> &'de [u8] {
        self.rest
    }

    /// The next of what is one thing to postcard.
    #[inline]
    fn take<T: Deserialize<'de>>(&mut self) -> Result<T> {
        let mut reader = postcard::Deserializer::from_bytes(self.rest);
        let value = T::deserialize(&mut reader).map_err(Refusal::of_bytes)?;
        self.rest = reader.finalize().map_err(Refusal::of_bytes)?;
        Ok(value)
    }

    /// Reads what stands inside a value.
    #[inline]
    fn nested<T>(&mut self, read: impl FnOnce(&mut Self) -> Result<T>) -> Result<T> {
        if self.depth == DEPTH {
            return Err(Refusal::too_deep());
        }
        self.depth += 1;
        let value = read(self);
        self.depth -= 1;
        value
    }

    /// Where the value is read from that the message is.
    #[inline]
    pub(super) fn place(&mut self) -> Place<'_, 'de, false> {
        Place(self)
    }

    #[inline]
    fn fields<T>(
        &mut self,
        number: usize,
        read: impl FnOnce(Elements<'_, 'de, false>) -> Result<T>,
    ) -> Result<T> {
        self.nested(|reader| {
            read(Elements {
                reader,
                left: number,
            })
        })
    }

    /// Reads a list or map: the elements that take no bytes are few in any message, and no more are begun than the bytes and
    /// those allow.
    #[inline]
    fn list<T, const NUMBERS: bool>(
        &mut self,
        length: usize,
        read: impl FnOnce(&mut Elements<'_, 'de, NUMBERS>) -> Result<T>,
    ) -> Result<T> {
        let before = self.rest.len();
        self.empty_after(length, before)?;
        self.nested(|reader| {
            let mut elements = Elements {
                reader,
                left: length,
            };
            let value = read(&mut elements)?;
            elements.is_at_end()?;
            reader.empty = reader.empty_after(length, before - reader.rest.len())?;
            Ok(value)
        })
    }

    /// How many elements have taken no bytes when a list of `length` has taken `bytes`.
    #[inline]
    fn empty_after(&self, length: usize, bytes: usize) -> Result<usize> {
        let empty = self.empty.saturating_add(length.saturating_sub(bytes));
        if empty <= EMPTY {
            return Ok(empty);
        }
        Err(Refusal::too_few_bytes(length, bytes))
    }

    /// The bytes of a list's elements, which have a `width` each.
    #[inline]
    fn whole_list(&mut self, length: usize, width: usize) -> Result<&'de [u8]> {
        let there = self.rest.len();
        let elements = length
            .checked_mul(width)
            .and_then(|size| self.rest.split_at_checked(size));
        let (elements, rest) = elements.ok_or_else(|| Refusal::too_few_bytes(length, there))?;
        self.nested(|reader| {
            reader.rest = rest;
            Ok(elements)
        })
    }

    /// The next few bytes.
    #[inline]
    fn raw<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk().ok_or_else(Refusal::at_end)?;
        self.rest = rest;
        Ok(*bytes)
    }
}

/// Where a value is read from; see the writer's, which is its mirror.
pub(super) struct Place<'r, 'de, const ELEMENT: bool>(&'r mut Reader<'de>);

/// What is one thing to postcard.
macro_rules! single {
    ($($method:ident $visit:ident($type:ty);)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
                visitor.$visit(self.0.take::<$type>()?)
            }
        )*
    };
}

/// What has one width in a list and others elsewhere.
macro_rules! number {
    ($($method:ident $visit:ident($type:ty);)*) => {
        $(
            #[inline]
            fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
                visitor.$visit(if ELEMENT {
                    <$type>::from_le_bytes(self.0.raw()?)
                } else {
                    self.0.take()?
                })
            }
        )*
    };
}

/// What the bytes do not say.
macro_rules! unsaid {
    ($($method:ident)*) => {
        $(
            #[cold]
            fn $method<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value> {
                Err(Refusal::new(SELF_DESCRIBING))
            }
        )*
    };
}

impl<'de, const ELEMENT: bool> Deserializer<'de> for Place<'_, 'de, ELEMENT> {
    type Error = Refusal;

    single! {
        deserialize_bool visit_bool(bool);
        deserialize_i8 visit_i8(i8);
        deserialize_u8 visit_u8(u8);
        deserialize_f32 visit_f32(f32);
        deserialize_f64 visit_f64(f64);
        deserialize_char visit_char(char);
        deserialize_str visit_borrowed_str(&'de str);
        deserialize_string visit_borrowed_str(&'de str);
        deserialize_bytes visit_borrowed_bytes(&'de [u8]);
        deserialize_byte_buf visit_borrowed_bytes(&'de [u8]);
    }

    number! {
        deserialize_i16 visit_i16(i16);
        deserialize_i32 visit_i32(i32);
        deserialize_i64 visit_i64(i64);
        deserialize_i128 visit_i128(i128);
        deserialize_u16 visit_u16(u16);
        deserialize_u32 visit_u32(u32);
        deserialize_u64 visit_u64(u64);
        deserialize_u128 visit_u128(u128);
    }

    unsaid! { deserialize_any deserialize_ignored_any deserialize_identifier }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.0.take::<u8>()? {
            0 => visitor.visit_none(),
            1 => self.0.nested(|reader| visitor.visit_some(reader.place())),
            _ => Err(Refusal::new("an `Option` is neither 0 nor 1")),
        }
    }

    #[inline]
    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_unit()
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.0
            .nested(|reader| visitor.visit_newtype_struct(Place::<ELEMENT>(reader)))
    }

    #[inline]
    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let length = self.0.take::<usize>()?;
        if let Some(list) = numbers::read::<V, _>(|width| self.0.whole_list(length, width)) {
            return list;
        }
        self.0
            .list::<_, true>(length, |elements| visitor.visit_seq(elements))
    }

    #[inline]
    fn deserialize_tuple<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value> {
        self.0.fields(length, |fields| visitor.visit_seq(fields))
    }

    #[inline]
    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        length: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(length, visitor)
    }

    #[inline]
    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let length = self.0.take::<usize>()?;
        self.0
            .list::<_, false>(length, |elements| visitor.visit_map(elements))
    }

    #[inline]
    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_tuple(fields.len(), visitor)
    }

    #[inline]
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self.0)
    }
}

impl<'de> EnumAccess<'de> for &mut Reader<'de> {
    type Error = Refusal;
    type Variant = Self;

    #[inline]
    fn variant_seed<V: DeserializeSeed<'de>>(self, seed: V) -> Result<(V::Value, Self)> {
        let index = IntoDeserializer::<Refusal>::into_deserializer(self.take::<u32>()?);
        Ok((seed.deserialize(index)?, self))
    }
}

impl<'de> VariantAccess<'de> for &mut Reader<'de> {
    type Error = Refusal;

    #[inline]
    fn unit_variant(self) -> Result<()> {
        Ok(())
    }

    #[inline]
    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value> {
        self.nested(|reader| seed.deserialize(reader.place()))
    }

    #[inline]
    fn tuple_variant<V: Visitor<'de>>(self, length: usize, visitor: V) -> Result<V::Value> {
        self.place().deserialize_tuple(length, visitor)
    }

    #[inline]
    fn struct_variant<V: Visitor<'de>>(
        self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.place().deserialize_tuple(fields.len(), visitor)
    }
}

/// The elements of a list or map, or the fields of something. `NUMBERS` are of full width in a list.
struct Elements<'a, 'de, const NUMBERS: bool> {
    reader: &'a mut Reader<'de>,
    left: usize,
}

impl<const NUMBERS: bool> Elements<'_, '_, NUMBERS> {
    /// Whether there is another, which then is the reader's next.
    #[inline]
    fn next(&mut self) -> bool {
        let another = self.left > 0;
        self.left -= usize::from(another);
        another
    }

    /// As many as may still come: memory is given by this number.
    #[inline]
    fn hint(&self) -> usize {
        self.left.min(self.reader.rest.len())
    }

    /// What follows a list that is read in part would be read as something else.
    #[inline]
    fn is_at_end(&self) -> Result<()> {
        if self.left == 0 {
            return Ok(());
        }
        Err(de::Error::custom(format_args!(
            "{} elements of a list are left over",
            self.left
        )))
    }
}

impl<'de, const NUMBERS: bool> SeqAccess<'de> for Elements<'_, 'de, NUMBERS> {
    type Error = Refusal;

    #[inline]
    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>> {
        if !self.next() {
            return Ok(None);
        }
        seed.deserialize(Place::<NUMBERS>(self.reader)).map(Some)
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}

impl<'de> MapAccess<'de> for Elements<'_, 'de, false> {
    type Error = Refusal;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        if !self.next() {
            return Ok(None);
        }
        seed.deserialize(self.reader.place()).map(Some)
    }

    #[inline]
    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value> {
        seed.deserialize(self.reader.place())
    }

    #[inline]
    fn size_hint(&self) -> Option<usize> {
        Some(self.hint())
    }
}
