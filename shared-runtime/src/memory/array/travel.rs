//! Arrays as parts of messages: their blocks, and what is in them.

use bytemuck::Pod;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::element;
use super::shared_array::SharedArray;
use crate::error::{Error, ErrorKind};
use crate::handle::is_made_up;
use crate::memory::SharedMemory;

/// How an array is written.
#[derive(Serialize)]
#[serde(rename = "SharedArray")]
struct Written<'a> {
    memory: &'a SharedMemory,
    /// Blocks that others made say neither.
    elements: &'a str,
    shape: &'a [usize],
}

#[derive(Deserialize)]
#[serde(rename = "SharedArray")]
struct Read {
    memory: SharedMemory,
    elements: String,
    shape: Vec<usize>,
}

impl<T: Pod> Serialize for SharedArray<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let written = Written {
            memory: self.memory(),
            elements: element::name::<T>(),
            shape: self.shape(),
        };
        written.serialize(serializer)
    }
}

impl<'de, T: Pod> Deserialize<'de> for SharedArray<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let read = Read::deserialize(deserializer)?;
        let array = if is_made_up() {
            // A type is traced: there are no blocks.
            Self::anonymous(1)
        } else {
            arrived(read)
        };
        array.map_err(D::Error::custom)
    }
}

fn arrived<T: Pod>(read: Read) -> Result<SharedArray<T>, Error> {
    if read.elements != element::name::<T>() {
        let text = format!(
            "an array of {} arrived where one of {} was expected",
            read.elements,
            element::name::<T>()
        );
        return Err(Error::new(ErrorKind::InvalidData, text));
    }
    SharedArray::from_memory(read.memory, read.shape)
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
    }
}
