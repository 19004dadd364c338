//! Arrays as parts of messages: their blocks, and what is in them.

use bytemuck::Pod;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::element;
use super::frozen::FrozenArray;
use super::shared_array::SharedArray;
use crate::error::{Error, ErrorKind};
use crate::handle::is_made_up;

/// How an array is written: an array that is frozen is one of another block.
#[derive(Serialize)]
#[serde(rename = "SharedArray")]
struct Written<'a, M> {
    memory: &'a M,
    /// Blocks that others made say neither.
    elements: &'a str,
    shape: &'a [usize],
}

#[derive(Deserialize)]
#[serde(rename = "SharedArray")]
struct Read<M> {
    memory: M,
    elements: String,
    shape: Vec<usize>,
}

impl<T: Pod> Serialize for SharedArray<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write::<T, _, S>(self.memory(), self.shape(), serializer)
    }
}

impl<'de, T: Pod> Deserialize<'de> for SharedArray<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read::<T, _, _, D>(Self::from_memory, deserializer)
    }
}

/// Only within a call, a task's arguments or a result.
impl<T: Pod> Serialize for FrozenArray<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        write::<T, _, S>(self.memory(), self.shape(), serializer)
    }
}

impl<'de, T: Pod> Deserialize<'de> for FrozenArray<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        read::<T, _, _, D>(Self::from_memory, deserializer)
    }
}

fn write<T: Pod, M: Serialize, S: Serializer>(
    memory: &M,
    shape: &[usize],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    let elements = element::name::<T>();
    let written = Written {
        memory,
        elements,
        shape,
    };
    written.serialize(serializer)
}

fn read<'de, T: Pod, M: Deserialize<'de>, A, D: Deserializer<'de>>(
    array: impl FnOnce(M, Vec<usize>) -> Result<A, Error>,
    deserializer: D,
) -> Result<A, D::Error> {
    let read = Read::deserialize(deserializer)?;
    let array = if is_made_up() {
        // A type is traced: there are no blocks with room for anything.
        array(read.memory, vec![0])
    } else {
        check::<T>(&read.elements).and_then(|()| array(read.memory, read.shape))
    };
    array.map_err(D::Error::custom)
}

fn check<T: Pod>(elements: &str) -> Result<(), Error> {
    let expected = element::name::<T>();
    if elements == expected {
        return Ok(());
    }
    let text = format!("an array of {elements} arrived where one of {expected} was expected");
    Err(Error::new(ErrorKind::InvalidData, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::handle::made_up;
    use crate::shape::Shapes;

    #[test]
    fn an_array_is_traced_where_there_is_none() {
        let mut shapes = Shapes::default();
        made_up(|| shapes.of::<(SharedArray<f64>,), Vec<SharedArray<[u8; 3]>>>());
        let traced = (shapes.arguments, shapes.answer);
        assert!(matches!(traced, (Some(Ok(_)), Some(Ok(_)))), "{traced:?}");
        let mut shapes = Shapes::default();
        made_up(|| shapes.of::<(FrozenArray<f64>,), Option<FrozenArray<[u8; 3]>>>());
        let traced = (shapes.arguments, shapes.answer);
        assert!(matches!(traced, (Some(Ok(_)), Some(Ok(_)))), "{traced:?}");
    }
}
