//! Writes a value: postcard does single numbers and texts; what holds other values is here, where its depth and its elements
//! are counted.

use std::fmt::{Display, Write as _};

use postcard::ser_flavors::Flavor;
use serde::ser::{self, Serialize, Serializer};

use super::refuse::{DEPTH, EMPTY, FLATTEN, Refusal, UNCOUNTED, skipped_field};

type Result<T = ()> = std::result::Result<T, Refusal>;

/// A message being written.
pub(super) struct Writer {
    output: postcard::Serializer<Output>,
    depth: usize,
    /// Elements that took no bytes.
    empty: usize,
}

impl Default for Writer {
    fn default() -> Self {
        Self {
            output: postcard::Serializer {
                output: Output(Vec::new()),
            },
            depth: 0,
            empty: 0,
        }
    }
}

impl Writer {
    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.output.output.0
    }

    #[inline]
    fn size(&self) -> usize {
        self.output.output.0.len()
    }

    /// Around what is written next. Nothing leaves a value that could not be written whole.
    #[inline]
    fn enter(&mut self) -> Result {
        if self.depth == DEPTH {
            return Err(Refusal::too_deep());
        }
        self.depth += 1;
        Ok(())
    }

    #[inline]
    fn nested<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.enter()?;
        value.serialize(&mut *self)?;
        self.depth -= 1;
        Ok(())
    }

    #[inline]
    fn fields(&mut self, name: &'static str) -> Result<Fields<'_>> {
        self.enter()?;
        Ok(Fields { writer: self, name })
    }

    #[inline]
    fn variant(&mut self, index: u32) -> Result {
        self.serialize_u32(index)
    }

    #[inline]
    fn list(&mut self, length: usize) -> Result<List<'_>> {
        self.serialize_u64(length as u64)?;
        self.enter()?;
        Ok(List {
            start: self.size(),
            writer: self,
            length,
            written: 0,
        })
    }
}

/// Where postcard puts its bytes.
struct Output(Vec<u8>);

impl Flavor for Output {
    type Output = Vec<u8>;

    #[inline]
    fn try_push(&mut self, byte: u8) -> postcard::Result<()> {
        self.0.push(byte);
        Ok(())
    }

    #[inline]
    fn try_extend(&mut self, bytes: &[u8]) -> postcard::Result<()> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn finalize(self) -> postcard::Result<Vec<u8>> {
        Ok(self.0)
    }
}

/// What is one thing to postcard.
macro_rules! single {
    ($($method:ident($type:ty);)*) => {
        $(
            #[inline]
            fn $method(self, value: $type) -> Result {
                (&mut self.output).$method(value).map_err(Refusal::of_bytes)
            }
        )*
    };
}

impl<'a> Serializer for &'a mut Writer {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = List<'a>;
    type SerializeTuple = Fields<'a>;
    type SerializeTupleStruct = Fields<'a>;
    type SerializeTupleVariant = Fields<'a>;
    type SerializeMap = List<'a>;
    type SerializeStruct = Fields<'a>;
    type SerializeStructVariant = Fields<'a>;

    single! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_i16(i16);
        serialize_i32(i32);
        serialize_i64(i64);
        serialize_i128(i128);
        serialize_u8(u8);
        serialize_u16(u16);
        serialize_u32(u32);
        serialize_u64(u64);
        serialize_u128(u128);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
        serialize_str(&str);
        serialize_bytes(&[u8]);
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn serialize_none(self) -> Result {
        self.serialize_u8(0)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        self.serialize_u8(1)?;
        self.nested(value)
    }

    #[inline]
    fn serialize_unit(self) -> Result {
        Ok(())
    }

    #[inline]
    fn serialize_unit_struct(self, _name: &'static str) -> Result {
        Ok(())
    }

    #[inline]
    fn serialize_unit_variant(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
    ) -> Result {
        self.variant(index)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result {
        self.nested(value)
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result {
        self.variant(index)?;
        self.nested(value)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<List<'a>> {
        self.list(length.ok_or_else(|| Refusal::new(UNCOUNTED))?)
    }

    #[inline]
    fn serialize_tuple(self, _length: usize) -> Result<Fields<'a>> {
        self.fields("a tuple")
    }

    #[inline]
    fn serialize_tuple_struct(self, name: &'static str, _length: usize) -> Result<Fields<'a>> {
        self.fields(name)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Fields<'a>> {
        self.variant(index)?;
        self.fields(variant)
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<List<'a>> {
        self.list(length.ok_or_else(|| Refusal::new(FLATTEN))?)
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Fields<'a>> {
        self.fields(name)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Fields<'a>> {
        self.variant(index)?;
        self.fields(variant)
    }

    /// Formats once: whoever formats differently the second time would spoil the message.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result {
        let mut text = String::new();
        write!(text, "{value}").map_err(|_| Refusal::new("its `Display` failed"))?;
        self.serialize_str(&text)
    }
}

/// A list or map being written.
pub(super) struct List<'a> {
    writer: &'a mut Writer,
    length: usize,
    written: usize,
    /// Where its elements begin.
    start: usize,
}

impl List<'_> {
    fn end(self) -> Result {
        let Self {
            writer,
            length,
            written,
            start,
        } = self;
        if written != length {
            let text = format!("a list of {length} elements was announced, and {written} came");
            return Err(Refusal::new(text));
        }
        writer.empty += length.saturating_sub(writer.size() - start);
        if writer.empty > EMPTY {
            return Err(Refusal::too_many_empty());
        }
        writer.depth -= 1;
        Ok(())
    }
}

impl ser::SerializeSeq for List<'_> {
    type Ok = ();
    type Error = Refusal;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.written += 1;
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn end(self) -> Result {
        self.end()
    }
}

impl ser::SerializeMap for List<'_> {
    type Ok = ();
    type Error = Refusal;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        self.written += 1;
        key.serialize(&mut *self.writer)
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(&mut *self.writer)
    }

    #[inline]
    fn end(self) -> Result {
        self.end()
    }
}

/// A tuple, struct or variant being written: how many fields it has is known to its reader.
pub(super) struct Fields<'a> {
    writer: &'a mut Writer,
    name: &'static str,
}

/// The traits of what has fields without names.
macro_rules! fields {
    ($($trait:ident $method:ident;)*) => {
        $(
            impl ser::$trait for Fields<'_> {
                type Ok = ();
                type Error = Refusal;

                #[inline]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
                    value.serialize(&mut *self.writer)
                }

                #[inline]
                fn end(self) -> Result {
                    self.writer.depth -= 1;
                    Ok(())
                }
            }
        )*
    };
}

/// The traits of what has fields with names, one of which may be left out.
macro_rules! named_fields {
    ($($trait:ident;)*) => {
        $(
            impl ser::$trait for Fields<'_> {
                type Ok = ();
                type Error = Refusal;

                #[inline]
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    _name: &'static str,
                    value: &T,
                ) -> Result {
                    value.serialize(&mut *self.writer)
                }

                #[cold]
                fn skip_field(&mut self, field: &'static str) -> Result {
                    Err(Refusal::new(skipped_field(self.name, field)))
                }

                #[inline]
                fn end(self) -> Result {
                    self.writer.depth -= 1;
                    Ok(())
                }
            }
        )*
    };
}

fields! {
    SerializeTuple serialize_element;
    SerializeTupleStruct serialize_field;
    SerializeTupleVariant serialize_field;
}

named_fields! {
    SerializeStruct;
    SerializeStructVariant;
}
