//! What a record says beside its text: names with values, as `log` has them as key-values and `tracing` as fields.

use std::borrow::Cow;
use std::fmt;

use log::kv::{Error, Key, Value, VisitSource, VisitValue};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Field<'a> {
    #[serde(borrow)]
    pub(super) name: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) value: Scalar<'a>,
}

/// Numbers stay numbers; everything else comes as it is shown.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Scalar<'a> {
    Null,
    Bool(bool),
    I64(i64),
    U64(u64),
    I128(i128),
    U128(u128),
    F64(f64),
    #[serde(borrow)]
    Text(Cow<'a, str>),
    /// The `Debug` or `Display` text of something that is no text.
    #[serde(borrow)]
    Shown(Cow<'a, str>),
}

impl Scalar<'_> {
    pub(super) fn as_value(&self) -> Value<'_> {
        match self {
            Self::Null => Value::null(),
            Self::Bool(it) => Value::from(*it),
            Self::I64(it) => Value::from(*it),
            Self::U64(it) => Value::from(*it),
            Self::I128(it) => Value::from(*it),
            Self::U128(it) => Value::from(*it),
            Self::F64(it) => Value::from(*it),
            Self::Text(it) => Value::from(&**it),
            Self::Shown(it) => Value::from_dyn_display(it),
        }
    }
}

impl fmt::Display for Scalar<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_value().fmt(f)
    }
}

/// The key-values of a record of `log`.
pub(super) fn of_record(record: &log::Record<'_>) -> Vec<Field<'static>> {
    let mut gather = Gather(Vec::new());
    // A source that fails half-way has given what it had.
    let _ = record.key_values().visit(&mut gather);
    gather.0
}

struct Gather(Vec<Field<'static>>);

impl<'kvs> VisitSource<'kvs> for Gather {
    fn visit_pair(&mut self, key: Key<'kvs>, value: Value<'kvs>) -> Result<(), Error> {
        let mut read = Read(Scalar::Null);
        value.visit(&mut read)?;
        self.0.push(Field {
            name: Cow::Owned(key.as_str().to_owned()),
            value: read.0,
        });
        Ok(())
    }
}

struct Read(Scalar<'static>);

impl VisitValue<'_> for Read {
    fn visit_any(&mut self, value: Value<'_>) -> Result<(), Error> {
        self.0 = Scalar::Shown(Cow::Owned(value.to_string()));
        Ok(())
    }

    fn visit_null(&mut self) -> Result<(), Error> {
        self.0 = Scalar::Null;
        Ok(())
    }

    fn visit_u64(&mut self, value: u64) -> Result<(), Error> {
        self.0 = Scalar::U64(value);
        Ok(())
    }

    fn visit_i64(&mut self, value: i64) -> Result<(), Error> {
        self.0 = Scalar::I64(value);
        Ok(())
    }

    fn visit_u128(&mut self, value: u128) -> Result<(), Error> {
        self.0 = Scalar::U128(value);
        Ok(())
    }

    fn visit_i128(&mut self, value: i128) -> Result<(), Error> {
        self.0 = Scalar::I128(value);
        Ok(())
    }

    fn visit_f64(&mut self, value: f64) -> Result<(), Error> {
        self.0 = Scalar::F64(value);
        Ok(())
    }

    fn visit_bool(&mut self, value: bool) -> Result<(), Error> {
        self.0 = Scalar::Bool(value);
        Ok(())
    }

    fn visit_str(&mut self, value: &str) -> Result<(), Error> {
        self.0 = Scalar::Text(Cow::Owned(value.to_owned()));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_keep_their_kinds() {
        let shown = Some(1u8..3);
        let pairs = [
            ("flag", Value::from(true)),
            ("less", Value::from(-3i64)),
            ("more", Value::from(7u64)),
            ("much", Value::from(1u128 << 100)),
            ("part", Value::from(0.5)),
            ("text", Value::from("oak")),
            ("none", Value::null()),
            ("shown", Value::from_debug(&shown)),
        ];
        let record = log::Record::builder().key_values(&pairs).build();
        let fields = of_record(&record);
        let values: Vec<&Scalar<'_>> = fields.iter().map(|field| &field.value).collect();
        let expected = [
            Scalar::Bool(true),
            Scalar::I64(-3),
            Scalar::U64(7),
            Scalar::U128(1 << 100),
            Scalar::F64(0.5),
            Scalar::Text("oak".into()),
            Scalar::Null,
            Scalar::Shown("Some(1..3)".into()),
        ];
        assert_eq!(values, expected.iter().collect::<Vec<_>>());
        for ((name, value), field) in pairs.iter().zip(&fields) {
            assert_eq!(field.name, *name);
            assert_eq!(field.value.to_string(), value.to_string());
        }
    }
}
