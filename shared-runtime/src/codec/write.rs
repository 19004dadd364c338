//! Writes a value: postcard does single numbers and texts; what holds other values is here, where its depth and its elements
//! are counted.

use std::fmt::{Display, Write as _};

use postcard::ser_flavors::Flavor;
use serde::ser::{self, Serialize, SerializeSeq as _, Serializer};

use super::numbers;
use super::output::Output;
use super::refuse::{DEPTH, EMPTY, FLATTEN, Refusal, UNCOUNTED, skipped_field};

type Result<T = ()> = std::result::Result<T, Refusal>;

/// A message being written.
pub(super) struct Writer<'o> {
    output: postcard::Serializer<Output<'o>>,
    depth: usize,
    /// Elements that took no bytes.
    empty: usize,
}

impl<'o> Writer<'o> {
    #[inline]
    pub(super) fn new(output: Output<'o>) -> Self {
        Self {
            output: postcard::Serializer { output },
            depth: 0,
            empty: 0,
        }
    }

    /// Where the value is written to that the message is.
    #[inline]
    pub(super) fn place(&mut self) -> Place<'_, 'o, false> {
        Place(self)
    }

    #[inline]
    pub(super) fn output(&mut self) -> &mut Output<'o> {
        &mut self.output.output
    }

    #[inline]
    fn size(&self) -> usize {
        self.output.output.size()
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
    fn fields(&mut self, name: &'static str) -> Result<Fields<'_, 'o>> {
        self.enter()?;
        Ok(Fields { writer: self, name })
    }

    #[inline]
    fn tag(&mut self, tag: u8) -> Result {
        self.place().serialize_u8(tag)
    }

    #[inline]
    fn variant(&mut self, index: u32) -> Result {
        self.number(u64::from(index))
    }

    #[inline]
    fn list(&mut self, length: usize) -> Result<List<'_, 'o>> {
        self.number(length as u64)?;
        self.enter()?;
        Ok(List {
            start: self.size(),
            writer: self,
            length,
            written: 0,
        })
    }

    /// A list whose elements, `length` of them, are these bytes.
    #[inline]
    fn whole_list(&mut self, length: usize, elements: &[u8]) -> Result {
        let mut list = self.list(length)?;
        list.writer.raw(elements)?;
        list.written = length;
        list.end()
    }

    /// What is one thing to postcard.
    #[inline]
    fn single<T: Serialize>(&mut self, value: &T) -> Result {
        value.serialize(&mut self.output).map_err(Refusal::of_bytes)
    }

    #[inline]
    fn number(&mut self, number: u64) -> Result {
        self.output().number(number).map_err(Refusal::of_bytes)
    }

    #[inline]
    fn raw(&mut self, bytes: &[u8]) -> Result {
        self.output().try_extend(bytes).map_err(Refusal::of_bytes)
    }
}

/// A signed number as an unsigned one, as postcard does it: those near zero are small.
#[inline]
fn folded(number: i64) -> u64 {
    ((number << 1) ^ (number >> 63)).cast_unsigned()
}

/// Where a value is written. As an `ELEMENT` of a list a number has its full width, so that a list of numbers can be copied
/// whole; in all other places it is as short as postcard makes it.
pub(super) struct Place<'w, 'o, const ELEMENT: bool>(&'w mut Writer<'o>);

impl<const ELEMENT: bool> Place<'_, '_, ELEMENT> {
    #[inline]
    fn nested<T: Serialize + ?Sized>(self, value: &T) -> Result {
        self.0.enter()?;
        value.serialize(self.0.place())?;
        self.0.depth -= 1;
        Ok(())
    }
}

/// What is one thing to postcard.
macro_rules! single {
    ($($method:ident($type:ty);)*) => {
        $(
            #[inline]
            fn $method(self, value: $type) -> Result {
                self.0.single(&value)
            }
        )*
    };
}

/// What has its full width as an element of a list, and is `short` elsewhere.
macro_rules! number {
    ($($method:ident($type:ty) $short:expr;)*) => {
        $(
            #[inline]
            fn $method(self, value: $type) -> Result {
                if ELEMENT {
                    return self.0.raw(&value.to_le_bytes());
                }
                let short: fn(&mut Writer<'_>, $type) -> Result = $short;
                short(self.0, value)
            }
        )*
    };
}

impl<'w, 'o, const ELEMENT: bool> Serializer for Place<'w, 'o, ELEMENT> {
    type Ok = ();
    type Error = Refusal;
    type SerializeSeq = List<'w, 'o>;
    type SerializeTuple = Fields<'w, 'o>;
    type SerializeTupleStruct = Fields<'w, 'o>;
    type SerializeTupleVariant = Fields<'w, 'o>;
    type SerializeMap = List<'w, 'o>;
    type SerializeStruct = Fields<'w, 'o>;
    type SerializeStructVariant = Fields<'w, 'o>;

    single! {
        serialize_bool(bool);
        serialize_i8(i8);
        serialize_u8(u8);
        serialize_f32(f32);
        serialize_f64(f64);
        serialize_char(char);
    }

    #[inline]
    fn serialize_str(self, text: &str) -> Result {
        self.serialize_bytes(text.as_bytes())
    }

    #[inline]
    fn serialize_bytes(self, bytes: &[u8]) -> Result {
        self.0.number(bytes.len() as u64)?;
        self.0.raw(bytes)
    }

    number! {
        serialize_i16(i16) |writer, value| writer.number(folded(value.into()));
        serialize_i32(i32) |writer, value| writer.number(folded(value.into()));
        serialize_i64(i64) |writer, value| writer.number(folded(value));
        serialize_u16(u16) |writer, value| writer.number(value.into());
        serialize_u32(u32) |writer, value| writer.number(value.into());
        serialize_u64(u64) |writer, value| writer.number(value);
        serialize_i128(i128) |writer, value| writer.single(&value);
        serialize_u128(u128) |writer, value| writer.single(&value);
    }

    #[inline]
    fn is_human_readable(&self) -> bool {
        false
    }

    #[inline]
    fn serialize_none(self) -> Result {
        self.0.tag(0)
    }

    #[inline]
    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        self.0.tag(1)?;
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
        self.0.variant(index)
    }

    #[inline]
    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result {
        self.0.enter()?;
        value.serialize(Place::<ELEMENT>(self.0))?;
        self.0.depth -= 1;
        Ok(())
    }

    #[inline]
    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        index: u32,
        _variant: &'static str,
        value: &T,
    ) -> Result {
        self.0.variant(index)?;
        self.nested(value)
    }

    #[inline]
    fn serialize_seq(self, length: Option<usize>) -> Result<List<'w, 'o>> {
        self.0.list(length.ok_or_else(|| Refusal::new(UNCOUNTED))?)
    }

    #[inline]
    fn serialize_tuple(self, _length: usize) -> Result<Fields<'w, 'o>> {
        self.0.fields("a tuple")
    }

    #[inline]
    fn serialize_tuple_struct(self, name: &'static str, _length: usize) -> Result<Fields<'w, 'o>> {
        self.0.fields(name)
    }

    #[inline]
    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Fields<'w, 'o>> {
        self.0.variant(index)?;
        self.0.fields(variant)
    }

    #[inline]
    fn serialize_map(self, length: Option<usize>) -> Result<List<'w, 'o>> {
        self.0.list(length.ok_or_else(|| Refusal::new(FLATTEN))?)
    }

    #[inline]
    fn serialize_struct(self, name: &'static str, _length: usize) -> Result<Fields<'w, 'o>> {
        self.0.fields(name)
    }

    #[inline]
    fn serialize_struct_variant(
        self,
        _name: &'static str,
        index: u32,
        variant: &'static str,
        _length: usize,
    ) -> Result<Fields<'w, 'o>> {
        self.0.variant(index)?;
        self.0.fields(variant)
    }

    #[inline]
    fn collect_seq<I>(self, list: I) -> Result
    where
        I: IntoIterator,
        I::Item: Serialize,
    {
        if let Some((length, elements)) = numbers::bytes_of(&list) {
            return self.0.whole_list(length, elements);
        }
        let mut elements = list.into_iter();
        let length = match elements.size_hint() {
            (least, Some(most)) if least == most => Some(least),
            _ => None,
        };
        let mut list = self.serialize_seq(length)?;
        elements.try_for_each(|element| list.serialize_element(&element))?;
        list.end()
    }

    /// Formats once: whoever formats differently the second time would spoil the message.
    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result {
        let mut text = String::new();
        write!(text, "{value}").map_err(|_| Refusal::new("its `Display` failed"))?;
        self.serialize_str(&text)
    }
}

/// A list or map being written.
pub(super) struct List<'w, 'o> {
    writer: &'w mut Writer<'o>,
    length: usize,
    written: usize,
    /// Where its elements begin.
    start: usize,
}

impl List<'_, '_> {
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

impl ser::SerializeSeq for List<'_, '_> {
    type Ok = ();
    type Error = Refusal;

    #[inline]
    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.written += 1;
        value.serialize(Place::<true>(self.writer))
    }

    #[inline]
    fn end(self) -> Result {
        self.end()
    }
}

impl ser::SerializeMap for List<'_, '_> {
    type Ok = ();
    type Error = Refusal;

    #[inline]
    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        self.written += 1;
        key.serialize(self.writer.place())
    }

    #[inline]
    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        value.serialize(self.writer.place())
    }

    #[inline]
    fn end(self) -> Result {
        self.end()
    }
}

/// A tuple, struct or variant being written: how many fields it has is known to its reader.
pub(super) struct Fields<'w, 'o> {
    writer: &'w mut Writer<'o>,
    name: &'static str,
}

/// The traits of what has fields without names.
macro_rules! fields {
    ($($trait:ident $method:ident;)*) => {
        $(
            impl ser::$trait for Fields<'_, '_> {
                type Ok = ();
                type Error = Refusal;

                #[inline]
                fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
                    value.serialize(self.writer.place())
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
            impl ser::$trait for Fields<'_, '_> {
                type Ok = ();
                type Error = Refusal;

                #[inline]
                fn serialize_field<T: Serialize + ?Sized>(
                    &mut self,
                    _name: &'static str,
                    value: &T,
                ) -> Result {
                    value.serialize(self.writer.place())
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
