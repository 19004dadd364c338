//! The first difference between two shapes, in words. One of the two tables comes from another process: nothing in it is
//! believed.

use std::collections::{HashSet, VecDeque};

use super::form::{Kind, Part, Shape, Style, Variant};
use super::probe::{HANDLE, WEAK_HANDLE};

/// The most pairs that are looked at: more than any two honest tables have.
const PAIRS: usize = 1 << 20;

/// What the tuple of all arguments is called.
pub(crate) const ARGUMENTS: &str = "the list of arguments";

/// Newtypes around a tuple struct that bears the name of an interface, and what to call them.
const HANDLES: [(&str, &str); 2] = [(HANDLE, "a handle"), (WEAK_HANDLE, "a weak handle")];

/// Where two shapes differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// With its verb: ``field `n` of `Order` is``.
    pub(crate) subject: String,
    pub(crate) ours: String,
    pub(crate) theirs: String,
}

impl Difference {
    fn new(subject: String, ours: impl Into<String>, theirs: impl Into<String>) -> Self {
        let (ours, theirs) = (ours.into(), theirs.into());
        Self {
            subject,
            ours,
            theirs,
        }
    }
}

/// A pair to be compared, and what it is called.
struct Pair {
    at: (u32, u32),
    place: String,
}

/// The first difference between the shape at `at.0` of `ours` and that at `at.1` of `theirs`, which are called `place`.
pub(crate) fn difference(
    ours: &[Shape],
    theirs: &[Shape],
    at: (u32, u32),
    place: &str,
) -> Option<Difference> {
    let mut seen = HashSet::from([at]);
    let mut next = VecDeque::from([Pair {
        at,
        place: place.to_owned(),
    }]);
    while let Some(pair) = next.pop_front() {
        let (Some(a), Some(b)) = (shape(ours, pair.at.0), shape(theirs, pair.at.1)) else {
            return Some(unknown(pair.place));
        };
        if let Some(difference) = heads(ours, theirs, &pair) {
            return Some(difference);
        }
        for (index, (variant, other)) in a.variants.iter().zip(&b.variants).enumerate() {
            if let Some(difference) = styles(a, variant, other) {
                return Some(difference);
            }
            for (number, (part, other)) in variant.parts.iter().zip(&other.parts).enumerate() {
                let place = part_name(a, index, number, &pair.place);
                match (part.shape, other.shape) {
                    (None, None) => {}
                    (Some(one), Some(two)) if seen.len() < PAIRS => {
                        if seen.insert((one, two)) {
                            let at = (one, two);
                            next.push_back(Pair { at, place });
                        }
                    }
                    _ => return Some(unknown(place)),
                }
            }
        }
    }
    None
}

fn shape(table: &[Shape], at: u32) -> Option<&Shape> {
    table.get(usize::try_from(at).ok()?)
}

fn unknown(place: String) -> Difference {
    Difference::new(format!("{place} is"), "known", "not known")
}

/// What two types are called, and which variants or fields they have.
fn heads(ours: &[Shape], theirs: &[Shape], pair: &Pair) -> Option<Difference> {
    let (a, b) = (shape(ours, pair.at.0)?, shape(theirs, pair.at.1)?);
    let same_form = a.kind == Kind::Enum || a.form() == b.form();
    let same_object = handle_to(ours, a) == handle_to(theirs, b);
    if (a.kind, &a.name) != (b.kind, &b.name) || !same_form || !same_object {
        let subject = format!("{} is", pair.place);
        let (one, two) = (text(ours, pair.at.0, 2), text(theirs, pair.at.1, 2));
        return Some(Difference::new(subject, one, two));
    }
    let names = |shape: &Shape| listed(shape.variants.iter().map(|variant| &*variant.name));
    if names(a) != names(b) {
        let subject = format!("the variants of `{}` are", a.name);
        return Some(Difference::new(subject, names(a), names(b)));
    }
    None
}

/// The interface of a handle.
fn handle_to<'a>(table: &'a [Shape], handle: &Shape) -> Option<&'a str> {
    let is_handle = HANDLES.iter().any(|(name, _)| *name == handle.name);
    let part = handle
        .variants
        .first()?
        .parts
        .first()
        .filter(|_| is_handle)?;
    shape(table, part.shape?).map(|object| &*object.name)
}

impl Shape {
    /// The style and the number of the parts of what is no enum.
    fn form(&self) -> Option<(Style, usize)> {
        let variant = self.variants.first()?;
        let counted = variant.style != Style::Fields;
        Some((variant.style, if counted { variant.parts.len() } else { 0 }))
    }
}

fn styles(owner: &Shape, ours: &Variant, theirs: &Variant) -> Option<Difference> {
    let name = owner_name(owner, ours);
    let fields = |variant: &Variant| listed(variant.parts.iter().map(|part| &*part.name));
    if (ours.style, theirs.style) == (Style::Fields, Style::Fields) {
        let subject = format!("the fields of {name} are");
        let (ours, theirs) = (fields(ours), fields(theirs));
        return (ours != theirs).then(|| Difference::new(subject, ours, theirs));
    }
    let form = |variant: &Variant| match (variant.style, variant.parts.len()) {
        (Style::Unit, _) => "nothing".to_owned(),
        (Style::Never, _) => "what is never read".to_owned(),
        (Style::Fields, _) => format!("the fields {}", fields(variant)),
        (Style::Newtype, _) => "one value".to_owned(),
        (Style::Tuple, count) => format!("a tuple of {count}"),
    };
    let (ours, theirs) = (form(ours), form(theirs));
    (ours != theirs).then(|| Difference::new(format!("{name} holds"), ours, theirs))
}

/// How a part is called in a sentence.
fn part_name(owner: &Shape, variant: usize, number: usize, place: &str) -> String {
    let variant = &owner.variants[variant];
    match (owner.kind, variant.style) {
        (Kind::Option, _) => format!("the value in {place}"),
        (Kind::List, _) => format!("an element of {place}"),
        (Kind::Map, _) if number == 0 => format!("a key of {place}"),
        (Kind::Map, _) => format!("a value of {place}"),
        (Kind::Tuple, _) if place == ARGUMENTS => format!("argument {}", number + 1),
        (Kind::Tuple, _) => format!("part {number} of {place}"),
        (Kind::Enum, Style::Newtype) if owner.name == "Result" => {
            format!("the `{}` of {place}", variant.name)
        }
        (_, Style::Fields) => {
            let Part { name, .. } = &variant.parts[number];
            format!("field `{name}` of {}", owner_name(owner, variant))
        }
        (_, Style::Newtype) => format!("the value in {}", owner_name(owner, variant)),
        _ => format!("field {number} of {}", owner_name(owner, variant)),
    }
}

fn owner_name(owner: &Shape, variant: &Variant) -> String {
    match owner.kind {
        Kind::Enum => format!("`{}::{}`", owner.name, variant.name),
        _ => format!("`{}`", owner.name),
    }
}

fn listed<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<String> = names.map(|name| format!("`{name}`")).collect();
    if names.is_empty() {
        return "none".to_owned();
    }
    names.join(", ")
}

/// A shape as it might be written, so many levels of it.
fn text(table: &[Shape], at: u32, depth: usize) -> String {
    let Some(Shape {
        kind,
        name,
        variants,
    }) = shape(table, at)
    else {
        return "…".to_owned();
    };
    let parts = || variants.iter().flat_map(|variant| &variant.parts);
    let inner = || {
        let part = |part: &Part| match (part.shape, depth) {
            (Some(at), 1..) => text(table, at, depth - 1),
            _ => "…".to_owned(),
        };
        let mut texts: Vec<String> = parts().take(6).map(part).collect();
        if parts().count() > 6 {
            texts.push("…".to_owned());
        }
        texts.join(", ")
    };
    let style = variants.first().map(|variant| variant.style);
    let handle = HANDLES.iter().find(|(handle, _)| handle == name);
    if let Some(((_, what), object)) =
        handle.zip(shape(table, at).and_then(|shape| handle_to(table, shape)))
    {
        return format!("{what} to `{object}`");
    }
    match (kind, style) {
        (Kind::Plain, _) => name.clone(),
        (Kind::Option, _) => format!("an Option<{}>", inner()),
        (Kind::List, _) => format!("a list of {}", inner()),
        (Kind::Map, _) => format!("a map of {}", inner()),
        (Kind::Tuple, _) => format!("({})", inner()),
        (Kind::Struct, Some(Style::Newtype | Style::Tuple)) => format!("`{name}({})`", inner()),
        (Kind::Struct | Kind::Enum, _) => format!("`{name}`"),
    }
}
