//! What was traced of the functions of an interface, in one table.

use std::collections::HashMap;

use super::form::{Part, Shape, Variant};
use super::graph::{Choice, Key, Node};
use super::tracer::Trace;

/// The shapes of an interface, each once.
#[derive(Debug, Default)]
pub(crate) struct Table {
    shapes: Vec<Shape>,
    places: HashMap<Key, u32>,
}

impl Table {
    /// The place of what was traced.
    pub(crate) fn add(&mut self, trace: &Trace) -> u32 {
        let places: Vec<u32> = trace.nodes.iter().map(|node| self.place(node)).collect();
        for (node, place) in trace.nodes.iter().zip(&places) {
            let shape = shape(node, &places);
            // The same type traced twice looks the same.
            self.shapes[*place as usize] = shape;
        }
        places[trace.root]
    }

    #[cfg(test)]
    pub(super) fn shapes_so_far(&self) -> usize {
        self.shapes.len()
    }

    pub(crate) fn into_shapes(self) -> Vec<Shape> {
        self.shapes
    }

    fn place(&mut self, node: &Node) -> u32 {
        *self.places.entry(node.key.clone()).or_insert_with(|| {
            self.shapes.push(Shape {
                kind: node.key.kind,
                name: String::new(),
                variants: Vec::new(),
            });
            u32::try_from(self.shapes.len() - 1).unwrap_or(u32::MAX)
        })
    }
}

fn shape(node: &Node, places: &[u32]) -> Shape {
    Shape {
        kind: node.key.kind,
        name: node.key.name.to_owned(),
        variants: node
            .choices
            .iter()
            .map(|choice| variant(choice, places))
            .collect(),
    }
}

fn variant(choice: &Choice, places: &[u32]) -> Variant {
    let count = choice.names.len().max(choice.slots.len());
    Variant {
        name: choice.name.to_owned(),
        style: choice.style,
        parts: (0..count)
            .map(|index| Part {
                name: choice.names.get(index).copied().unwrap_or("").to_owned(),
                shape: choice
                    .slots
                    .get(index)
                    .and_then(|node| Some(places[(*node)?])),
            })
            .collect(),
    }
}
