//! The deserializer of the tracer: it reads nothing, notes what it is asked for, and answers with samples.

use std::any::{TypeId, type_name};
use std::error::Error;
use std::fmt;

use serde::de::value::U32Deserializer;
use serde::de::{
    self, Deserialize, DeserializeSeed, Deserializer, EnumAccess, IntoDeserializer, MapAccess,
    SeqAccess, VariantAccess, Visitor,
};

use super::form::{Kind, Style};
use super::graph::{Key, ROOT, Slot};
use super::samples;
use super::tracer::{Halt, Trace, Tracer, Untraced};
use crate::panic::catch;

/// The name under which handles are written: a newtype around a tuple struct that bears the name of the interface.
pub(crate) const HANDLE: &str = "shared_runtime::Shared";

/// The same for handles that keep nothing alive.
pub(crate) const WEAK_HANDLE: &str = "shared_runtime::WeakShared";

const ASKS: &str = "asks the bytes what they hold, which they do not say: `serde_json::Value`, `#[serde(untagged)]`, \
    `#[serde(tag = …)]` and `#[serde(flatten)]` do so";
const BY_NAME: &str = "is read field by field with names, which the bytes do not have: `#[serde(flatten)]` and \
    `#[serde(tag = …, content = …)]` do so";
const SKIPS: &str = "skips what it does not know, and the bytes do not say how long that is";

/// What `T` looks like.
pub(super) fn trace<'de, T: Deserialize<'de>>() -> Result<Trace, Untraced> {
    let traced = catch("", || {
        Tracer::default().explore(type_name::<T>(), |tracer| {
            tracer.part(ROOT, Some(type_name::<T>()), |tracer| {
                T::deserialize(Probe(tracer)).map(drop)
            })
        })
    });
    traced.unwrap_or_else(|panic| {
        Err(Untraced::Unclear {
            name: type_name::<T>().to_owned(),
            why: format!("its `Deserialize` {panic}"),
        })
    })
}

impl fmt::Display for Halt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Error for Halt {}

impl de::Error for Halt {
    fn custom<T: fmt::Display>(text: T) -> Self {
        Self(text.to_string())
    }
}

/// Where a value is asked for.
struct Probe<'t>(&'t mut Tracer);

impl Probe<'_> {
    fn plain(&mut self, name: &'static str) -> Result<(usize, usize), Halt> {
        self.0.meet(Key {
            reader: TypeId::of::<()>(),
            kind: Kind::Plain,
            style: Style::Unit,
            name,
            names: &[],
            len: 0,
        })?;
        Ok((self.0.attempt(), self.0.turn()))
    }

    /// The node of a type with parts, which its visitor tells from others.
    fn node<V>(&mut self, kind: Kind, style: Style, name: &'static str) -> Result<usize, Halt> {
        self.named_node::<V>(kind, style, name, &[], 0)
    }

    fn named_node<V>(
        &mut self,
        kind: Kind,
        style: Style,
        name: &'static str,
        names: &'static [&'static str],
        len: usize,
    ) -> Result<usize, Halt> {
        self.0.meet(Key {
            reader: typeid::of::<V>(),
            kind,
            style,
            name,
            names,
            len,
        })
    }

    /// A type of a known number of parts.
    fn parts<'de, V: Visitor<'de>>(
        self,
        node: usize,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        self.0.within(node, 0, |tracer| {
            visitor.visit_seq(Parts {
                tracer,
                slot: (node, 0, 0),
                left: len,
                repeats: false,
            })
        })
    }
}

/// A number, of which every type holds the values that are offered.
macro_rules! numbers {
    ($($deserialize:ident, $visit:ident, $ty:ident;)*) => {
        $(fn $deserialize<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
            let (attempt, turn) = self.plain(stringify!($ty))?;
            visitor.$visit($ty::from(samples::number(attempt, turn)))
        })*
    };
}

impl<'de> Deserializer<'de> for Probe<'_> {
    type Error = Halt;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Halt> {
        Err(self.0.refuse(ASKS))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Halt> {
        Err(self.0.refuse(SKIPS))
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, _visitor: V) -> Result<V::Value, Halt> {
        Err(self.0.refuse(BY_NAME))
    }

    numbers! {
        deserialize_u8, visit_u8, u8;
        deserialize_u16, visit_u16, u16;
        deserialize_u32, visit_u32, u32;
        deserialize_u64, visit_u64, u64;
        deserialize_u128, visit_u128, u128;
        deserialize_i16, visit_i16, i16;
        deserialize_i32, visit_i32, i32;
        deserialize_i64, visit_i64, i64;
        deserialize_i128, visit_i128, i128;
    }

    fn deserialize_i8<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let (attempt, turn) = self.plain("i8")?;
        visitor.visit_i8(samples::number(attempt, turn).cast_signed())
    }

    fn deserialize_f32<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let (attempt, turn) = self.plain("f32")?;
        visitor.visit_f32(samples::float(attempt, turn))
    }

    fn deserialize_f64<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let (attempt, turn) = self.plain("f64")?;
        visitor.visit_f64(samples::float(attempt, turn).into())
    }

    fn deserialize_bool<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let (attempt, _) = self.plain("bool")?;
        visitor.visit_bool(attempt % 2 == 1)
    }

    fn deserialize_char<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let (attempt, _) = self.plain("char")?;
        visitor.visit_char(samples::character(attempt))
    }

    fn deserialize_str<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let (attempt, _) = self.plain("string")?;
        visitor.visit_borrowed_str(samples::text(attempt))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        self.deserialize_str(visitor)
    }

    fn deserialize_bytes<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let (attempt, _) = self.plain("bytes")?;
        visitor.visit_borrowed_bytes(samples::bytes(attempt))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Halt> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_unit<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        self.plain("()")?;
        visitor.visit_unit()
    }

    fn deserialize_option<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let node = self.node::<V>(Kind::Option, Style::Newtype, "")?;
        if !self.0.enters(node) {
            return visitor.visit_none();
        }
        self.0.within(node, 0, |tracer| {
            tracer.part((node, 0, 0), None, |tracer| {
                visitor.visit_some(Probe(tracer))
            })
        })
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let node = self.node::<V>(Kind::Struct, Style::Unit, name)?;
        self.0.within(node, 0, |_| visitor.visit_unit())
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let node = self.node::<V>(Kind::Struct, Style::Newtype, name)?;
        self.0.within(node, 0, |tracer| {
            tracer.part((node, 0, 0), None, |tracer| {
                visitor.visit_newtype_struct(Probe(tracer))
            })
        })
    }

    fn deserialize_seq<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let node = self.node::<V>(Kind::List, Style::Tuple, "")?;
        let left = self.0.count(node);
        if left == 0 {
            return visitor.visit_seq(Parts::alike(self.0, node, 0));
        }
        self.0.within(node, 0, |tracer| {
            visitor.visit_seq(Parts::alike(tracer, node, left))
        })
    }

    fn deserialize_map<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value, Halt> {
        let node = self.node::<V>(Kind::Map, Style::Tuple, "")?;
        let left = self.0.count(node);
        if left == 0 {
            return visitor.visit_map(Parts::alike(self.0, node, 0));
        }
        self.0.within(node, 0, |tracer| {
            visitor.visit_map(Parts::alike(tracer, node, left))
        })
    }

    fn deserialize_tuple<V: Visitor<'de>>(
        mut self,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let node = self.named_node::<V>(Kind::Tuple, Style::Tuple, "", &[], len)?;
        self.parts(node, len, visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        len: usize,
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let node = self.named_node::<V>(Kind::Struct, Style::Tuple, name, &[], len)?;
        self.parts(node, len, visitor)
    }

    fn deserialize_struct<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let node = self.named_node::<V>(Kind::Struct, Style::Fields, name, fields, fields.len())?;
        self.parts(node, fields.len(), visitor)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        mut self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        let node = self.named_node::<V>(Kind::Enum, Style::Unit, name, variants, variants.len())?;
        let choice = self.0.choose(node)?;
        let mut looked_inside = false;
        let read = self.0.within(node, choice, |tracer| {
            visitor.visit_enum(Chosen {
                tracer,
                at: (node, choice),
                looked_inside: &mut looked_inside,
            })
        });
        // An error before the inside was looked at does not depend on it: the type has no use for this variant.
        if read.is_err() && !looked_inside && !self.0.is_settled() {
            self.0.never_reads(node, choice);
        }
        read
    }
}

/// The parts of a value, one after the other.
struct Parts<'t> {
    tracer: &'t mut Tracer,
    slot: Slot,
    left: usize,
    /// The elements of a list are all of one type.
    repeats: bool,
}

impl<'t> Parts<'t> {
    fn alike(tracer: &'t mut Tracer, node: usize, left: usize) -> Self {
        Self {
            tracer,
            slot: (node, 0, 0),
            left,
            repeats: true,
        }
    }

    fn read<'de, S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Halt> {
        let slot = self.slot;
        self.slot.2 += usize::from(!self.repeats);
        self.tracer
            .part(slot, Some(type_name::<S::Value>()), |tracer| {
                seed.deserialize(Probe(tracer))
            })
    }
}

impl<'de> SeqAccess<'de> for Parts<'_> {
    type Error = Halt;

    fn next_element_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Halt> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.read(seed).map(Some)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

impl<'de> MapAccess<'de> for Parts<'_> {
    type Error = Halt;

    fn next_key_seed<S: DeserializeSeed<'de>>(
        &mut self,
        seed: S,
    ) -> Result<Option<S::Value>, Halt> {
        if self.left == 0 {
            return Ok(None);
        }
        self.left -= 1;
        self.slot.2 = 0;
        self.read(seed).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Halt> {
        self.slot.2 = 1;
        self.read(seed)
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.left)
    }
}

/// A variant that has been chosen.
struct Chosen<'t> {
    tracer: &'t mut Tracer,
    at: (usize, usize),
    looked_inside: &'t mut bool,
}

impl<'de> EnumAccess<'de> for Chosen<'_> {
    type Error = Halt;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self), Halt> {
        let index = u32::try_from(self.at.1).map_err(de::Error::custom)?;
        let index: U32Deserializer<Halt> = index.into_deserializer();
        seed.deserialize(index).map(|variant| (variant, self))
    }
}

impl Chosen<'_> {
    fn parts<'de, V: Visitor<'de>>(self, len: usize, visitor: V) -> Result<V::Value, Halt> {
        visitor.visit_seq(Parts {
            tracer: self.tracer,
            slot: (self.at.0, self.at.1, 0),
            left: len,
            repeats: false,
        })
    }

    fn is(&mut self, style: Style, names: &'static [&'static str]) {
        *self.looked_inside = true;
        self.tracer.style(self.at, style, names);
    }
}

impl<'de> VariantAccess<'de> for Chosen<'_> {
    type Error = Halt;

    fn unit_variant(mut self) -> Result<(), Halt> {
        self.is(Style::Unit, &[]);
        Ok(())
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<S::Value, Halt> {
        self.is(Style::Newtype, &[]);
        let slot = (self.at.0, self.at.1, 0);
        self.tracer
            .part(slot, Some(type_name::<S::Value>()), |tracer| {
                seed.deserialize(Probe(tracer))
            })
    }

    fn tuple_variant<V: Visitor<'de>>(mut self, len: usize, visitor: V) -> Result<V::Value, Halt> {
        self.is(Style::Tuple, &[]);
        self.parts(len, visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        mut self,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Halt> {
        self.is(Style::Fields, fields);
        self.parts(fields.len(), visitor)
    }
}
